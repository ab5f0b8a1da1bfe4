// The checks, in the order a person would want to hear of them: how many, which type, which extents, which memory.
//
// Invariant: nothing of a view is dereferenced before all checks passed.
// Read tests/runtime/binding_test.cpp.
#include "heed/runtime/bind.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "heed/runtime/error.h"

namespace heed {
namespace {

std::string names(const std::vector<TensorSpec>& tensors) {
  std::string text;
  for (const TensorSpec& t : tensors) text += (text.empty() ? "" : ", ") + t.name;
  return text.empty() ? "none" : text;
}

void requireCount(const char* what, std::size_t given, const std::vector<TensorSpec>& tensors) {
  if (given != tensors.size())
    throw Error(what, std::to_string(given) + " given",
                std::to_string(tensors.size()) + " are required: " + names(tensors), "give them in this order");
}

bool needsPacking(const ArrayView& view) {
  if (view.rank == 0 || view.empty()) return false;
  for (int i = 0; i < view.rank; ++i)
    if (view.sizes[i] > 1 && view.strides[i] < 0) return true;
  return view.sizes[view.rank - 1] > 1 && view.strides[view.rank - 1] != 1;
}

/// True if each element surely has memory of its own: from the smallest stride up, every axis steps over the reach of
/// those before it.
bool elementsAreApart(const ArrayView& view) {
  std::int64_t reach = 0;
  std::uint32_t seen = 0;
  for (int step = 0; step < view.rank; ++step) {
    int next = -1;
    for (int i = 0; i < view.rank; ++i)
      if (!(seen >> i & 1) && (next < 0 || std::abs(view.strides[i]) < std::abs(view.strides[next]))) next = i;
    seen |= 1u << next;
    if (view.sizes[next] <= 1) continue;
    if (std::abs(view.strides[next]) <= reach) return false;
    reach += std::abs(view.strides[next]) * (view.sizes[next] - 1);
  }
  return true;
}

/// Strides of extents 0 and 1 may be anything: give them what a compact array has.
void writeDescriptor(std::int64_t* words, const ArrayView& view) {
  words[0] = words[1] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(view.data));
  words[2] = 0;
  std::int64_t compact = 1;
  for (int i = view.rank - 1; i >= 0; --i) {
    const std::int64_t stride = view.sizes[i] > 1 ? view.strides[i] : compact;
    words[3 + i] = view.sizes[i];
    words[3 + view.rank + i] = stride;
    compact = stride * std::max<std::int64_t>(view.sizes[i], 1);
  }
}

}  // namespace

Arguments::Arguments(const Signature& signature) : signature_(signature) {
  for (const TensorSpec& t : signature.inputs) addSlot(inputs_, t, false);
  for (const TensorSpec& t : signature.parameters) addSlot(parameters_, t, false);
  for (const StateSpec& s : signature.states) addSlot(states_, s.tensor, false);
  for (const TensorSpec& t : signature.results) addSlot(results_, t, true);
  unbound_ = parameters_.size();

  std::size_t count = 0;
  for (auto* slots : {&inputs_, &parameters_, &states_, &results_})
    for (const Slot& slot : *slots) count += 3 + 2 * slot.spec->axes.size();
  words_.resize(count);
  std::int64_t* next = words_.data();
  for (auto* slots : {&inputs_, &parameters_, &states_, &results_})
    for (Slot& slot : *slots) {
      slot.words = next;
      pointers_.push_back(next);
      next += 3 + 2 * slot.spec->axes.size();
    }
  // Behind all of them the packed forms, each as far from its parameter.
  pointers_.resize(2 * pointers_.size());
}

void Arguments::addSlot(std::vector<Slot>& slots, const TensorSpec& spec, bool result) {
  if (spec.rank() > abi::max_rank)
    throw Error(spec.name, std::to_string(spec.rank()) + " axes", "at most " + std::to_string(abi::max_rank),
                "merge some of them");
  Slot slot;
  slot.spec = &spec;
  for (const AxisSpec& axis : spec.axes) {
    slot.extents.push_back(axis.extent);
    if (axis.extent >= 0) {
      slot.symbols.push_back(-1);
      continue;
    }
    auto found = std::find_if(symbols_.begin(), symbols_.end(), [&](const Symbol& s) { return s.name == axis.symbol; });
    if (found == symbols_.end()) {
      if (result)
        throw Error("axis " + axis.name, "result " + spec.name + " has it, but no input and no parameter",
                    "a symbolic extent must come from an argument",
                    "add an argument with this axis, or give the axis a fixed extent");
      found = symbols_.insert(found, {axis.symbol});
    }
    slot.symbols.push_back(static_cast<int>(found - symbols_.begin()));
  }
  slots.push_back(std::move(slot));
}

