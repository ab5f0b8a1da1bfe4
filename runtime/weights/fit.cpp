// Which tensor becomes which parameter, and everything that stands in the way, at once.
//
// Invariant: nothing is converted before everything is known to fit.
// Read tests/runtime/weights/fit_test.cpp.
#include <algorithm>
#include <map>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/convert.h"
#include "heed/runtime/weights/shape.h"
#include "heed/runtime/weights/weights.h"

namespace heed {
namespace {

constexpr std::size_t most_listed = 10;  // lines of all kinds

/// The lines of one kind of fault.
struct Faults {
  const char* kind;
  std::vector<std::string> lines{};
};

struct Stored {
  const std::string* name;  // in the file
  const Weight* weight;
  bool ignored;
  bool used = false;
};
/// By the graph's names.
using Renamed = std::map<std::string, Stored, std::less<>>;

struct Pair {
  const TensorSpec* spec;
  const Weight* weight;
  std::vector<std::int64_t> extents;
};

/// The extents of axes that mis-shaped tensors agree on.
struct Sizes {
  struct Size {
    const AxisSpec* axis;
    std::int64_t stored;
  };
  std::vector<Size> all{};

  void note(const Weight& weight, const TensorSpec& spec) {
    if (weight.shape.size() != spec.axes.size()) return;
    for (std::size_t i = 0; i < spec.axes.size(); ++i) {
      const AxisSpec& axis = spec.axes[i];
      if (axis.extent < 0 || axis.extent == weight.shape[i]) continue;
      const auto known = std::ranges::find(all, axis.symbol, [](const Size& s) { return s.axis->symbol; });
      if (known == all.end())
        all.push_back({&axis, weight.shape[i]});
      else if (known->stored != weight.shape[i])
        known->stored = -1;
    }
  }
  /// "model is 768, the graph has 64; vocab is 50257, the graph has 330".
  std::string text() const {
    std::string list;
    for (const auto& [axis, stored] : all)
      if (stored >= 0)
        list += (list.empty() ? "" : "; ") + axis->name + " is " + std::to_string(stored) + ", the graph has " +
                std::to_string(axis->extent);
    return list;
  }
};

std::string text(const Stored& stored) { return shown(*stored.name) + ", " + toString(*stored.weight); }

std::string published(const TensorSpec& spec, const Renaming& rename) {
  const std::string name = rename.back(spec.name);
  return (name == spec.name ? "" : shown(name) + " for ") + toString(spec);
}

Renamed renamed(const Weights& weights, const BindOptions& options, Faults& twice) {
  Renamed all;
  for (const auto& [name, weight] : weights) {
    const std::string to = options.rename(name);
    const Stored stored{&name, &weight, matchesAny(options.ignore, name) || matchesAny(options.ignore, to)};
    const auto [at, is_new] = all.try_emplace(to, stored);
    if (is_new || stored.ignored) continue;
    if (!at->second.ignored)
      twice.lines.push_back(shown(*at->second.name) + " and " + shown(name) + " to " + shown(to));
    at->second = stored;
  }
  return all;
}

/// The extents `stored` has as the parameter; a fault if its shape or type do not fit.
void pairUp(const TensorSpec& spec, Stored& stored, Faults& shaped, Faults& typed, Sizes& sizes,
            std::vector<Pair>& pairs) {
  stored.used = true;
  const Weight& weight = *stored.weight;
  const std::string both = text(stored) + "; the graph wants " + toString(spec);
  if (!converts(*weight.type, spec.dtype)) typed.lines.push_back(both);
  if (const auto extents = groupedExtents(weight.shape, spec.axes)) {
    pairs.push_back({&spec, &weight, *extents});
    return;
  }
  const std::vector<std::int64_t> reversed(weight.shape.rbegin(), weight.shape.rend());
  const bool transposed = groupedExtents(reversed, spec.axes).has_value();
  if (!transposed) sizes.note(weight, spec);
  shaped.lines.push_back(both + (transposed ? "; transposed it fits: declare its axes in the stored order" : ""));
}

/// What to try: another size of the model, or the prefix that one side seems to have and the other not.
std::string advice(const Faults& missing, const Faults& extra, const Sizes& sizes, const Renamed& all,
                   std::span<const TensorSpec> parameters) {
  if (const std::string others = sizes.text(); !others.empty()) return "weights of another size? " + others;
  if (!missing.lines.empty() && !extra.lines.empty())
    for (const TensorSpec& spec : parameters)
      for (const auto& [name, stored] : all) {
        if (stored.used || all.contains(spec.name)) continue;
        if (name.ends_with("." + spec.name))
          return ".rename = {{" + shown(name.substr(0, name.size() - spec.name.size())) + ", \"\"}}";
        if (spec.name.ends_with("." + name))
          return ".rename = {{\"*\", " + shown(spec.name.substr(0, spec.name.size() - name.size()) + "*") + "}}";
      }
  if (std::ranges::none_of(all, [](const auto& stored) { return stored.second.used; }))
    return "are these the weights of this model?";
  return "see rename, ignore and optional of BindOptions";
}

/// Each kind has its share of the lines.
[[noreturn]] void refuse(const Weights& weights, std::span<const Faults> all, std::string text) {
  std::string counts;
  std::size_t left = most_listed, more = 0;
  auto kinds = std::size_t(std::ranges::count_if(all, [](const Faults& f) { return !f.lines.empty(); }));
  for (const auto& [kind, lines] : all) {
    if (lines.empty()) continue;
    counts += (counts.empty() ? "" : ", ") + std::to_string(lines.size()) + " " + kind;
    const std::size_t listed = std::min(lines.size(), (left + kinds - 1) / kinds);
    for (std::size_t i = 0; i < listed; ++i) text += std::string("\n  ") + kind + ": " + lines[i];
    left -= listed, more += lines.size() - listed, --kinds;
  }
  if (more > 0) text += "\n  and " + std::to_string(more) + " more";
  throw Error(weights.source, counts, "each parameter needs a tensor of its name, shape and element type", text);
}

}  // namespace

std::vector<NamedArray> fit(const Weights& weights, std::span<const TensorSpec> parameters,
                            const BindOptions& options) {
  Faults missing{"missing"}, extra{"extra"}, shaped{"mis-shaped"}, typed{"mis-typed"}, twice{"renamed to one name"};
  Renamed all = renamed(weights, options, twice);
  Sizes sizes;
  std::vector<Pair> pairs;
  for (const TensorSpec& spec : parameters)
    if (const auto at = all.find(spec.name); at != all.end())
      pairUp(spec, at->second, shaped, typed, sizes, pairs);
    else if (!matchesAny(options.optional, spec.name))
      missing.lines.push_back(published(spec, options.rename));
  for (const auto& [name, stored] : all)
    if (!stored.used && !stored.ignored) extra.lines.push_back(text(stored));

  const Faults faults[] = {missing, extra, shaped, typed, twice};
  if (std::any_of(std::begin(faults), std::end(faults), [](const Faults& f) { return !f.lines.empty(); }))
    refuse(weights, faults, advice(missing, extra, sizes, all, parameters));

  std::vector<NamedArray> arrays;
  for (const auto& [spec, weight, extents] : pairs)
    arrays.emplace_back(spec->name, toArray(weights.source + ": " + spec->name, *weight, spec->dtype, extents));
  return arrays;
}

}  // namespace heed
