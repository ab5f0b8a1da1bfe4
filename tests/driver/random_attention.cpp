#include "random_attention.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numbers>

namespace heed::test {

double Dice::normal() {
  double u = 1 - uniform(), v = uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

RandomAttention::RandomAttention(std::uint64_t seed) : dice_(seed) {
  if (dice_.chance(.6)) outer_.push_back(sketch_.axis("batch"));
  if (dice_.chance(.5)) outer_.push_back(sketch_.axis("heads", dice_.pick<std::int64_t>({-1, 2, 3})));
  if (dice_.chance(.25)) queries_.push_back(sketch_.axis("group", dice_.pick<std::int64_t>({-1, 2})));
  bool self = dice_.chance(.5);
  row_ = sketch_.axis("seq");
  key_ = sketch_.axis("key", -1, self ? "seq" : "key");
  depth_ = sketch_.axis("depth", dice_.pick<std::int64_t>({-1, 1, 3, 16, 24, 64}));
  value_ = dice_.chance(.1) ? nullptr : sketch_.axis("value", dice_.pick<std::int64_t>({-1, 1, 5, 16, 40, 64}));
  queries_.push_back(row_);
  if (self) say("self");

  Tensor scores = masked(modified(similarity()));
  Tensor weights = sketch_.over("softmax", {scores}, {key_});
  Axes v_axes = some(outer_, .85);
  v_axes.push_back(key_);
  if (value_) v_axes.push_back(value_);
  Tensor v = input("v", Fill::normal, v_axes, dice_.chance(.3));
  Tensor context = dice_.chance(.8) ? sketch_.over("contract", {weights, v}, {key_})
                                    : sketch_.over("contract", {v, weights}, {key_});
  std::vector<Tensor> results{context};
  if (dice_.chance(.2)) {
    say("lse");
    results.push_back(sketch_.over("logsumexp", {scores}, {key_}));
  }
  if (dice_.chance(.15)) {
    say("weights");
    results.push_back(weights);
    if (description_.find("additive mask") != std::string::npos) padding_ = -1;  // NaN - inf is no hidden weight
  }
  sketch_.results(results);
}

Axes RandomAttention::some(const Axes& axes, double p) {
  Axes kept;
  for (Axis a : axes)
    if (dice_.chance(p)) kept.push_back(a);
  return kept;
}

RandomAttention::Tensor RandomAttention::input(std::string name, Fill fill, Axes axes, bool shuffle) {
  if (shuffle) dice_.shuffle(axes);
  Tensor tensor = sketch_.input(name, fill == Fill::length || fill == Fill::document ? DType::i32 : DType::f32, axes);
  inputs_.push_back({std::move(name), fill, tensor});
  return tensor;
}

static Axes join(Axes a, const Axes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// s(i, j), before any modifier. The queries carry all outer axes, so that the scores do.
RandomAttention::Tensor RandomAttention::similarity() {
  bool shuffle = dice_.chance(.3);
  Axes q_axes = join(outer_, queries_), k_axes = join(some(outer_, .85), {key_});
  double kind = dice_.uniform();
  if (kind < .1) {
    say("pointwise kernel");
    Tensor d = op("sub", {sketch_.along(input("x", Fill::normal, q_axes), key_), input("xs", Fill::normal, {key_})});
    return op("mul", {op("mul", {d, d}), number(-.5)});
  }
  Tensor q = input("q", Fill::normal, join(q_axes, {depth_}), shuffle);
  Tensor k = input("k", Fill::normal, join(k_axes, {depth_}), shuffle);
  if (kind < .25) {
    say("additive");
    Tensor sum = op("add", {sketch_.along(q, key_), k});
    Tensor w = input("w", Fill::small, {depth_});
    return dice_.chance(.5) ? sketch_.over("contract", {op("tanh", {sum}), w}, {depth_})
                            : sketch_.over("contract", {w, op("tanh", {sum})}, {depth_});
  }
  if (kind < .4) {
    say("gaussian");
    Tensor d = op("sub", {sketch_.along(q, key_), k});
    return op("mul", {sketch_.over("sum", {op("mul", {d, d})}, {depth_}), number(-.125)});
  }
  double scale = 1 / std::sqrt(double(std::max<std::int64_t>(depth_->extent, 4)));
  Tensor c = number(scale);
  auto dot = [&](Tensor a, Tensor b) { return sketch_.over("contract", {a, b}, {depth_}); };
  switch (dice_.upTo(5)) {
    case 0:
      say("scale on q");
      return dot(op("mul", {q, c}), k);
    case 1:
      say("scale on k");
      return dot(q, op("mul", {c, k}));
    case 2:
      say("scale by division");
      return op("div", {dot(q, k), number(1 / scale)});
    case 3:
      say("keys first");
      return op("mul", {dot(k, q), c});
    case 4:
      say("sum of products");
      return op("mul", {sketch_.over("sum", {op("mul", {sketch_.along(q, key_), k})}, {depth_}), c});
    default:
      return op("mul", {c, dot(q, k)});
  }
}

RandomAttention::Tensor RandomAttention::modified(Tensor s) {
  Tensor i = sketch_.index(row_), j = sketch_.index(key_);
  if (dice_.chance(.2)) {
    say("alibi");
    Tensor slope = input("slope", Fill::small, some(outer_, .7));
    s = op("add", {s, op("mul", {sketch_.cast(op("sub", {j, i}), DType::f32), slope})});
  }
  if (dice_.chance(.2)) {
    say("softcap");
    s = op("mul", {op("tanh", {op("div", {s, number(5)})}), number(5)});
  }
  if (dice_.chance(.2)) {
    say("bias");
    s = op("add", {s, input("bias", Fill::normal, join(some(outer_, .3), {row_, key_}), dice_.chance(.3))});
  }
  if (dice_.chance(.1)) {
    say("key bias");
    s = op("add", {s, input("key_bias", Fill::normal, {key_})});
  }
  return s;
}

std::vector<RandomAttention::Tensor> RandomAttention::predicates() {
  Tensor i = sketch_.index(row_), j = sketch_.index(key_);
  std::vector<Tensor> all;
  if (dice_.chance(.35)) {
    say("causal");
    all.push_back(dice_.chance(.5) ? op("le", {j, i}) : op("ge", {i, j}));
  }
  if (dice_.chance(.2)) {
    say("window");
    all.push_back(op("lt", {op("sub", {i, j}), sketch_.number(double(1 + dice_.upTo(70)), DType::i32)}));
  }
  if (dice_.chance(.35)) {
    bool rows = dice_.chance(.25);
    say(rows ? "length per query" : "padding");
    Axes axes = some(outer_, .8);
    if (rows) axes.push_back(row_);
    all.push_back(op("lt", {j, input("valid", Fill::length, axes)}));
    if (!rows) padding_ = int(inputs_.size()) - 1;
  }
  if (dice_.chance(.15)) {
    say("documents");
    Axes axes = some(outer_, .5);
    Tensor of_row = input("row_document", Fill::document, join(axes, {row_}));
    Tensor of_key = input("key_document", Fill::document, join(axes, {key_}));
    all.push_back(op("eq", {of_row, of_key}));
  }
  if (dice_.chance(.1)) {
    say("prefix");
    Tensor prefix = sketch_.number(double(dice_.upTo(40)), DType::i32);
    all.push_back(op("or", {op("le", {j, i}), op("lt", {j, prefix})}));
  }
  dice_.shuffle(all);
  return all;
}

RandomAttention::Tensor RandomAttention::masked(Tensor s) {
  std::vector<Tensor> all = predicates();
  if (all.empty()) return s;
  bool finite = dice_.chance(.15);
  double fill = finite ? dice_.pick<double>({-1e4, -1e9, -1e12, -FLT_MAX}) : -INFINITY;
  if (finite) {
    say("finite fill");
    padding_ = -1;
  }
  if (dice_.chance(.3)) {
    say("nested masks");
    for (Tensor m : all) s = sketch_.where(m, s, fill);
    return s;
  }
  Tensor m = all[0];
  for (std::size_t n = 1; n < all.size(); ++n) m = op("and", {m, all[n]});
  if (dice_.chance(.2)) {
    say("mask inverted");
    return op("where", {op("not", {m}), number(fill), s});
  }
  if (!finite && dice_.chance(.2)) {
    say("additive mask");
    return op("add", {s, op("where", {m, number(0), number(fill)})});
  }
  return sketch_.where(m, s, fill);
}

std::map<std::string, std::int64_t> RandomAttention::extents(Dice& dice) const {
  auto length = [&] {
    return dice.pick<std::int64_t>({0, 1, 2, 5, 13, 16, 17, 31, 37, 63, 64, 65, 97, 127, 128, 129, 131, 200, 257, 300});
  };
  return {{"batch", dice.upTo(3)},
          {"heads", 1 + dice.upTo(2)},
          {"group", 1 + dice.upTo(2)},
          {"seq", length()},
          {"key", length()},
          {"depth", dice.pick<std::int64_t>({0, 1, 2, 8, 17, 32, 65})},
          {"value", dice.pick<std::int64_t>({0, 1, 7, 8, 19, 33})}};
}

AnyArray RandomAttention::data(const Input& input, const std::map<std::string, std::int64_t>& extents,
                               Dice& dice) const {
  std::vector<std::int64_t> sizes;
  for (Axis a : input.tensor.axes) sizes.push_back(a->extent >= 0 ? a->extent : extents.at(std::string(a->symbol)));
  AnyArray array(input.tensor.dtype, sizes);
  std::int64_t n = array.view.size(), keys = extents.at(std::string(key_->symbol));
  auto* reals = static_cast<float*>(array.view.data);
  auto* whole = static_cast<std::int32_t*>(array.view.data);
  std::int64_t innermost = sizes.empty() ? 1 : std::max<std::int64_t>(sizes.back(), 1);
  for (std::int64_t x = 0; x < n; ++x) switch (input.fill) {
      case Fill::normal:
        reals[x] = float(dice.normal());
        break;
      case Fill::small:
        reals[x] = float(dice.normal() * .2);
        break;
      case Fill::width:
        reals[x] = float(.5 + dice.uniform());
        break;
      case Fill::length:
        whole[x] = std::int32_t(dice.upTo(keys + 2));
        break;
      case Fill::document:
        whole[x] = std::int32_t((x % innermost) / 23);
        break;
    }
  return array;
}

static float notFinite(Dice& dice) { return dice.pick<float>({NAN, INFINITY, -INFINITY}); }

void RandomAttention::strike(std::vector<AnyArray>& inputs, Dice& dice) const {
  // By its formula NaN + -inf is NaN; as a mask that hides, it is hidden.
  if (description_.find("additive mask") != std::string::npos) return;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    std::int64_t size = inputs[n].view.size();
    if ((inputs_[n].name == "q" || inputs_[n].name == "x") && size > 0)
      static_cast<float*>(inputs[n].view.data)[dice.upTo(size - 1)] = notFinite(dice);
  }
}

bool RandomAttention::poison(std::vector<AnyArray>& inputs, Dice& dice) const {
  if (padding_ < 0) return false;
  const Axes& rows = inputs_[padding_].tensor.axes;
  const ArrayView& lengths = inputs[padding_].view;
  bool any = false;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const Axes& axes = inputs_[n].tensor.axes;
    if (inputs_[n].name != "k" && inputs_[n].name != "v" && inputs_[n].name != "xs") continue;
    ArrayView& view = inputs[n].view;
    std::vector<std::int64_t> at(axes.size());
    for (std::int64_t x = 0; x < view.size(); ++x) {
      std::int64_t key = 0, rest = x;
      for (std::size_t a = axes.size(); a-- > 0; rest /= view.sizes[a]) {
        at[a] = rest % view.sizes[a];
        if (axes[a] == key_) key = at[a];
      }
      // Visible if any outer row that shares this element sees the key.
      bool visible = false;
      for (std::int64_t r = 0; r < lengths.size() && !visible; ++r) {
        bool shares = true;
        std::int64_t rest = r;
        for (std::size_t a = rows.size(); a-- > 0; rest /= lengths.sizes[a])
          for (std::size_t b = 0; b < axes.size(); ++b)
            shares &= axes[b] != rows[a] || at[b] == rest % lengths.sizes[a];
        visible = shares && static_cast<const std::int32_t*>(lengths.data)[r] > key;
      }
      if (!visible) static_cast<float*>(view.data)[x] = notFinite(dice), any = true;
    }
  }
  return any;
}

}  // namespace heed::test