void Arguments::checkType(const Slot& slot, const ArrayView& view) const {
  const TensorSpec& spec = *slot.spec;
  if (view.rank != spec.rank())
    throw Error(spec.name, "an array with " + std::to_string(view.rank) + " axes",
                std::to_string(spec.rank()) + " are required, " + toString(spec), "reshape it");
  if (view.dtype != spec.dtype)
    throw Error(spec.name, "elements of " + std::string(dtypeName(view.dtype)),
                std::string(dtypeName(spec.dtype)) + " is required",
                "give an array of that type, or bind(Weights{...}), which converts");
  byteSize(view.dtype, view.extents());
  for (int i = 0; i < view.rank; ++i)
    if (spec.axes[i].extent >= 0 && view.sizes[i] != spec.axes[i].extent)
      throw Error("extent mismatch on axis " + spec.axes[i].name, spec.name + " has " + std::to_string(view.sizes[i]),
                  "the graph fixes it to " + std::to_string(spec.axes[i].extent),
                  "reshape the array, or declare the axis without an extent");
}

void Arguments::solve(const Slot& slot, const ArrayView& view) {
  const TensorSpec& spec = *slot.spec;
  for (int i = 0; i < view.rank; ++i) {
    if (slot.symbols[i] < 0) continue;
    Symbol& symbol = symbols_[slot.symbols[i]];
    if (!symbol.first) {
      symbol.first = &spec;
      symbol.axis = i;
      symbol.extent = view.sizes[i];
    } else if (symbol.extent != view.sizes[i]) {
      const std::string& here = spec.axes[i].name;
      const std::string& there = symbol.first->axes[symbol.axis].name;
      const bool same = here == there;
      throw Error("extent mismatch on axis " + there,
                  symbol.first->name + " has " + std::to_string(symbol.extent) + ", " + spec.name + " has " +
                      std::to_string(view.sizes[i]) + (same ? "" : " on axis " + here),
                  same ? "one axis has one extent in a call" : there + " and " + here + " share one extent",
                  "check the shapes of " + symbol.first->name + " and " + spec.name);
    }
  }
}

void Arguments::describe(Slot& slot, const ArrayView& view, bool result) {
  slot.range = byteRange(view);
  slot.given.view = view;
  slot.scatter = false;
  if (!needsPacking(view)) {
    writeDescriptor(slot.words, view);
    return;
  }
  const std::int64_t size = byteSize(view.dtype, view.extents());
  if (size > slot.copy_bytes) {
    slot.copy.reset();
    slot.copy = alignedMemory(size);
    slot.copy_bytes = size;
  }
  const ArrayView dense(view.dtype, slot.copy.get(), view.extents());
  if (result)
    slot.scatter = true;
  else
    copyElements(view, dense);
  ++packed_;
  writeDescriptor(slot.words, dense);
}

void Arguments::bind(std::string_view parameter, const AnyArray& array) {
  for (Slot& slot : parameters_) {
    if (slot.spec->name != parameter) continue;
    checkType(slot, array.view);
    requireReadable(slot.spec->name, array.view);
    describe(slot, array.view, false);
    slot.given.memory = array.memory;
    unbound_ -= !slot.bound;
    slot.bound = true;
    slot.packed = std::make_shared<Packed>();
    unpacked_ = true;
    return;
  }
  throw Error("parameters", "unknown: " + std::string(parameter), "the graph has " + names(signature_.parameters),
              "check the spelling");
}

void Arguments::bindAll(std::span<const NamedArray> arrays) {
  std::string unknown, missing;
  auto list = [](std::string& text, const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (const auto& [name, array] : arrays)
    if (std::none_of(parameters_.begin(), parameters_.end(), [&](const Slot& s) { return s.spec->name == name; }))
      list(unknown, name);
  for (const Slot& slot : parameters_)
    if (std::none_of(arrays.begin(), arrays.end(), [&](const NamedArray& a) { return a.first == slot.spec->name; }))
      list(missing, slot.spec->name);
  if (!unknown.empty() || !missing.empty())
    throw Error("parameters",
                (missing.empty() ? "" : "missing: " + missing) + (missing.empty() || unknown.empty() ? "" : "; ") +
                    (unknown.empty() ? "" : "unknown: " + unknown),
                "the names given must be the names of the graph", "compare with toString(signature)");
  for (const auto& [name, array] : arrays) bind(name, array);
}

std::vector<NamedArray> Arguments::bound() const {
  std::vector<NamedArray> all;
  for (const Slot& slot : parameters_)
    if (slot.bound) all.emplace_back(slot.spec->name, slot.given);
  return all;
}

void Arguments::bindAs(const Arguments& other) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Slot& slot = other.parameters_[i];
    if (!slot.bound) continue;
    bind(slot.spec->name, slot.given);
    parameters_[i].packed = slot.packed;
  }
}

