// Tape: the graph while it is being traced, at compile time or at run time.
//
// A function is traced twice: once to measure, when nothing is written and only the sizes are kept, and once into pools
// of those sizes.
// Invariant: nodes are in program order, inputs first, then all parameters; Node::scope of a node that belongs to no
// module for sure has the `loose` bit until settle() has found its place between its neighbours.
// Read tests/dsl/tape_test.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "heed/dsl/axis.h"
#include "heed/dsl/tape.h"
#include "heed/dsl/words.h"

namespace heed::lang {

inline constexpr std::uint32_t loose = 1u << 31;
inline constexpr std::uint32_t unbound = ~0u;
inline constexpr std::uint32_t rejected = ~1u;  // what a mistake gave that has been told
inline constexpr std::uint32_t measuringBit = 1u << 30;  // set in ids while measuring: a tensor of another graph has none

struct Sizes {
  std::uint32_t nodes = 0, values = 0, operands = 0, attributes = 0, scopes = 1;  // scopes[0] is the root
  std::uint32_t foreignAt = 0;  // the line where a tensor of no graph, or of another, was used; 1 if it is not known
  std::uint32_t largeAt = 0;    // the line of a number that its element type does not hold
};

class Tape {
 public:
  using Ids = std::initializer_list<std::uint32_t>;
  using Types = std::initializer_list<const TypeInfo*>;
  using Attributes = std::initializer_list<tape::Attribute>;

  Sizes size;
  std::uint32_t scope = 0;    // of the nodes to come
  bool insideModule = false;  // whether they belong to `scope` for sure
  tape::Place user;           // the line that called into the shipped modules; line 0: none
  std::uint32_t firstParam = 0;

  constexpr Tape() = default;  // measures
  constexpr Tape(tape::Node* n, ValueInfo* v, std::uint32_t* o, tape::Attribute* a, tape::Scope* s)
      : nodes_(n), values_(v), operands_(o), attributes_(a), scopes_(s) {}

  /// Appends a node; returns the id of its first result.
  constexpr std::uint32_t add(std::string_view op, Ids ids, Attributes attributes, Types results, tape::Place place) {
    if (nodes_) return write(op, ids, attributes, results, place);
    for (std::uint32_t id : ids)
      if (id - measuringBit >= size.values && id != rejected) size.foreignAt = place.line ? place.line : 1;
    ++size.nodes;
    size.operands += std::uint32_t(ids.size());
    size.attributes += std::uint32_t(attributes.size());
    return idOf((size.values += std::uint32_t(results.size())) - std::uint32_t(results.size()));
  }

  constexpr std::uint32_t idOf(std::uint32_t value) const { return nodes_ ? value : value + measuringBit; }

  constexpr std::uint32_t addScope(std::uint32_t parent, std::string_view field, std::int32_t count) {
    if (scopes_) scopes_[size.scopes] = {std::int32_t(parent), field, count};
    return size.scopes++;
  }

  /// A parameter or a state.
  constexpr std::uint32_t addParam(std::string_view op, std::uint32_t scopeOfParam, const TypeInfo* type,
                                   Attributes attributes) {
    std::uint32_t id = add(op, {}, attributes, {type}, {});
    if (nodes_) nodes_[size.nodes - 1].scope = scopeOfParam;
    ++paramCount_;
    return id;
  }

  /// A loose node lies in the innermost module that holds both its neighbours: between attn.v and attn.out is attn.
  /// A node that could not learn its line, !mask, is in the line of the next, which as a rule uses it.
  constexpr void settle() {
    if (!nodes_) return;
    std::uint32_t before = 0, after = 0;
    for (std::uint32_t i = 0; i < firstParam; ++i) nodes_[i].scope = 0;
    for (std::uint32_t i = firstParam + paramCount_; i < size.nodes; ++i)
      nodes_[i].scope& loose ? nodes_[i].scope |= before : before = nodes_[i].scope;
    tape::Place next;
    for (std::uint32_t i = size.nodes; i-- > firstParam + paramCount_;) {
      nodes_[i].scope& loose ? nodes_[i].scope = commonHolder(nodes_[i].scope & ~loose, after)
                             : after = nodes_[i].scope;
      nodes_[i].place.line ? next = nodes_[i].place : nodes_[i].place = next;
    }
  }

