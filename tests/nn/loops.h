// The loops that several tests of layers share.
//
// Invariant: nothing of heed is used here, so that no mistake is on both sides.
// Read attention_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "axes.h"

namespace heed::test {

/// softmax of a row; 0 where all of it is -inf.
inline std::vector<double> softmaxOf(std::vector<double> s) {
  double largest = -INFINITY, total = 0;
  for (double x : s) largest = std::max(largest, x);
  for (double& x : s) total += x = std::isinf(x) ? 0 : std::exp(x - largest);
  for (double& x : s) x = total > 0 ? x / total : 0;
  return s;
}

/// [rows][columns]; a sequence of tokens, or a batch row of one.
using Rows = std::vector<std::vector<double>>;

/// The tokens of batch row b.
inline Rows rowOf(const Values& x, int b) {
  Rows rows(std::size_t(x.extent(1)), std::vector<double>(std::size_t(x.extent(2))));
  for (int t = 0; t < x.extent(1); ++t)
    for (int m = 0; m < x.extent(2); ++m) rows[std::size_t(t)][std::size_t(m)] = x(b, t, m);
  return rows;
}

/// The layers of a Transformer as loops over one sequence, with the parameters under `path`.
struct Loops {
  const Given& in;
  int heads = 3, depth = 8;
  using Sees = std::function<bool(int i, int j)>;

  Rows linear(const std::string& path, const Rows& x) const {
    const std::vector<double>&w = in[path + ".weight"].data, &b = in[path + ".bias"].data;
    Rows y;
    for (const auto& row : x) {
      y.push_back(b);
      for (std::size_t o = 0; o < b.size(); ++o)
        for (std::size_t i = 0; i < row.size(); ++i) y.back()[o] += w[o * row.size() + i] * row[i];
    }
    return y;
  }
  Rows norm(const std::string& path, Rows x) const {
    for (auto& row : x) {
      double n = double(row.size()), mean = 0, square = 0;
      for (double v : row) mean += v / n;
      for (double v : row) square += (v - mean) * (v - mean) / n;
      for (std::size_t m = 0; m < row.size(); ++m)
        row[m] = (row[m] - mean) / std::sqrt(square + 1e-5) * in[path + ".weight"].data[m] + in[path + ".bias"].data[m];
    }
    return x;
  }
  Rows attention(const std::string& path, const Rows& x, const Rows& memory, const Sees& sees) const {
    Rows q = linear(path + ".q", x), k = linear(path + ".k", memory), v = linear(path + ".v", memory), o = q;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t h = 0; h < std::size_t(heads); ++h) {
        std::size_t first = h * std::size_t(depth), last = first + std::size_t(depth);
        std::vector<double> s(memory.size(), 0);
        for (std::size_t j = 0; j < memory.size(); ++j) {
          for (std::size_t d = first; d < last; ++d) s[j] += q[i][d] * k[j][d] / std::sqrt(depth);
          if (!sees(int(i), int(j))) s[j] = -INFINITY;
        }
        s = softmaxOf(s);
        for (std::size_t d = first; d < last; ++d) {
          o[i][d] = 0;
          for (std::size_t j = 0; j < memory.size(); ++j) o[i][d] += s[j] * v[j][d];
        }
      }
    return linear(path + ".out", o);
  }
  Rows mlp(const std::string& path, const Rows& x) const {
    Rows y = linear(path + ".up", x);
    for (auto& row : y)
      for (double& v : row) v = v / 2 * std::erfc(-v / std::sqrt(2.));
    return linear(path + ".down", y);
  }
  static Rows add(Rows x, const Rows& y) {
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t m = 0; m < x[t].size(); ++m) x[t][m] += y[t][m];
    return x;
  }
};

/// f(loops, b) for every batch row, as one result.
inline std::vector<Values> eachRow(const Given& in, const Values& like,
                                   const std::function<Rows(const Loops&, int)>& f) {
  Values y(like.extents);
  for (int b = 0; b < y.extent(0); ++b) {
    Rows rows = f(Loops{in}, b);
    for (int t = 0; t < y.extent(1); ++t)
      for (int m = 0; m < y.extent(2); ++m) y(b, t, m) = rows[std::size_t(t)][std::size_t(m)];
  }
  return {y};
}

}  // namespace heed::test
