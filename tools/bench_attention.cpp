#include "bench_attention.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "heed/driver/sketch.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"
#include "peak.h"

namespace heed::bench {
namespace {

using Visible = std::function<bool(std::int64_t b, std::int64_t i, std::int64_t j)>;

/// What a mask adds to the formula, and the same in plain C++ for the check.
struct Mask {
  std::string kind;
  std::int64_t window = 0, shift = 0;  // shift: queries are the last of the keys
  std::vector<std::int32_t> valid, documents;

  Mask(const AttentionShape& s) : shift(s.kv_seq - s.seq) {
    auto colon = s.mask.find(':');
    kind = s.mask.substr(0, colon);
    if (kind == "window") {
      if (colon != s.mask.npos) window = std::atoll(s.mask.c_str() + colon + 1);
      if (window < 1) throw Error("--mask", s.mask + " was given", "a window needs a positive width", "try window:256");
    } else if (kind != "none" && kind != "causal" && kind != "padding" && kind != "alibi" && kind != "document") {
      throw Error("--mask", s.mask + " was given", "must be none, causal, window:W, padding, alibi or document");
    }
    std::mt19937 random(7);
    for (std::int64_t b = 0; b < s.batch; ++b)
      valid.push_back(std::int32_t(s.kv_seq - b * s.kv_seq / (2 * s.batch) - s.kv_seq / 8));
    for (std::int32_t document = 0; std::int64_t(documents.size()) < s.kv_seq; ++document)
      documents.insert(documents.end(), 100 + random() % 401, document);
    documents.resize(std::size_t(s.kv_seq));
  }

