// Random attention: a formula with random axes, layouts, similarity, modifiers, masks and phrasing, and inputs for it.
//
// Invariant: one seed gives one formula, on every machine. Used by attention_property_test.cpp.
#pragma once

#include <map>
#include <random>
#include <string>

#include "heed/driver/sketch.h"
#include "heed/runtime/view.h"

namespace heed::test {

using Axis = Sketch::Axis;
using Axes = Sketch::Axes;

/// Distributions of the standard library differ between libraries; this one is ours.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::int64_t upTo(std::int64_t n) { return std::int64_t(engine_() % std::uint64_t(n + 1)); }  // 0..n
  bool chance(double p) { return uniform() < p; }
  double uniform() { return double(engine_() >> 11) * 0x1p-53; }
  double normal();
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[upTo(std::int64_t(from.size()) - 1)];
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[std::size_t(upTo(std::int64_t(i) - 1))]);
  }

 private:
  std::mt19937_64 engine_;
};

/// What an input is filled with.
enum class Fill { normal, small, length, document, width };

class RandomAttention {
 public:
  explicit RandomAttention(std::uint64_t seed);

  GraphView graph() const { return sketch_.view(); }
  const std::string& description() const { return description_; }

  /// Extents for one call, by symbol.
  std::map<std::string, std::int64_t> extents(Dice& dice) const;

  struct Input {
    std::string name;
    Fill fill;
    Sketch::Tensor tensor;
  };
  const std::vector<Input>& inputs() const { return inputs_; }
  AnyArray data(const Input& input, const std::map<std::string, std::int64_t>& extents, Dice& dice) const;
  /// Puts a NaN or an infinity among the queries: it must reach the results that the reference says, and no others.
  void strike(std::vector<AnyArray>& inputs, Dice& dice) const;
  /// Fills K and V of keys that padding hides from every query with NaN and infinities. Whether there are any.
  bool poison(std::vector<AnyArray>& inputs, Dice& dice) const;

 private:
  using Tensor = Sketch::Tensor;
  Tensor input(std::string name, Fill fill, Axes axes, bool shuffle = false);
  Axes some(const Axes& axes, double p);
  Tensor similarity();
  Tensor modified(Tensor scores);
  Tensor masked(Tensor scores);
  std::vector<Tensor> predicates();
  Tensor number(double v) { return sketch_.number(v); }
  Tensor op(std::string name, std::vector<Tensor> operands) { return sketch_.pointwise(std::move(name), operands); }
  void say(const std::string& what) { description_ += (description_.empty() ? "" : ", ") + what; }

  Dice dice_;
  Sketch sketch_;
  Axes outer_, queries_;
  Axis row_, key_, depth_, value_;
  std::vector<Input> inputs_;
  std::string description_;
  int padding_ = -1;  // the input of valid lengths that hides keys from all queries of an outer row
};

}  // namespace heed::test
