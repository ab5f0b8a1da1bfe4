#include "heed/driver/describe.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "heed/dsl/print.h"
#include "heed/dsl/words.h"
#include "heed/runtime/error.h"
#include "heed/runtime/view.h"

namespace heed {
namespace {

struct Row {
  double parameters = 0, bytes = 0, work = 0;
  std::string gives;  // the type of its last result
  bool used = false;
};

class Description {
 public:
  Description(const GraphView& graph, std::initializer_list<Extent> extents)
      : graph_(graph), extents_(extents), rows_(graph.scopes.size) {
    for (const Extent& extent : extents_)
      if (extent.extent < 1)
        throw Error("describe", std::string(extent.symbol) + " is " + std::to_string(extent.extent),
                    "an extent of at least 1 is required", "describe(graph, {extent<Axis>(n)})");
    for (const tape::Node& node : graph.nodes) add(node);
  }

  std::string text() const {
    std::vector<std::array<std::string, 5>> table{{"module", "gives", "parameters", "bytes", "operations"}};
    for (std::size_t scope = 0; scope < rows_.size(); ++scope) {
      const Row& row = rows_[scope];
      if (!row.used) continue;
      std::string name = scope == 0 ? std::string(graph_.name) : scopePath(graph_, std::uint32_t(scope));
      if (graph_.scopes[scope].count > 0) name += " x " + std::to_string(graph_.scopes[scope].count);
      table.push_back({name, row.gives, shown(row.parameters), shown(row.bytes), shown(row.work)});
    }
    std::array<std::size_t, 5> width{};
    for (const auto& line : table)
      for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], line[c].size());
    std::string text;
    for (const auto& line : table) {
      for (std::size_t c = 0; c < line.size(); ++c) {
        std::string space(width[c] - line[c].size(), ' ');
        text += (c ? "  " : "") + (c < 2 ? line[c] + space : space + line[c]);
      }
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n';
    }
    return text;
  }

 private:
  /// "1234", "12.3 k", "124 M": three digits that matter.
  static std::string shown(double number) {
    const char* units[] = {"", " k", " M", " G", " T", " P"};
    int unit = 0;
    for (; number >= 1e4 && unit < 5; number /= 1000) ++unit;
    char text[32];
    std::snprintf(text, sizeof text, unit && number < 100 ? "%.1f%s" : "%.0f%s", number, units[unit]);
    return text;
  }

  double extentOf(const AxisInfo& axis) const {
    if (axis.extent >= 0) return double(axis.extent);
    for (const Extent& extent : extents_)
      if (extent.symbol == axis.symbol) return double(extent.extent);
    throw Error("describe", "axis " + std::string(axis.name) + " has no extent", "one for " + std::string(axis.symbol),
                "describe(graph, {extent<Axis>(n)})");
  }
  double sizeOf(const TypeInfo& type) const {
    double size = 1;
    for (std::uint32_t i = 0; i < type.rank; ++i) size *= extentOf(*type.axes[i]);
    return size;
  }
  const TypeInfo& operand(const tape::Node& node, std::uint32_t i) const {
    return *graph_.values[graph_.operands[node.operands.begin + i]].type;
  }

  double workOf(const tape::Node& node) const {
    static constexpr std::string_view free[] = {op::input, op::param,  op::state,   op::past,  op::constant,
                                                op::index, op::rename, op::permute, op::along, op::split,
                                                op::merge, op::repeat, op::yield};
    if (!node.results.count || std::find(std::begin(free), std::end(free), node.op) != std::end(free)) return 0;
    double work = sizeOf(*graph_.values[node.results.begin].type);
    if (node.op == op::contract) {
      const TypeInfo &l = operand(node, 0), &r = operand(node, 1);
      work = 2 * sizeOf(l);
      for (std::uint32_t i = 0; i < r.rank; ++i)
        if (std::none_of(l.axes, l.axes + l.rank, [&](const AxisInfo* a) { return a->name == r.axes[i]->name; }))
          work *= extentOf(*r.axes[i]);
    } else if (node.operands.count == 1) {
      work = std::max(work, sizeOf(operand(node, 0)));  // a reduction reads more than it gives
    }
    return work;
  }

  void add(const tape::Node& node) {
    bool parameter = node.op == op::param, state = node.op == op::state;
    double copies = 1, size = parameter || state ? sizeOf(*graph_.values[node.results.begin].type) : 0;
    double bytes = size ? size * elementBytes(graph_.values[node.results.begin].type->dtype) : 0, work = workOf(node);
    // A parameter's scope is its own; its module's is the one above.
    std::int32_t scope = std::int32_t(node.scope);
    if (parameter || state) scope = graph_.scopes[std::size_t(scope)].parent;
    for (std::int32_t s = scope; s >= 0; s = graph_.scopes[std::size_t(s)].parent)
      copies *= std::max(1, graph_.scopes[std::size_t(s)].count);
    for (; scope >= 0; scope = graph_.scopes[std::size_t(scope)].parent) {
      Row& row = rows_[std::size_t(scope)];
      row.used = true;
      row.bytes += bytes * copies;
      row.work += work * copies;
      if (parameter) row.parameters += size * copies;
      if (work > 0) row.gives = lang::toText(*graph_.values[node.results.begin].type);
    }
  }

  const GraphView& graph_;
  std::initializer_list<Extent> extents_;
  std::vector<Row> rows_;
};

}  // namespace

std::string describe(const GraphView& graph, std::initializer_list<Extent> extents) {
  return Description(graph, extents).text();
}

}  // namespace heed