  bool visible(std::int64_t b, std::int64_t i, std::int64_t j) const {
    i += shift;
    if (kind == "causal" || kind == "alibi") return j <= i;
    if (kind == "window") return j <= i && i - j < window;
    if (kind == "padding") return j < valid[std::size_t(b)];
    if (kind == "document") return documents[std::size_t(i)] == documents[std::size_t(j)];
    return true;
  }
};

struct Tensors {
  std::vector<AnyArray> inputs;
  std::vector<ArrayView> views;
  void add(AnyArray array) {
    inputs.push_back(std::move(array));
    views.push_back(inputs.back().view);
  }
};

AnyArray normal(std::vector<std::int64_t> sizes, unsigned seed) {
  AnyArray array(DType::f32, sizes);
  std::mt19937 random(seed);
  std::normal_distribution<float> draw;
  auto* x = static_cast<float*>(array.view.data);
  for (std::int64_t e = 0; e < array.view.size(); ++e) x[e] = draw(random);
  return array;
}

AnyArray whole(const std::vector<std::int32_t>& values, std::size_t from = 0) {
  std::int64_t sizes[] = {std::int64_t(values.size() - from)};
  AnyArray array(DType::i32, sizes);
  std::copy(values.begin() + std::ptrdiff_t(from), values.end(), static_cast<std::int32_t*>(array.view.data));
  return array;
}

float slopeOf(std::int64_t head, std::int64_t heads) {
  return float(std::exp2(-8. * double(head + 1) / double(heads)));
}

/// The formula of the shape; its inputs in order go to `tensors`.
void write(Sketch& sketch, const AttentionShape& s, const Mask& mask, Tensors& tensors) {
  using Tensor = Sketch::Tensor;
  std::int64_t group = s.heads / s.kv_heads;
  auto batch = sketch.axis("batch"), heads = sketch.axis("heads"), groups = sketch.axis("group"),
       seq = sketch.axis("seq"), key = sketch.axis("key"), depth = sketch.axis("depth", s.depth),
       value = sketch.axis("value", s.depth);
  Sketch::Axes q_axes{batch, heads, groups, seq, depth};
  std::vector<std::int64_t> q_sizes{s.batch, s.kv_heads, group, s.seq, s.depth},
      kv_sizes{s.batch, s.kv_heads, s.kv_seq, s.depth};
  if (group == 1) {
    q_axes.erase(q_axes.begin() + 2);
    q_sizes.erase(q_sizes.begin() + 2);
  }
  Tensor q = sketch.input("q", DType::f32, q_axes), k = sketch.input("k", DType::f32, {batch, heads, key, depth}),
         v = sketch.input("v", DType::f32, {batch, heads, key, value});
  tensors.add(normal(q_sizes, 1));
  tensors.add(normal(kv_sizes, 2));
  tensors.add(normal(kv_sizes, 3));

  Tensor scores = sketch.over("contract", {q, k}, {depth});
  scores = sketch.pointwise("mul", {scores, sketch.number(1 / std::sqrt(double(s.depth)))});
  Tensor j = sketch.index(key), i = sketch.index(seq);
  if (mask.shift) i = sketch.pointwise("add", {i, sketch.number(double(mask.shift), DType::i32)});
  if (mask.kind == "alibi") {
    Sketch::Axes axes{heads};
    std::vector<std::int64_t> sizes{s.kv_heads};
    if (group > 1) axes.push_back(groups), sizes.push_back(group);
    Tensor slope = sketch.input("slope", DType::f32, axes);
    AnyArray slopes(DType::f32, sizes);
    for (std::int64_t h = 0; h < s.heads; ++h) static_cast<float*>(slopes.view.data)[h] = slopeOf(h, s.heads);
    tensors.add(slopes);
    Tensor distance = sketch.cast(sketch.pointwise("sub", {j, i}), DType::f32);
    scores = sketch.pointwise("add", {scores, sketch.pointwise("mul", {distance, slope})});
  }
  auto causal = [&] { return sketch.pointwise("le", {j, i}); };
  auto hide = [&](Tensor visible) { scores = sketch.where(visible, scores, -INFINITY); };
  if (mask.kind == "causal" || mask.kind == "alibi") hide(causal());
  if (mask.kind == "window") {
    Tensor near =
        sketch.pointwise("lt", {sketch.pointwise("sub", {i, j}), sketch.number(double(mask.window), DType::i32)});
    hide(sketch.pointwise("and", {causal(), near}));
  }
  if (mask.kind == "padding") {
    hide(sketch.pointwise("lt", {j, sketch.input("valid", DType::i32, {batch})}));
    tensors.add(whole(mask.valid));
  }
  if (mask.kind == "document") {
    Tensor of_query = sketch.input("query_document", DType::i32, {seq}),
           of_key = sketch.input("key_document", DType::i32, {key});
    hide(sketch.pointwise("eq", {of_query, of_key}));
    tensors.add(whole(mask.documents, std::size_t(mask.shift)));
    tensors.add(whole(mask.documents));
  }
  sketch.results({sketch.over("contract", {sketch.over("softmax", {scores}, {key}), v}, {key})});
}

/// The largest error of some rows of `out` against f64, relative to the largest |V|.
double errorOf(const AttentionShape& s, const Mask& mask, const Tensors& tensors, const ArrayView& out) {
  auto data = [](const ArrayView& view) { return static_cast<const float*>(view.data); };
  const float *q = data(tensors.views[0]), *k = data(tensors.views[1]), *v = data(tensors.views[2]), *o = data(out);
  std::int64_t rows = s.batch * s.heads * s.seq, step = std::max<std::int64_t>(rows / 61, 1);
  double worst = 0, scale = 0;
  std::vector<double> p(static_cast<std::size_t>(s.kv_seq)), sum(static_cast<std::size_t>(s.depth));
  for (std::int64_t e = 0; e < tensors.views[2].size(); ++e) scale = std::max(scale, double(std::fabs(v[e])));
  for (std::int64_t r = 0; r < rows; r += step) {
    std::int64_t b = r / (s.heads * s.seq), h = r / s.seq % s.heads, i = r % s.seq;
    std::int64_t kv = (b * s.kv_heads + h / (s.heads / s.kv_heads)) * s.kv_seq;
    double most = -INFINITY, total = 0;
    for (std::int64_t j = 0; j < s.kv_seq; ++j) {
      double dot = 0;
      for (std::int64_t d = 0; d < s.depth; ++d) dot += double(q[r * s.depth + d]) * k[(kv + j) * s.depth + d];
      dot /= std::sqrt(double(s.depth));
      if (mask.kind == "alibi") dot += double(slopeOf(h, s.heads)) * double(j - i - mask.shift);
      p[std::size_t(j)] = mask.visible(b, i, j) ? dot : -INFINITY;
      most = std::max(most, p[std::size_t(j)]);
    }
    std::fill(sum.begin(), sum.end(), 0.);
    for (std::int64_t j = 0; j < s.kv_seq; ++j) {
      if (p[std::size_t(j)] == -INFINITY) continue;
      double w = std::exp(p[std::size_t(j)] - most);
      total += w;
      for (std::int64_t d = 0; d < s.depth; ++d) sum[std::size_t(d)] += w * v[(kv + j) * s.depth + d];
    }
    for (std::int64_t d = 0; d < s.depth; ++d) {
      double error = std::fabs((total > 0 ? sum[std::size_t(d)] / total : 0) - o[r * s.depth + d]);
      worst = error <= worst ? worst : error;  // a NaN is the worst
    }
  }
  return worst / scale;
}

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(x.size() / 2), x.end());
  return x[x.size() / 2];
}

