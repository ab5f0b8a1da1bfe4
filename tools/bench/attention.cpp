// attention and attention-decode: one attention formula. Read passes/README.md for what becomes of it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays.h"
#include "attention_shape.h"
#include "eager.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/error.h"
#include "workload.h"

namespace heed::bench {
namespace {

using Tensor = Sketch::Tensor;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The formula of a shape, and the arrays that it takes in order.
struct Formula {
  AttentionShape s;
  Mask mask;
  DType dtype;
  Sketch sketch;
  std::vector<AnyArray> inputs;  // q, k and v come first; then w of additive scores

  explicit Formula(const AttentionShape& shape) : s(shape), mask(shape), dtype(dtypeOf(shape.dtype)) {
    auto batch = sketch.axis("batch"), heads = sketch.axis("heads"), groups = sketch.axis("group", s.group()),
         seq = sketch.axis("seq"), key = sketch.axis("key"), depth = sketch.axis("depth", s.depth),
         value = sketch.axis("value", s.depth);
    Sketch::Axes q_axes{batch, heads, seq, depth}, head_axes{heads};
    std::vector<std::int64_t> q_sizes{s.batch, s.kv_heads, s.seq, s.depth}, head_sizes{s.kv_heads},
        kv_sizes{s.batch, s.kv_heads, s.kv_seq, s.depth};
    if (s.group() > 1) {
      q_axes.insert(q_axes.begin() + 2, groups);
      q_sizes.insert(q_sizes.begin() + 2, s.group());
      head_axes.push_back(groups);
      head_sizes.push_back(s.group());
    }
    Tensor q = input("q", q_axes, q_sizes), k = input("k", {batch, heads, key, depth}, kv_sizes),
           v = input("v", {batch, heads, key, value}, kv_sizes);
    Tensor scores = scored(q, k, key, depth);
    Tensor j = sketch.index(key), i = sketch.index(seq);
    if (mask.shift) i = sketch.pointwise("add", {i, sketch.number(double(mask.shift), DType::i32)});
    if (mask.kind == "softcap") {
      Tensor bent = sketch.pointwise("tanh", {sketch.pointwise("mul", {scores, number(1 / mask.cap)})});
      scores = sketch.pointwise("mul", {bent, number(mask.cap)});
    }
    if (mask.kind == "alibi") {
      Tensor slope = sketch.input("slope", dtype, head_axes);
      AnyArray slopes(dtype, head_sizes);
      for (std::int64_t h = 0; h < s.heads; ++h) put(slopes.view, h, slopeOf(h, s.heads));
      inputs.push_back(slopes);
      Tensor distance = sketch.cast(sketch.pointwise("sub", {j, i}), dtype);
      scores = sketch.pointwise("add", {scores, sketch.pointwise("mul", {distance, slope})});
    }
    if (mask.kind == "causal" || mask.kind == "alibi") scores = hide(scores, sketch.pointwise("le", {j, i}));
    if (mask.kind == "window") {
      Tensor behind = sketch.pointwise("sub", {i, j});
      Tensor near = sketch.pointwise("lt", {behind, sketch.number(double(mask.window), DType::i32)});
      scores = hide(scores, sketch.pointwise("and", {sketch.pointwise("le", {j, i}), near}));
    }
    if (mask.kind == "padding") {
      scores = hide(scores, sketch.pointwise("lt", {j, sketch.input("valid", DType::i32, {batch})}));
      inputs.push_back(whole(mask.valid, {s.batch}));
    }
    if (mask.kind == "document") {
      Tensor of_query = sketch.input("query_document", DType::i32, {seq}),
             of_key = sketch.input("key_document", DType::i32, {key});
      scores = hide(scores, sketch.pointwise("eq", {of_query, of_key}));
      inputs.push_back(whole(std::span(mask.documents).subspan(std::size_t(mask.shift)), {s.seq}));
      inputs.push_back(whole(mask.documents, {s.kv_seq}));
    }
    sketch.results({sketch.over("contract", {sketch.over("softmax", {scores}, {key}), v}, {key})});
  }

  Tensor input(const char* name, Sketch::Axes axes, const std::vector<std::int64_t>& sizes, double scale = 1) {
    inputs.push_back(normal(dtype, sizes, inputs.size() + 1, scale));
    return sketch.input(name, dtype, std::move(axes));
  }
  Tensor number(double x) { return sketch.number(x, dtype); }
  Tensor hide(Tensor scores, Tensor visible) { return sketch.pointwise("where", {visible, scores, number(-infinity)}); }

