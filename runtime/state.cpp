// What is kept between calls: room for it, how much of it is used, and the way back.
//
// Invariant: only finish() of a call that succeeded makes a past longer; no past exceeds the room of any state.
// Read tests/driver/state_test.cpp.
#include <algorithm>
#include <cstring>
#include <functional>

#include "heed/runtime/bind.h"
#include "heed/runtime/error.h"

namespace heed {
namespace {

std::int32_t* counts(const AnyArray& past) { return static_cast<std::int32_t*>(past.view.data); }

}  // namespace

std::int64_t Arguments::told(const StateSpec& state) const {
  auto found = std::find_if(symbols_.begin(), symbols_.end(), [&](const Symbol& s) { return s.name == state.tokens; });
  return found == symbols_.end() ? 0 : found->extent;
}

void Arguments::begin(std::span<const Extent> extents) {
  std::string needed, unknown;
  auto list = [](std::string& text, std::string_view name) { text += (text.empty() ? "" : ", ") + std::string(name); };
  auto given = [&](std::string_view symbol) {
    return std::find_if(extents.begin(), extents.end(), [&](const Extent& e) { return e.symbol == symbol; });
  };
  std::vector<std::string> all;
  for (const StateSpec& state : signature_.states)
    for (const AxisSpec& axis : state.tensor.axes)
      if (axis.extent < 0 && std::find(all.begin(), all.end(), axis.symbol) == all.end()) all.push_back(axis.symbol);
  bool complete = true;
  for (const std::string& symbol : all) {
    list(needed, symbol);
    complete &= given(symbol) != extents.end();
  }
  for (const Extent& extent : extents) {
    if (std::find(all.begin(), all.end(), extent.symbol) == all.end()) list(unknown, extent.symbol);
    if (extent.extent < 0)
      throw Error("begin", "axis " + std::string(extent.symbol) + " has extent " + std::to_string(extent.extent),
                  "an extent is not negative", "give how much there is room for");
  }
  if (!complete || !unknown.empty())
    throw Error("begin", unknown.empty() ? std::to_string(extents.size()) + " extents" : "an extent of " + unknown,
                needed.empty() ? "the graph has no state of such an axis" : "the extents of " + needed + " are required",
                needed.empty() ? "begin({}), or none" : "begin({extent<Batch>(4), extent<Key>(1024)})");
  begun_ = false;
  for (Slot& slot : states_) {
    std::vector<std::int64_t> sizes;
    for (const AxisSpec& axis : slot.spec->axes)
      sizes.push_back(axis.extent < 0 ? given(axis.symbol)->extent : axis.extent);
    AnyArray room(slot.spec->dtype, sizes);
    std::memset(room.view.data, 0, std::size_t(byteSize(slot.spec->dtype, room.view.extents())));
    describe(slot, room.view, false);
    slot.given.memory = room.memory;
  }
  begun_ = true;
}

/// Whether an input has tokens of l before any has those of r.
bool Arguments::comesBefore(const StateSpec& l, const StateSpec& r) const {
  for (const TensorSpec& input : signature_.inputs)
    for (const AxisSpec& axis : input.axes)
      if (axis.symbol == l.tokens || axis.symbol == r.tokens) return axis.symbol == l.tokens;
  return false;
}

std::span<const std::int32_t> Arguments::past() const {
  std::size_t first = states_.size();
  for (std::size_t i = 0; begun_ && i < states_.size(); ++i)
    if (const StateSpec& state = signature_.states[i]; state.memory < 0)
      if (first == states_.size() || comesBefore(state, signature_.states[first])) first = i;
  if (first == states_.size()) return {};
  const AnyArray& past = states_[first].given;
  return {counts(past), static_cast<std::size_t>(past.view.size())};
}

void Arguments::rewind(std::span<const std::int32_t> lengths) {
  std::span<const std::int32_t> past = this->past();
  if (lengths.size() != past.size())
    throw Error("rewind", std::to_string(lengths.size()) + " lengths",
                std::to_string(past.size()) + " rows have a past", "give one length for each row");
  for (std::size_t row = 0; row < past.size(); ++row)
    if (lengths[row] < 0 || lengths[row] > past[row])
      throw Error("rewind", "row " + std::to_string(row) + " to " + std::to_string(lengths[row]) + " tokens",
                  "it has " + std::to_string(past[row]), "a length between 0 and the past");
  std::copy(lengths.begin(), lengths.end(), const_cast<std::int32_t*>(past.data()));
}

void Arguments::pad(std::span<const std::int32_t> counts) {
  std::span<const std::int32_t> past = this->past();
  if (counts.size() != past.size())
    throw Error("pad", std::to_string(counts.size()) + " counts", std::to_string(past.size()) + " rows have a past",
                "give one count for each row");
  for (std::size_t row = 0; row < past.size(); ++row)
    if (counts[row] < 0 || past[row] != 0)
      throw Error("pad", "row " + std::to_string(row) + " by " + std::to_string(counts[row]) + " tokens",
                  "its past is " + std::to_string(past[row]), "padding is not negative, and comes before all tokens");
  std::transform(counts.begin(), counts.end(), const_cast<std::int32_t*>(past.data()), std::negate());
}

std::int64_t Arguments::stateBytes() const {
  std::int64_t bytes = 0;
  for (const Slot& slot : states_)
    if (begun_) bytes += byteSize(slot.given.view.dtype, slot.given.view.extents());
  return bytes;
}

void Arguments::recall() {
  if (states_.empty()) return;
  if (!begun_)
    throw Error("states", "none has begun", "the graph remembers between calls",
                "begin({extent<Batch>(4), extent<Key>(1024)}) gives it room");
  for (const Slot& slot : states_) solve(slot, slot.given.view);
  for (std::size_t p = 0; p < states_.size(); ++p) {
    const StateSpec& past = signature_.states[p];
    if (past.memory >= 0) continue;
    const std::int64_t tokens = told(past), rows = states_[p].given.view.size();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const StateSpec& state = signature_.states[i];
      if (state.memory < 0 || state.tokens != past.tokens) continue;
      const std::int64_t room = states_[i].given.view.sizes[state.memory];
      for (std::int64_t row = 0; row < rows; ++row)
        if (const std::int64_t before = counts(states_[p].given)[row]; before + tokens > room)
          throw Error("state " + state.tensor.name,
                      "row " + std::to_string(row) + " has " + std::to_string(before) + " tokens, " +
                          std::to_string(tokens) + " more are given",
                      "axis " + state.tensor.axes[state.memory].name + " has room for " + std::to_string(room),
                      "begin with more room, or rewind");
    }
  }
}

void Arguments::advance() {
  for (std::size_t p = 0; p < states_.size(); ++p)
    if (const StateSpec& past = signature_.states[p]; past.memory < 0)
      for (std::int64_t row = 0; row < states_[p].given.view.size(); ++row)
        counts(states_[p].given)[row] += static_cast<std::int32_t>(told(past));
}

}  // namespace heed
