// Lays out tables.
//
// Invariant: every cell of one array has one width.
// Read tests/runtime/print_test.cpp.
#include "heed/runtime/print.h"

#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "heed/runtime/element.h"

namespace heed {
namespace {

std::string cell(const ArrayView& view, std::int64_t offset, int decimals) {
  auto real = [&](float value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return std::string(text);
  };
  switch (view.dtype) {
    case DType::i1:
      return static_cast<const std::uint8_t*>(view.data)[offset] ? "true" : "false";
    case DType::i32:
      return std::to_string(static_cast<const std::int32_t*>(view.data)[offset]);
    case DType::f16:
      return real(static_cast<const float16*>(view.data)[offset]);
    case DType::bf16:
      return real(static_cast<const bfloat16*>(view.data)[offset]);
    case DType::f32:
      return real(static_cast<const float*>(view.data)[offset]);
  }
  return {};
}

/// The indices of an axis that are shown; -1 stands for those left out.
std::vector<std::int64_t> shown(std::int64_t extent, std::int64_t most) {
  std::vector<std::int64_t> list;
  const bool all = extent <= most;
  for (std::int64_t i = 0; i < (all ? extent : most / 2); ++i) list.push_back(i);
  if (all) return list;
  list.push_back(-1);
  for (std::int64_t i = extent - most / 2; i < extent; ++i) list.push_back(i);
  return list;
}

struct Printer {
  std::ostream& out;
  const ArrayView& view;
  std::span<const AxisSpec> axes;
  const PrintOptions& options;
  std::size_t width = 3;

  std::vector<std::int64_t> indices(int axis) const { return shown(view.sizes[axis], options.most); }

  template <class F>
  void cellsOf(int axis, std::int64_t offset, F&& f) const {
    if (axis == view.rank) return f(offset);
    for (std::int64_t i : indices(axis))
      if (i >= 0) cellsOf(axis + 1, offset + i * view.strides[axis], f);
  }
  void line(std::int64_t offset, int axis) {
    auto put = [&](const std::string& text) { out << "  " << std::string(width - text.size(), ' ') << text; };
    if (axis == view.rank) {
      put(cell(view, offset, options.decimals));
    } else {
      for (std::int64_t i : indices(axis))
        put(i < 0 ? "..." : cell(view, offset + i * view.strides[axis], options.decimals));
    }
    out << '\n';
  }
  void tables(int axis, std::int64_t offset, const std::string& heading) {
    if (view.rank - axis <= 1) return line(offset, axis);
    const bool rows = view.rank - axis == 2;
    for (std::int64_t i : indices(axis)) {
      if (i < 0) {
        out << "  ...\n";
      } else if (rows) {
        line(offset + i * view.strides[axis], axis + 1);
      } else {
        const std::string here = heading + (heading.empty() ? "" : ", ") + axes[axis].name + " " + std::to_string(i);
        if (view.rank - axis == 3) out << here << '\n';
        tables(axis + 1, offset + i * view.strides[axis], here);
      }
    }
  }
};

}  // namespace

void print(std::ostream& out, const ArrayView& view, std::span<const AxisSpec> axes, const PrintOptions& options) {
  out << dtypeName(view.dtype) << " [";
  for (int i = 0; i < view.rank; ++i) out << (i ? ", " : "") << axes[i].name << ' ' << view.sizes[i];
  out << "]\n";
  if (view.empty()) return;
  Printer printer{out, view, axes, options};
  printer.cellsOf(0, 0, [&](std::int64_t offset) {
    printer.width = std::max(printer.width, cell(view, offset, options.decimals).size());
  });
  printer.tables(0, 0, "");
}

}  // namespace heed