  /// q . k / sqrt(depth), w . tanh(q + k), or -|q - k|^2 / 2 depth.
  Tensor scored(Tensor q, Tensor k, Sketch::Axis key, Sketch::Axis depth) {
    if (s.score == "dot")
      return sketch.pointwise("mul",
                              {sketch.over("contract", {q, k}, {depth}), number(1 / std::sqrt(double(s.depth)))});
    Tensor spread = sketch.along(q, key);
    if (s.score == "additive") {
      Tensor w = input("w", {depth}, {s.depth}, 0.25);
      return sketch.over("contract", {sketch.pointwise("tanh", {sketch.pointwise("add", {spread, k})}), w}, {depth});
    }
    Tensor apart = sketch.pointwise("sub", {spread, k});
    Tensor square = sketch.over("sum", {sketch.pointwise("mul", {apart, apart})}, {depth});
    return sketch.pointwise("mul", {square, number(-0.5 / double(s.depth))});
  }

  double score(const std::vector<double>& q, const std::vector<double>& k) const {
    double sum = 0;
    for (std::size_t d = 0; d < q.size(); ++d)
      sum += s.score == "dot"        ? q[d] * k[d]
             : s.score == "additive" ? get(inputs[3].view, std::int64_t(d)) * std::tanh(q[d] + k[d])
                                     : (q[d] - k[d]) * (q[d] - k[d]);
    return s.score == "dot"        ? sum / std::sqrt(double(s.depth))
           : s.score == "additive" ? sum
                                   : sum * -0.5 / double(s.depth);
  }

