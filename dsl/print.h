// toText: a tape as text, one line per node, for people and for tests.
//
//   %6 = mul %4 %5 : f32[batch, heads, seq, key]   @attn model.cpp:12
//
// Invariant: it shows all that a node holds, so equal texts mean equal graphs.
// Read tests/dsl/tape_test.cpp.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

#include "heed/dsl/scope_path.h"
#include "heed/dsl/tape.h"

namespace heed {
namespace lang {

constexpr std::string_view nameOf(DType type) {
  switch (type) {
    case DType::i1:
      return "i1";
    case DType::i32:
      return "i32";
    case DType::f16:
      return "f16";
    case DType::bf16:
      return "bf16";
    case DType::f32:
      return "f32";
  }
  return "?";
}

inline std::string toText(const TypeInfo& type) {
  std::string text(nameOf(type.dtype));
  text += '[';
  for (std::uint32_t i = 0; i < type.rank; ++i) {
    if (i) text += ", ";
    text += type.axes[i]->name;
  }
  return text + ']';
}

inline void write(std::ostream& out, const tape::Attribute& attribute) {
  out << ' ' << attribute.name << '=';
  switch (attribute.kind) {
    case tape::Attribute::Kind::integer:
      out << attribute.integer;
      break;
    case tape::Attribute::Kind::real:
      out << attribute.real;
      break;
    case tape::Attribute::Kind::text:
      out << '"' << attribute.text << '"';
      break;
    case tape::Attribute::Kind::axis:
      out << attribute.axis->name;
      break;
  }
}

}  // namespace lang

/// One node. Its place is given without the folder.
inline std::string toText(const GraphView& graph, const tape::Node& node) {
  std::ostringstream out;
  for (std::uint32_t i = 0; i < node.results.count; ++i) out << (i ? ", %" : "%") << node.results.begin + i;
  out << (node.results.count ? " = " : "") << node.op;
  for (std::uint32_t i = 0; i < node.operands.count; ++i) out << " %" << graph.operands[node.operands.begin + i];
  for (std::uint32_t i = 0; i < node.attributes.count; ++i)
    lang::write(out, graph.attributes[node.attributes.begin + i]);
  for (std::uint32_t i = 0; i < node.results.count; ++i)
    out << (i ? ", " : " : ") << lang::toText(*graph.values[node.results.begin + i].type);
  if (std::string path = scopePath(graph, node.scope); !path.empty()) out << " @" << path;
  if (node.place.line) {
    std::string_view file = node.place.file;
    out << ' ' << file.substr(file.find_last_of('/') + 1) << ':' << node.place.line;
  }
  return out.str();
}

inline std::string toText(const GraphView& graph) {
  std::string text;
  for (const tape::Node& node : graph.nodes) text += toText(graph, node) + '\n';
  return text;
}

}  // namespace heed