void Arguments::requireAllBound() const {
  if (unbound_ == 0) return;
  std::string missing;
  for (const Slot& slot : parameters_)
    if (!slot.bound) missing += (missing.empty() ? "" : ", ") + slot.spec->name;
  throw Error("parameters", "missing: " + missing, "all must be bound before a call", "bind(name, array)");
}

/// Where the first number is that is none of [0, end): its place in row-major order, or -1.
static std::int64_t firstOutside(const ArrayView& view, std::int64_t end) {
  std::int64_t at[abi::max_rank]{}, offset = 0;
  for (std::int64_t n = 0, size = view.size(); n < size; ++n) {
    const auto id = static_cast<const std::int32_t*>(view.data)[offset];
    if (id < 0 || id >= end) return n;
    for (int d = view.rank - 1; d >= 0; --d) {
      offset += view.strides[d];
      if (++at[d] < view.sizes[d]) break;
      offset -= view.strides[d] * view.sizes[d];
      at[d] = 0;
    }
  }
  return -1;
}

void Arguments::requireRows(const Slot& slot, const ArrayView& view) const {
  for (const auto& [table, rows] : slot.spec->tables) {
    const auto symbol = std::ranges::find(symbols_, rows.symbol, &Symbol::name);
    const std::int64_t end = rows.extent >= 0 || symbol == symbols_.end() ? rows.extent : symbol->extent;
    std::int64_t n = firstOutside(view, end), offset = 0;
    if (n < 0) continue;
    std::string place;
    for (int d = view.rank - 1; d >= 0; n /= view.sizes[d--]) {
      place = std::to_string(n % view.sizes[d]) + (place.empty() ? "" : ", ") + place;
      offset += n % view.sizes[d] * view.strides[d];
    }
    throw Error(slot.spec->name,
                std::to_string(static_cast<const std::int32_t*>(view.data)[offset]) + " at [" + place + "]",
                table + " has rows from 0 to " + std::to_string(end - 1) + " along " + rows.name,
                "check the ids: are they of this model's vocabulary?");
  }
}

void Arguments::inputs(std::span<const ArrayView> views) {
  requireCount("arguments", views.size(), signature_.inputs);
  requireAllBound();
  for (Symbol& symbol : symbols_) symbol.first = nullptr;
  for (std::size_t i = 0; i < views.size(); ++i) {
    checkType(inputs_[i], views[i]);
    solve(inputs_[i], views[i]);
  }
  for (const Slot& slot : parameters_) solve(slot, slot.given.view);
  recall();
  for (std::size_t i = 0; i < views.size(); ++i) {
    requireReadable(inputs_[i].spec->name, views[i]);
    requireRows(inputs_[i], views[i]);
  }
  for (std::size_t i = 0; i < views.size(); ++i) describe(inputs_[i], views[i], false);
  for (Slot& slot : results_)
    for (std::size_t a = 0; a < slot.symbols.size(); ++a)
      if (slot.symbols[a] >= 0) slot.extents[a] = symbols_[slot.symbols[a]].extent;
}

void Arguments::results(std::span<const ArrayView> views) {
  requireCount("results", views.size(), signature_.results);
  for (std::size_t i = 0; i < views.size(); ++i) {
    Slot& slot = results_[i];
    const ArrayView& view = views[i];
    checkType(slot, view);
    solve(slot, view);
    requireReadable(slot.spec->name, view);
    if (!view.empty() && !elementsAreApart(view))
      throw Error(slot.spec->name, "strides that give two elements one address",
                  "each element of a result needs memory of its own", "check the strides");
    const ByteRange range = byteRange(view);
    auto apart = [&](const Slot& other) {
      if (range.overlaps(other.range))
        throw Error(slot.spec->name, "it shares memory with " + other.spec->name, "a result needs memory of its own",
                    "give it another array");
    };
    std::for_each(inputs_.begin(), inputs_.end(), apart);
    std::for_each(parameters_.begin(), parameters_.end(), apart);
    std::for_each(states_.begin(), states_.end(), apart);
    std::for_each(results_.begin(), results_.begin() + i, apart);
    describe(slot, view, true);
  }
}

void Arguments::finish() {
  for (Slot& slot : results_)
    if (slot.scatter)
      copyElements(ArrayView(slot.given.view.dtype, slot.copy.get(), slot.given.view.extents()), slot.given.view);
  advance();
}

}  // namespace heed
