// Products by tensor cores, on the SIMT interpreter: layouts, ragged extents, epilogues, several dims of a role.
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "heed/runtime/array.h"
#include "heed/runtime/device_session.h"
#include "heed/runtime/session.h"
#include "ptxas.h"
#include "simulated.h"

namespace heed::testing {
namespace {

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
  explicit Product(const std::string& text) : code(simt::compileTiled(text)) {}
  template <class... Arrays>
  void operator()(Arrays&... arrays) {
    auto device = std::make_unique<simt::Simulated>(code.program);
    (device->lend(arrays.values.data(), std::int64_t(arrays.values.size() * sizeof(arrays.values[0]))), ...);
    void* arguments[] = {arrays.descriptor.data()...};
    Session session(1);
    session.device([&] { return std::move(device); }).run(session, code.host.entry, arguments);
  }
  std::int64_t products() const { return code.program->count("nvvm.mma.sync"); }
};

/// out[m, n] = 2 sum_k x[m, k] y + bias[n] + m; y is [n, k] or, upright, [k, n].
std::string text(const std::string& type, bool upright) {
  std::string y = upright ? "(k, n)" : "(n, k)";
  std::string narrow = "memref<?x?x" + type + ", strided<[?, 1], offset: ?>>";
  std::string wide = "memref<?x?xf32, strided<[?, 1], offset: ?>>", line = "memref<?xf32, strided<[1], offset: ?>>";
  return "func.func @f(%x: " + narrow + ", %y: " + narrow + ", %b: " + line + ", %o: " + wide + R"() {
    "tile.contract"(%x, %y, %b, %o) <{roles = ["row", "column", "depth"], indexing_maps = [
        affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> )" +
         y + R"(>, affine_map<(m, n, k) -> (n)>,
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
         narrow + ", " + narrow + ", " + line + ", " + wide + R"() -> ()
    return
  })";
}

template <class T>
void check(const std::string& type, bool upright) {
  Product product(text(type, upright));
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  struct Shape {
    std::int64_t m, n, k, pad, shift;
  };
  for (auto [m, n, k, pad, shift] : {Shape{1, 1, 1, 0, 0}, Shape{128, 128, 64, 0, 0}, Shape{130, 40, 72, 0, 0},
                                     Shape{20, 136, 33, 3, 1}, Shape{5, 9, 0, 0, 0}, Shape{17, 24, 40, 8, 8}}) {
    Dense<T> x({m, k}, pad, shift), y(upright ? std::vector{k, n} : std::vector{n, k}, pad, shift);
    Dense<float> bias({n}), out({m, n});
    for (auto* a : {&x, &y})
      for (T& e : a->values) e = T(normal(random));
    for (float& e : bias.values) e = normal(random);
    ASSERT_NO_THROW(product(x, y, bias, out)) << m << " " << n << " " << k;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::int64_t d = 0; d < k; ++d)
          sum += double(float(x({i, d}))) * double(float(upright ? y({d, j}) : y({j, d})));
        ASSERT_NEAR(out({i, j}), 2 * sum + bias({j}) + double(i), 1e-4)
            << m << " " << n << " " << k << ": " << i << " " << j;
      }
  }
  EXPECT_GT(product.products(), 0);
}

TEST(GpuContract, RowsByRows) { check<element_of<bf16>>("bf16", false); }
TEST(GpuContract, RowsByColumns) { check<element_of<bf16>>("bf16", true); }
TEST(GpuContract, HalfPrecision) {
  check<element_of<f16>>("f16", false);
  check<element_of<f16>>("f16", true);
}

TEST(GpuContract, AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (const char* chip : {"sm_80", "sm_90", "sm_90a"})
    for (const char* type : {"bf16", "f16"})
      for (bool upright : {false, true}) {
        std::string ptx = simt::ptxOf(text(type, upright), chip);
        EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k16"), ptx.npos);
        Ptxas said = *assemble(ptx, chip);
        EXPECT_TRUE(said.accepted) << said.said;
        EXPECT_EQ(said.clean, 1) << said.said;
      }
}

