// The tape: a whole graph as flat plain data, the only thing that crosses from the language to the compiler.
//
// Invariant: a node's operands are values defined by earlier nodes; every range lies inside its pool.
// Read tests/dsl/tape_test.cpp for how a graph looks on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heed {

/// Raised whenever a struct below changes; the compiler refuses a tape of another version.
inline constexpr std::uint32_t tape_version = 2;

enum class DType : std::uint8_t { i1, i32, f16, bf16, f32 };

/// An axis. `extent` counts elements; -1 means it is bound at run time, equal for all axes of one `symbol`.
struct AxisInfo {
  std::string_view name;
  std::string_view symbol;
  std::int64_t extent = -1;
};

/// A tensor type: axes[0] is the outermost axis of the layout.
struct TypeInfo {
  DType dtype{};
  std::uint32_t rank = 0;
  const AxisInfo* const* axes = nullptr;
};

struct ValueInfo {
  const TypeInfo* type = nullptr;
};

/// What the tape is made of. A namespace of its own: users name their axes Node, Range and Place.
namespace tape {

struct Range {
  std::uint32_t begin = 0, count = 0;
};

/// Where the user wrote it.
struct Place {
  const char* file = "";
  std::uint32_t line = 0;
};

/// One named attribute. Several `axis` attributes of one name, in order, form a list.
struct Attribute {
  enum class Kind : std::uint8_t { integer, real, text, axis };
  std::string_view name;
  Kind kind{};
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
  const AxisInfo* axis = nullptr;
};

/// One step of a module path: scopes[0] is the root (empty field, parent -1). A step with count > 0 stands for
/// `count` copies: its path reads "layers.{i}" and names layers.0 ... layers.(count-1).
struct Scope {
  std::int32_t parent = -1;
  std::string_view field;
  std::int32_t count = 0;
};

/// One operation: `op` is a word of words.td (softmax, add, ...) or one of the structural names
///   input    no operand, one result; text attribute `name`
///   param    no operand, one result; its name is the path of its scope (the scope of the parameter itself)
///   state    the same for what is remembered between calls; axis attributes `memory`, `tokens`
///   past     no operand, one result: for each row, how many tokens along the axis attribute `tokens` came before
///   repeat   operands: first carries; results: the carries the body sees; integer attribute `count`.
///            The body is what follows, up to the matching
///   yield    operands: next carries; results: the carries after the last copy
///   return   operands: the results of the graph; one text attribute `name` per result
/// Attributes of the words: constant `value`; index, softmax, logsumexp, along, take `axis`; append `tokens`, `memory`; contract, sum, mean, amax,
/// amin `axes`; rename `from`, `to`; split `axis`, `parts`; merge `parts`, `axis`. The others have none.
struct Node {
  std::string_view op;
  Range operands;    // into GraphView::operands
  Range results;     // into GraphView::values
  Range attributes;  // into GraphView::attributes
  std::uint32_t scope = 0;
  Place place;
};

template <class T>
struct Pool {
  const T* data = nullptr;
  std::size_t size = 0;
  constexpr const T& operator[](std::size_t i) const { return data[i]; }
  constexpr const T* begin() const { return data; }
  constexpr const T* end() const { return data + size; }
};

}  // namespace tape

struct GraphView {
  std::uint32_t version = tape_version;
  std::string_view name;
  tape::Pool<tape::Node> nodes;
  tape::Pool<ValueInfo> values;
  tape::Pool<std::uint32_t> operands;  // ids into `values`
  tape::Pool<tape::Attribute> attributes;
  tape::Pool<tape::Scope> scopes;

  /// How many nodes are the word `op`.
  constexpr int count(std::string_view op) const {
    int n = 0;
    for (const tape::Node& node : nodes) n += node.op == op;
    return n;
  }
};

}  // namespace heed