void check(AttentionShape& s) {
  if (s.kv_heads == 0) s.kv_heads = s.heads;
  if (s.kv_seq == 0) s.kv_seq = s.seq;
  if (s.dtype != "f32") throw Error("--dtype", s.dtype + " was given", "must be f32");
  if (std::min({s.batch, s.heads, s.kv_heads, s.seq, s.kv_seq, s.depth}) < 1)
    throw Error("heed-bench attention", "an extent below 1 was given", "all extents must be positive");
  if (s.heads % s.kv_heads)
    throw Error("--kv-heads", std::to_string(s.kv_heads) + " was given",
                "must divide --heads=" + std::to_string(s.heads));
  if (s.kv_seq < s.seq && s.mask != "none" && s.mask != "padding")
    throw Error("--kv-seq", std::to_string(s.kv_seq) + " was given",
                "must be at least --seq=" + std::to_string(s.seq) + " under --mask=" + s.mask);
}

}  // namespace

AttentionResult attention(AttentionShape& s, const Options& options, double seconds) {
  check(s);
  Mask mask(s);
  Sketch sketch;
  Tensors tensors;
  write(sketch, s, mask, tensors);
  auto executable = compile(sketch.view(), options);
  Runner runner(executable, options.threads);
  int threads = runner.session().threads();

  double pairs = 0;
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t i = 0; i < s.seq; ++i)
      for (std::int64_t j = 0; j < s.kv_seq; ++j) pairs += mask.visible(b, i, j);
  double flops = 4 * pairs * double(s.heads * s.depth);

  auto out = runner.run(tensors.views);
  std::vector<ArrayView> results{out[0].view};
  auto timed = [&](int times) {
    double start = now(threads);
    for (int n = 0; n < times; ++n) runner.run(tensors.views, results);
    return (now(threads) - start) / times;
  };
  // One round: the limit, then ours for at least 5 ms, then the limit again; the median over rounds.
  double once = timed(1);
  int times = int(std::clamp(5e-3 / std::max(once, 1e-7), 1., 1e5));
  std::vector<double> time, peak, fraction;
  std::string isa = executable->statistics.target;
  for (double begin = now(2); now(2) - begin < seconds || time.size() < 5;) {
    double before = fmaPeak(isa, threads, 2e-3), t = timed(times), after = fmaPeak(isa, threads, 2e-3);
    time.push_back(t);
    peak.push_back((before + after) / 2);
    fraction.push_back(flops / t * 1e-9 / peak.back());
  }
  AttentionResult result;
  result.median_s = median(time);
  result.gflops = flops / result.median_s * 1e-9;
  result.peak_gflops = median(peak);
  result.fraction_of_peak = median(fraction);
  result.compile_ms = executable->statistics.compile_ms;
  result.max_error = errorOf(s, mask, tensors, out[0].view);
  result.arena_bytes = runner.session().memory().bytes;
  return result;
}

}  // namespace heed::bench
