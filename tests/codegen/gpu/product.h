// For tests: one product as text, run by the SIMT interpreter on strided arrays and compared with sums in f64.
//
// Read contract_test.cpp and single_test.cpp for its use.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/runtime/array.h"
#include "heed/runtime/device_session.h"
#include "heed/runtime/session.h"
#include "simulated.h"

namespace heed::testing {

/// A strided array of two to four dims on the host.
template <class T>
struct Dense {
  std::vector<std::int64_t> sizes, descriptor;
  std::vector<T> values;
  /// `pad` elements behind each run of the last dim; `shift` before the first element.
  Dense(std::vector<std::int64_t> sizes, std::int64_t pad = 0, std::int64_t shift = 0) : sizes(sizes) {
    std::vector<std::int64_t> strides(sizes.size(), 1);
    for (std::size_t d = sizes.size() - 1; d-- > 0;)
      strides[d] = strides[d + 1] * sizes[d + 1] + (d + 2 == sizes.size() ? pad : 0);
    std::int64_t count = 1;
    for (std::size_t d = 0; d < sizes.size(); ++d) count += (std::max<std::int64_t>(sizes[d], 1) - 1) * strides[d];
    values.resize(std::size_t(count + shift));
    auto address = reinterpret_cast<std::int64_t>(values.data());
    descriptor = {address, address, shift};
    descriptor.insert(descriptor.end(), sizes.begin(), sizes.end());
    descriptor.insert(descriptor.end(), strides.begin(), strides.end());
  }
  T& operator()(std::initializer_list<std::int64_t> at) {
    std::int64_t offset = descriptor[2];
    for (std::size_t d = 0; d < sizes.size(); ++d) offset += at.begin()[d] * descriptor[3 + sizes.size() + d];
    return values[std::size_t(offset)];
  }
};

struct Product {
  simt::Code code;
  int launches = 0;  // of the last call
  explicit Product(const std::string& text, const std::string& chip = "sm_80", int multiprocessors = 0)
      : code(simt::compileTiled(text, chip, multiprocessors)) {}
  template <class... Arrays>
  void operator()(Arrays&... arrays) {
    struct Counting : simt::Simulated {
      int& launches;
      Counting(std::shared_ptr<simt::Program> program, int& launches)
          : Simulated(std::move(program)), launches(launches) {}
      void run(const Launches& call) override { launches += int(call.size()), Simulated::run(call); }
    };
    launches = 0;
    auto device = std::make_unique<Counting>(code.program, launches);
    (device->lend(arrays.values.data(), std::int64_t(arrays.values.size() * sizeof(arrays.values[0]))), ...);
    void* arguments[] = {arrays.descriptor.data()...};
    Session session(1);
    session.device([&] { return std::move(device); }).run(session, code.host.entry, arguments);
  }
  std::int64_t products(const char* op = "nvvm.mma.sync") const { return code.program->count(op); }
};

/// Whether a side has the depth as rows in memory.
struct Upright {
  bool left = false, right = false;
};
constexpr Upright layouts[] = {{false, false}, {false, true}, {true, false}, {true, true}};

/// out[m, n] = 2 sum_k x y + bias[n] + m; x is [m, k] or, upright, [k, m], y is [n, k] or [k, n]. Columns and depth may
/// be known.
inline std::string text(const std::string& type, Upright upright, std::int64_t n = 0, std::int64_t k = 0) {
  std::string x = upright.left ? "(k, m)" : "(m, k)", y = upright.right ? "(k, n)" : "(n, k)";
  auto sizes = [&](std::string dims) {  // "(m, k)"
    std::string all;
    for (char dim : dims)
      if (const std::int64_t known = dim == 'n' ? n : dim == 'k' ? k : 0; std::isalpha(dim))
        all += (known ? std::to_string(known) : "?") + "x";
    return all;
  };
  std::string rest = type + ", strided<[?, 1], offset: ?>>", left = "memref<" + sizes(x) + rest;
  std::string right = "memref<" + sizes(y) + rest, line = "memref<" + sizes("n") + "f32, strided<[1], offset: ?>>";
  std::string wide = "memref<" + sizes("mn") + "f32, strided<[?, 1], offset: ?>>";
  return "func.func @f(%x: " + left + ", %y: " + right + ", %b: " + line + ", %o: " + wide + R"() {
    "tile.contract"(%x, %y, %b, %o) <{roles = ["row", "column", "depth"], indexing_maps = [
        affine_map<(m, n, k) -> )" +
         x + ">, affine_map<(m, n, k) -> " + y + R"(>, affine_map<(m, n, k) -> (n)>,
        affine_map<(m, n, k) -> (m, n)>]}> ({
    ^bb0(%sum: f32, %bias: f32):
      %row = tile.index 0 : index
      %i = arith.index_cast %row : index to i32
      %m = arith.sitofp %i : i32 to f32
      %two = arith.constant 2.0 : f32
      %t = arith.mulf %sum, %two : f32
      %u = arith.addf %t, %bias : f32
      %v = arith.addf %u, %m : f32
      tile.yield %v : f32
    }) : ()" +
         left + ", " + right + ", " + line + ", " + wide + R"() -> ()
    return
  })";
}

struct Shape {
  std::int64_t m, n, k, pad = 0, shift = 0;
};

/// Each element of text()'s result against the sum in f64; a product may be off by `each` of its magnitude.
template <class T>
void expectSums(Product& product, Upright upright, std::initializer_list<Shape> shapes, double each = 0) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (auto [m, n, k, pad, shift] : shapes) {
    Dense<T> x(upright.left ? std::vector{k, m} : std::vector{m, k}, pad, shift);
    Dense<T> y(upright.right ? std::vector{k, n} : std::vector{n, k}, pad, shift);
    Dense<float> bias({n}), out({m, n});
    for (auto* a : {&x, &y})
      for (T& e : a->values) e = T(normal(random));
    for (float& e : bias.values) e = normal(random);
    ASSERT_NO_THROW(product(x, y, bias, out)) << m << " " << n << " " << k;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0, size = 0;
        for (std::int64_t d = 0; d < k; ++d) {
          const double term = double(float(upright.left ? x({d, i}) : x({i, d}))) *
                              double(float(upright.right ? y({d, j}) : y({j, d})));
          sum += term, size += std::fabs(term);
        }
        ASSERT_NEAR(out({i, j}), 2 * sum + bias({j}) + double(i), 1e-4 + 2 * each * size)
            << m << " " << n << " " << k << ": " << i << " " << j;
      }
  }
}

}  // namespace heed::testing