TEST(GpuContract, ResultsAreRoundedOnce) {
  // bf16 in and out, by tensor cores and without them (a dim of the depth that is not contiguous).
  for (bool upright : {false, true})
    for (const char* depth : {"1", "?"}) {
      std::string x = "memref<?x?xbf16, strided<[?, " + std::string(depth) + "], offset: ?>>";
      std::string o = "memref<?x?xbf16, strided<[?, 1], offset: ?>>", y = upright ? o : x;
      Product product("func.func @f(%x: " + x + ", %y: " + y + ", %o: " + o + R"() {
        "tile.contract"(%x, %y, %o) <{roles = ["row", "column", "depth"], indexing_maps = [
          affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> )" +
                      (upright ? "(k, n)" : "(n, k)") + R"(>, affine_map<(m, n, k) -> (m, n)>]}> ({
        }) : ()" + x + ", " +
                      y + ", " + o + R"() -> ()
        return
      })");
      using T = element_of<bf16>;
      const std::int64_t M = 19, N = 40, K = 300;
      Dense<T> left({M, K}), right(upright ? std::vector{K, N} : std::vector{N, K}), out({M, N});
      std::mt19937 random(3);
      std::normal_distribution<float> normal;
      for (auto* a : {&left, &right})
        for (T& e : a->values) e = T(normal(random));
      product(left, right, out);
      for (std::int64_t i = 0; i < M; ++i)
        for (std::int64_t j = 0; j < N; ++j) {
          double sum = 0;
          for (std::int64_t d = 0; d < K; ++d)
            sum += double(float(left({i, d}))) * double(float(upright ? right({d, j}) : right({j, d})));
          ASSERT_NEAR(float(out({i, j})), sum, std::fabs(sum) * 0x1p-8 + 1e-4);
        }
      EXPECT_EQ(product.products() > 0, depth == std::string("1"));
    }
}

TEST(GpuContract, SeveralDimsOfARoleAndABatch) {
  // out[o, h, b, s, e] = sum_d x[b, o, s, d] w[o, h, e, d]: rows (b, s), columns (h, e), outer o.
  Product product(R"(
    func.func @f(%x: memref<?x?x?x?xbf16, strided<[?, ?, ?, 1], offset: ?>>, %w: memref<?x?x?x?xbf16, strided<[?, ?, ?, 1], offset: ?>>,
                 %o: memref<?x?x?x?x?xf32, strided<[?, ?, ?, ?, 1], offset: ?>>) {
      "tile.contract"(%x, %w, %o) <{roles = ["outer", "row", "row", "column", "column", "depth"], indexing_maps = [
          affine_map<(o, b, s, h, e, d) -> (b, o, s, d)>, affine_map<(o, b, s, h, e, d) -> (o, h, e, d)>,
          affine_map<(o, b, s, h, e, d) -> (o, h, b, s, e)>]}> ({
      }) : (memref<?x?x?x?xbf16, strided<[?, ?, ?, 1], offset: ?>>, memref<?x?x?x?xbf16, strided<[?, ?, ?, 1], offset: ?>>,
            memref<?x?x?x?x?xf32, strided<[?, ?, ?, ?, 1], offset: ?>>) -> ()
      return
    })");
  using T = element_of<bf16>;
  const std::int64_t O = 2, B = 3, S = 7, H = 2, E = 5, D = 24;
  Dense<T> x({B, O, S, D}), w({O, H, E, D});
  Dense<float> out({O, H, B, S, E});
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (auto* a : {&x, &w})
    for (T& e : a->values) e = T(normal(random));
  product(x, w, out);
  for (std::int64_t o = 0; o < O; ++o)
    for (std::int64_t h = 0; h < H; ++h)
      for (std::int64_t b = 0; b < B; ++b)
        for (std::int64_t s = 0; s < S; ++s)
          for (std::int64_t e = 0; e < E; ++e) {
            double sum = 0;
            for (std::int64_t d = 0; d < D; ++d) sum += double(float(x({b, o, s, d}))) * double(float(w({o, h, e, d})));
            ASSERT_NEAR(out({o, h, b, s, e}), sum, 1e-4);
          }
  EXPECT_GT(product.products(), 0);
}

}  // namespace
}  // namespace heed::testing