  /// The largest error of some rows against f64, relative to the largest |v|.
  Deviation errorOf(const ArrayView& out) const {
    const ArrayView &q = inputs[0].view, &k = inputs[1].view, &v = inputs[2].view;
    auto row = [&](const ArrayView& x, std::int64_t at) {
      std::vector<double> numbers;
      for (std::int64_t d = 0; d < s.depth; ++d) numbers.push_back(get(x, at * s.depth + d));
      return numbers;
    };
    Deviation worst;
    double largest = 0;
    for (std::int64_t e = 0, n = v.size(), step = std::max<std::int64_t>(n / 1000003, 1); e < n; e += step)
      largest = std::max(largest, std::fabs(get(v, e)));
    std::int64_t rows = s.batch * s.heads * s.seq;
    // About 2^27 products are looked at.
    auto checked = std::clamp<std::int64_t>((std::int64_t{1} << 26) / (s.kv_seq * s.depth), 3, 509);
    for (std::int64_t n = 0; n < std::min(rows, checked); ++n) {
      std::int64_t r = rows <= checked ? n : n * (rows - 1) / (checked - 1);
      std::int64_t i = r % s.seq, h = r / s.seq % s.heads, b = r / s.seq / s.heads;
      std::int64_t kv = (b * s.kv_heads + h / s.group()) * s.kv_seq;
      std::vector<double> query = row(q, r), p(std::size_t(s.kv_seq), -infinity), sum(std::size_t(s.depth), 0.);
      double most = -infinity, total = 0;
      for (std::int64_t j = 0; j < s.kv_seq; ++j) {
        if (!mask.visible(b, i, j)) continue;
        double x = score(query, row(k, kv + j));
        if (mask.kind == "softcap") x = mask.cap * std::tanh(x / mask.cap);
        if (mask.kind == "alibi") x += slopeOf(h, s.heads) * double(j - i - mask.shift);
        p[std::size_t(j)] = x;
        most = std::max(most, x);
      }
      for (std::int64_t j = 0; j < s.kv_seq; ++j) {
        if (p[std::size_t(j)] == -infinity) continue;
        double weight = std::exp(p[std::size_t(j)] - most);
        total += weight;
        for (std::int64_t d = 0; d < s.depth; ++d) sum[std::size_t(d)] += weight * get(v, (kv + j) * s.depth + d);
      }
      for (std::int64_t d = 0; d < s.depth; ++d) {
        double error = std::fabs((total > 0 ? sum[std::size_t(d)] / total : 0) - get(out, r * s.depth + d));
        worst.meet(error, r * s.depth + d);
      }
    }
    worst.size /= largest;
    return worst;
  }
};

void check(AttentionShape& s) {
  if (s.kv_heads == 0) s.kv_heads = s.heads;
  if (s.kv_seq == 0) s.kv_seq = s.seq;
  if (s.heads % s.kv_heads)
    throw Error("--kv-heads", "\"" + std::to_string(s.kv_heads) + "\" was given",
                "must divide --heads=" + std::to_string(s.heads));
  bool positions = s.mask != "none" && s.mask != "padding" && s.kind() != "softcap";
  if (s.kv_seq < s.seq && positions)
    throw Error("--kv-seq", "\"" + std::to_string(s.kv_seq) + "\" was given",
                "must be at least --seq=" + std::to_string(s.seq) + " under --mask=" + s.mask);
  if (s.against == "eager" && (s.mask != "none" || s.group() > 1 || s.dtype != "f32"))
    throw Error("--against", "\"eager\" was given",
                "--mask=none, --dtype=f32 and one query head per key head are required");
  double element = s.dtype == "f32" ? 4 : 2, rows = double(s.batch) * double(s.depth);
  double eager = s.against == "eager" ? 4 * double(s.batch) * double(s.heads) * double(s.seq) * double(s.kv_seq) *
                                            (s.score == "dot" ? 2 : 2 + double(s.depth))
                                      : 0;
  requireMemory("heed-bench attention",
                2 * element * rows * (double(s.heads) * double(s.seq) + double(s.kv_heads) * double(s.kv_seq)) + eager);
}

Workload make(AttentionShape s, const Settings& settings, const char* name, bool decode) {
  check(s);
  auto formula = std::make_shared<Formula>(s);
  Workload w;
  w.name = name;
  w.shape =
      Fields{{"dtype", s.dtype},       {"mask", s.mask}, {"score", s.score},   {"batch", s.batch}, {"heads", s.heads},
             {"kv_heads", s.kv_heads}, {"seq", s.seq},   {"kv_seq", s.kv_seq}, {"depth", s.depth}};
  w.executable = compile(formula->sketch.view(), settings.options);
  w.inputs = formula->inputs;
  // Per pair and number of a head: a product and a sum for the score, the same for v. The sum that tanh takes and the
  // difference that is squared fill the place of a multiply-add and count as one.
  double per_pair = s.score == "dot" ? 4 : 6;
  w.flops = per_pair * formula->mask.pairs() * double(s.heads * s.depth);
  w.limit = decode ? Limit::read : productsOf(s.dtype, settings);
  w.traffic = {w.inputs[1].view, w.inputs[2].view};
  w.bytes = bytesOf(w.traffic[0]) + bytesOf(w.traffic[1]);
  w.error = [formula](Runner& runner) { return formula->errorOf(runner.run(viewsOf(formula->inputs))[0].view); };
  w.tolerance = s.dtype == "f32" ? 1e-5 : epsilonOf(dtypeOf(s.dtype));
  // A score moves by so much of |q| |k| / sqrt(depth), which of normal numbers is about sqrt(depth); its weight, and
  // the sum of all, by as much; then weights and values are rounded.
  if (s.dtype == "f32" && inTf32(settings)) w.tolerance += tf32Product * (2 * std::sqrt(double(s.depth)) + 1);
  if (s.against == "eager") {
    w.rival_name = "eager";
    w.rival = eagerAttention(s, w.inputs, settings.options);
  }
  return w;
}

void extents(AttentionShape& s, Flags& flags) {
  flags.number("--batch", s.batch, "sequences");
  flags.number("--heads", s.heads, "query heads");
  flags.number("--kv-heads", s.kv_heads, "heads of keys and values", 1, s.kv_heads ? "" : "--heads");
  flags.number("--seq", s.seq, "queries");
  flags.number("--kv-seq", s.kv_seq, "keys", 1, s.kv_seq ? "" : "--seq");
  flags.number("--depth", s.depth, "numbers per head");
  flags.choice("--dtype", s.dtype, {"f32", "bf16", "f16"}, "of queries, keys, values and the result");
}

void options(AttentionShape& s, Flags& flags) {
  extents(s, flags);
  flags.choice("--mask", s.mask, {"none", "causal", "window:", "padding", "alibi", "document", "softcap", "softcap:"},
               "who sees whom, and what becomes of scores");
  flags.choice("--score", s.score, {"dot", "additive", "gaussian"}, "of a query and a key");
  flags.choice("--against", s.against, {"none", "eager"}, "what to time beside it: the formula, each op a kernel");
}

}  // namespace

Workload attentionWorkload(const AttentionShape& s, const Settings& settings) {
  return make(s, settings, "attention", false);
}

Subject attention() {
  return subject("attention", "softmax(Q K^T / sqrt(depth)) V and its relatives", AttentionShape{}, options,
                 attentionWorkload);
}

Subject attentionDecode() {
  AttentionShape few;
  few.heads = 32, few.kv_heads = 8, few.seq = 1, few.kv_seq = 32768, few.depth = 128;
  return subject(
      "attention-decode", "a few queries on many keys, against reading these once", few, extents,
      [](const AttentionShape& s, const Settings& settings) { return make(s, settings, "attention-decode", true); });
}

}  // namespace heed::bench
