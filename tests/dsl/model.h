// The axes and the reading of tapes that the tests of the language share.
#pragma once

#include <string>
#include <vector>

#include "heed/dsl/dsl.h"
#include "heed/dsl/print.h"

namespace heed::test {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Mem : axis<"mem"> {};
struct Model : axis<"model", 512> {};
struct Heads : axis<"heads", 8> {};
struct Depth : part<Model, Heads, "depth"> {};
struct Hidden : axis<"hidden", 128> {};
struct Vocab : axis<"vocab", 1000> {};
struct Pos : axis<"pos", 64> {};

using X = Tensor<f32, Batch, Seq, Model>;

/// The lines of toText() without their places, inputs and parameters left out.
inline std::vector<std::string> body(const GraphView& graph) {
  std::vector<std::string> lines;
  for (const tape::Node& node : graph.nodes) {
    if (node.op == op::input || node.op == op::param) continue;
    tape::Node bare = node;
    bare.place = {};
    lines.push_back(toText(graph, bare));
  }
  return lines;
}

/// The first node that is `op`.
inline const tape::Node& first(const GraphView& graph, std::string_view op) {
  for (const tape::Node& node : graph.nodes)
    if (node.op == op) return node;
  return *graph.nodes.end();
}

inline std::string typeOf(const GraphView& graph, std::string_view op) {
  return lang::toText(*graph.values[first(graph, op).results.begin].type);
}

}  // namespace heed::test
