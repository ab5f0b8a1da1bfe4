// Tape: the graph while it is being traced, at compile time or at run time.
//
// Invariant: nodes are in program order, inputs first, then all parameters; Node::scope of a node that belongs to no
// module for sure has the `loose` bit until settleScopes() has found its place between its neighbours.
// Read tests/dsl/tape_test.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "heed/dsl/axis.h"
#include "heed/dsl/tape.h"
#include "heed/dsl/words.h"

namespace heed::lang {

inline constexpr std::uint32_t loose = 1u << 31;
inline constexpr std::uint32_t unbound = ~0u;

class Tape {
 public:
  using Ids = std::initializer_list<std::uint32_t>;
  using Types = std::initializer_list<const TypeInfo*>;
  using Attributes = std::initializer_list<Attribute>;

  std::vector<Node> nodes;
  std::vector<Value> values;
  std::vector<std::uint32_t> operands;
  std::vector<Attribute> attributes;
  std::vector<Scope> scopes;
  std::uint32_t scope = 0;        // of the nodes to come
  bool insideModule = false;      // whether they belong to `scope` for sure
  Place user;                     // the line that called into the shipped modules; line 0: none
  std::uint32_t firstParam = 0, paramCount = 0;

  constexpr Tape() { scopes.push_back({}); }

  /// Appends a node; returns the id of its first result.
  constexpr std::uint32_t add(std::string_view op, Ids ids, Attributes attributesOfNode, Types results, Place place) {
    Node node{op,
              {std::uint32_t(operands.size()), std::uint32_t(ids.size())},
              {std::uint32_t(values.size()), std::uint32_t(results.size())},
              {std::uint32_t(attributes.size()), std::uint32_t(attributesOfNode.size())},
              insideModule ? scope : scope | loose,
              user.line ? user : place};
    for (std::uint32_t id : ids) {
      if (id - firstParam < paramCount && !insideModule) node.scope = std::uint32_t(scopes[nodes[id].scope].parent);
      operands.push_back(id);
    }
    for (const Attribute& attribute : attributesOfNode) attributes.push_back(attribute);
    for (const TypeInfo* type : results) values.push_back({type});
    nodes.push_back(node);
    return node.results.begin;
  }

  constexpr std::uint32_t addScope(std::uint32_t parent, std::string_view field, std::int32_t count) {
    scopes.push_back({std::int32_t(parent), field, count});
    return std::uint32_t(scopes.size()) - 1;
  }

  constexpr std::uint32_t addParam(std::uint32_t scopeOfParam, const TypeInfo* type) {
    ++paramCount;
    std::uint32_t id = add(op::param, {}, {}, {type}, {});
    nodes.back().scope = scopeOfParam;
    return id;
  }

  /// A loose node lies in the innermost module that holds both its neighbours: between attn.v and attn.out is attn.
  constexpr void settleScopes() {
    std::uint32_t before = 0, after = 0;
    std::vector<std::uint32_t> previous;
    for (const Node& node : nodes) {
      if (node.op != op::param && !(node.scope & loose)) before = node.scope;
      previous.push_back(before);
    }
    for (std::size_t i = nodes.size(); i-- > 0;) {
      Node& node = nodes[i];
      if (node.op == op::param) continue;
      if (node.scope & loose)
        node.scope = holderOf(previous[i], after);
      else
        after = node.scope;
    }
  }

 private:
  // A scope is added after its parent, so the larger id is never the holder.
  constexpr std::uint32_t holderOf(std::uint32_t a, std::uint32_t b) const {
    while (a != b) (a > b ? a : b) = std::uint32_t(scopes[a > b ? a : b].parent);
    return a;
  }
};

/// While it lives, nodes are said to be at `place`, unless an outer one says where: for words made of words.
class UserLine {
 public:
  constexpr UserLine(Tape* tape, Place place) : tape_(tape), user_(tape ? tape->user : Place{}) {
    if (tape && !tape->user.line) tape->user = place;
  }
  constexpr ~UserLine() {
    if (tape_) tape_->user = user_;
  }
  UserLine(const UserLine&) = delete;
  UserLine& operator=(const UserLine&) = delete;

 private:
  Tape* tape_;
  Place user_;
};

/// While it lives, nodes belong to `scope` for sure and are said to be at `place`, unless an outer one says where.
class Inside {
 public:
  constexpr Inside(Tape& tape, std::uint32_t scope, Place place)
      : tape_(tape), scope_(tape.scope), sure_(tape.insideModule), user_(tape.user) {
    tape.scope = scope;
    tape.insideModule = true;
    if (!tape.user.line) tape.user = place;
  }
  constexpr ~Inside() {
    tape_.scope = scope_;
    tape_.insideModule = sure_;
    tape_.user = user_;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Tape& tape_;
  std::uint32_t scope_;
  bool sure_;
  Place user_;
};

template <class A>
constexpr Attribute axisAttribute(std::string_view name) {
  return {name, Attribute::Kind::axis, 0, 0, {}, &axisInfo<A>};
}
constexpr Attribute integerAttribute(std::string_view name, std::int64_t value) {
  return {name, Attribute::Kind::integer, value, 0, {}, nullptr};
}
constexpr Attribute realAttribute(std::string_view name, double value) {
  return {name, Attribute::Kind::real, 0, value, {}, nullptr};
}
constexpr Attribute textAttribute(std::string_view name, std::string_view text) {
  return {name, Attribute::Kind::text, 0, 0, text, nullptr};
}

}  // namespace heed::lang