  /// The scope of the module that a parameter is a member of, or of the module `up` levels above it.
  constexpr std::uint32_t holder(std::uint32_t param, int up = 0) const {
    if (!nodes_) return 0;
    std::int32_t scope = scopes_[nodes_[param].scope].parent;
    for (; up > 0; --up) scope = scopes_[scope].parent;
    return std::uint32_t(scope);
  }

 private:
  constexpr std::uint32_t write(std::string_view op, Ids ids, Attributes attributes, Types results, tape::Place place) {
    tape::Node& node = nodes_[size.nodes++];
    node = {op,
            {size.operands, std::uint32_t(ids.size())},
            {size.values, std::uint32_t(results.size())},
            {size.attributes, std::uint32_t(attributes.size())},
            insideModule ? scope : loose,
            user.line ? user : place};
    for (std::uint32_t id : ids) {
      operands_[size.operands++] = id;
      if (!insideModule && isParam(id)) node.scope = holder(id);
    }
    for (const tape::Attribute& attribute : attributes) attributes_[size.attributes++] = attribute;
    for (const TypeInfo* type : results) values_[size.values++].type = type;
    return node.results.begin;
  }

  // Every input and parameter is a node with one result, and they come first: a parameter's id is its node's.
  constexpr bool isParam(std::uint32_t id) const { return id - firstParam < paramCount_; }

  // A scope is added after its parent, so the larger id is never the holder.
  constexpr std::uint32_t commonHolder(std::uint32_t a, std::uint32_t b) const {
    while (a != b) (a > b ? a : b) = std::uint32_t(scopes_[a > b ? a : b].parent);
    return a;
  }

  tape::Node* nodes_ = nullptr;
  ValueInfo* values_ = nullptr;
  std::uint32_t* operands_ = nullptr;
  tape::Attribute* attributes_ = nullptr;
  tape::Scope* scopes_ = nullptr;
  std::uint32_t paramCount_ = 0;
};

/// While it lives, nodes are said to be at `place`, unless an outer one says where: for words made of words.
class UserLine {
 public:
  constexpr UserLine(Tape* tape, tape::Place place) : tape_(tape), user_(tape ? tape->user : tape::Place{}) {
    if (tape && !tape->user.line) tape->user = place;
  }
  constexpr ~UserLine() {
    if (tape_) tape_->user = user_;
  }
  UserLine(const UserLine&) = delete;
  UserLine& operator=(const UserLine&) = delete;

 private:
  Tape* tape_;
  tape::Place user_;
};

/// While it lives, nodes belong to `scope` for sure and are said to be at `place`, unless an outer one says where.
class Inside {
 public:
  constexpr Inside(Tape& tape, std::uint32_t scope, tape::Place place, bool sure = true) : Inside(&tape, place) {
    tape.scope = scope;
    tape.insideModule = sure;
  }
  /// In the module that `parameter` is a member of, or `up` levels above it.
  template <class Parameter>
  constexpr Inside(const Parameter& parameter, tape::Place place, int up = 0) : Inside(parameter.tape, place) {
    if (!tape_) return;
    tape_->scope = tape_->holder(parameter.id, up);
    tape_->insideModule = true;
  }
  constexpr ~Inside() {
    if (!tape_) return;
    tape_->scope = scope_;
    tape_->insideModule = sure_;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  constexpr Inside(Tape* tape, tape::Place place)
      : line_(tape, place), tape_(tape), scope_(tape ? tape->scope : 0), sure_(tape && tape->insideModule) {}

  UserLine line_;
  Tape* tape_;
  std::uint32_t scope_;
  bool sure_;
};

template <class A>
constexpr tape::Attribute axisAttribute(std::string_view name) {
  return {name, tape::Attribute::Kind::axis, 0, 0, {}, &axisInfo<A>};
}
constexpr tape::Attribute integerAttribute(std::string_view name, std::int64_t value) {
  return {name, tape::Attribute::Kind::integer, value, 0, {}, nullptr};
}
constexpr tape::Attribute realAttribute(std::string_view name, double value) {
  return {name, tape::Attribute::Kind::real, 0, value, {}, nullptr};
}
constexpr tape::Attribute textAttribute(std::string_view name, std::string_view text) {
  return {name, tape::Attribute::Kind::text, 0, 0, text, nullptr};
}

}  // namespace heed::lang
