// Products by tensor cores, on the SIMT interpreter: layouts, ragged extents, epilogues, several dims of a role.
#include <iostream>

#include "product.h"
#include "ptxas.h"

namespace heed::testing {
namespace {

template <class T>
void check(const std::string& type, Upright upright) {
  SCOPED_TRACE(type + (upright.left ? ", left upright" : "") + (upright.right ? ", right upright" : ""));
  Product product(text(type, upright));
  expectSums<T>(product, upright,
                {{1, 1, 1}, {128, 128, 64}, {130, 40, 72}, {20, 136, 33, 3, 1}, {5, 9, 0}, {17, 24, 40, 8, 8}});
  EXPECT_GT(product.products(), 0);
}

TEST(GpuContract, EachLayout) {
  for (Upright upright : layouts) check<element_of<bf16>>("bf16", upright);
}
TEST(GpuContract, HalfPrecision) {
  for (Upright upright : layouts) check<element_of<f16>>("f16", upright);
}

/// By wgmma on a device of two multiprocessors: blocks that go through several tiles.
template <class T>
void checkHopper(const std::string& type, Upright upright) {
  Product product(text(type, upright), "sm_90a", 2);
  expectSums<T>(product, upright, {{128, 512, 64}, {300, 520, 200}, {17, 528, 320}});
  EXPECT_EQ(product.products(), 0);
  EXPECT_GT(product.products("tile.wgmma"), 0);
}

TEST(GpuContract, RowsByRowsOnHopper) { checkHopper<element_of<bf16>>("bf16", {false, false}); }
TEST(GpuContract, RowsByColumnsOnHopper) { checkHopper<element_of<f16>>("f16", {false, true}); }

/// out[o, b, h, s, e] = gelu(sum_gd x[o, b, s, g, d] w + bias[h, e]) silu(gate[o, b, s, h, e]) / 2 + residual[o, b, h,
/// s, e] for w[o, h, e, g, d] or, upright, w[o, g, d, h, e]: of each role several dims, the last one of the columns
/// `wide`.
std::string blockText(bool upright, std::int64_t wide) {
  auto array = [](int dynamic, const std::string& rest, const std::string& type) {
    std::string sizes, strides;
    for (int d = 0; d < dynamic; ++d) sizes += "?x", strides += "?, ";
    if (rest.empty()) sizes += "?x";
    return "memref<" + sizes + rest + type + ", strided<[" + strides + "1], offset: ?>>";
  };
  const std::string e = std::to_string(wide) + "x";
  std::string x = array(4, "", "bf16"), w = upright ? array(4, e, "bf16") : x, bias = array(1, e, "f32");
  if (!upright) w = "memref<?x?x" + e + "?x?xbf16, strided<[?, ?, ?, ?, 1], offset: ?>>";
  std::string wide5 = array(4, e, "bf16");
  std::string types = x + ", " + w + ", " + bias + ", " + wide5 + ", " + wide5 + ", " + wide5;
  auto map = [](const std::string& dims) { return "affine_map<(o, b, s, h, e, g, d) -> (" + dims + ")>"; };
  return "func.func @f(%x: " + x + ", %w: " + w + ", %b: " + bias + ", %g: " + wide5 + ", %r: " + wide5 +
         ", %o: " + wide5 +
         R"() {
    "tile.contract"(%x, %w, %b, %g, %r, %o) <{roles = ["outer", "row", "row", "column", "column", "depth", "depth"],
      indexing_maps = [)" +
         map("o, b, s, g, d") + ", " + map(upright ? "o, g, d, h, e" : "o, h, e, g, d") + ", " + map("h, e") + ", " +
         map("o, b, s, h, e") + ", " + map("o, b, h, s, e") + ", " + map("o, b, h, s, e") + R"(]}> ({
    ^bb0(%sum: f32, %bias: f32, %narrow: bf16, %residual: bf16):
      %half = arith.constant 0.5 : f32
      %one = arith.constant 1.0 : f32
      %root = arith.constant 0.70710678 : f32
      %t = arith.addf %sum, %bias : f32
      %u = arith.mulf %t, %root : f32
      %erf = math.erf %u : f32
      %v = arith.addf %erf, %one : f32
      %gelu = arith.mulf %t, %v : f32
      %gate = arith.extf %narrow : bf16 to f32
      %minus = arith.negf %gate : f32
      %exp = math.exp %minus : f32
      %below = arith.addf %exp, %one : f32
      %silu = arith.divf %gate, %below : f32
      %product = arith.mulf %gelu, %silu : f32
      %quarter = arith.mulf %half, %half : f32
      %scaled = arith.mulf %product, %quarter : f32
      %wide = arith.extf %residual : bf16 to f32
      %all = arith.addf %scaled, %wide : f32
      %rounded = arith.truncf %all : f32 to bf16
      tile.yield %rounded : bf16
    }) : ()" +
         types + R"() -> ()
    return
  })";
}

/// Which instruction is to have run, if any.
void checkBlock(const std::string& chip, bool upright, std::int64_t E, std::int64_t pad, const std::string& by,
                std::int64_t shift = 0) {
  SCOPED_TRACE(chip + (upright ? ", upright, " : ", ") + std::to_string(E) + " wide");
  Product product(blockText(upright, E), chip, /*multiprocessors=*/3);
  using T = element_of<bf16>;
  const std::int64_t O = 2, B = 3, S = 50, H = 8, G = 2, D = 40;
  Dense<T> x({O, B, S, G, D}, pad), w(upright ? std::vector{O, G, D, H, E} : std::vector{O, H, E, G, D});
  Dense<T> gate({O, B, S, H, E}, 0, shift), residual({O, B, H, S, E}), out({O, B, H, S, E}, 0, shift);
  Dense<float> bias({H, E});
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (auto* a : {&x, &w, &gate, &residual})
    for (T& e : a->values) e = T(normal(random));
  for (float& e : bias.values) e = normal(random);
  ASSERT_NO_THROW(product(x, w, bias, gate, residual, out));
  for (std::int64_t o = 0; o < O; ++o)
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t s = 0; s < S; ++s)
        for (std::int64_t h = 0; h < H; ++h)
          for (std::int64_t e = 0; e < E; ++e) {
            double sum = bias({h, e});
            for (std::int64_t g = 0; g < G; ++g)
              for (std::int64_t d = 0; d < D; ++d)
                sum += double(float(x({o, b, s, g, d}))) *
                       double(float(upright ? w({o, g, d, h, e}) : w({o, h, e, g, d})));
            const double z = float(gate({o, b, s, h, e})), r = float(residual({o, b, h, s, e}));
            const double want = sum * (1 + std::erf(sum * std::sqrt(.5))) * z / (1 + std::exp(-z)) / 4 + r;
            ASSERT_NEAR(float(out({o, b, h, s, e})), want, std::fabs(want) * 0x1p-8 + 1e-4)
                << o << " " << b << " " << s << " " << h << " " << e;
          }
  for (const char* op : {"nvvm.mma.sync", "tile.wgmma"}) EXPECT_EQ(product.products(op) > 0, op == by) << op;
}

TEST(GpuContract, AnyLayoutAndEpilogue) {
  for (bool upright : {false, true}) {
    for (std::int64_t wide : {5, 24, 64}) {
      checkBlock("sm_80", upright, wide, 0, "nvvm.mma.sync");
      checkBlock("sm_90a", upright, wide, 0, "tile.wgmma");
      if (HasFailure()) return;
    }
    // Columns that are no words, for results begin anywhere; some that are, in blocks that are not whole.
    checkBlock("sm_90a", upright, 24, 0, "tile.wgmma", /*shift=*/1);
    checkBlock("sm_90a", upright, 6, 0, "tile.wgmma");
    // The dims of the depth do not lie as one.
    checkBlock("sm_90a", upright, 24, 8, "");
  }
}

TEST(GpuContract, SmallProductsGoByMmaSync) {
  // Four tiles of wgmma, of which eight multiprocessors would see too few; and rows that begin anywhere.
  for (auto [multiprocessors, shift] : {std::pair(8, 0), std::pair(2, 1)}) {
    Product product(text("bf16", {false, false}), "sm_90a", multiprocessors);
    Dense<element_of<bf16>> x({256, 16}, 0, shift), y({512, 16}, 0, shift);
    Dense<float> bias({512}), out({256, 512});
    product(x, y, bias, out);
    EXPECT_GT(product.products(), 0);
    EXPECT_EQ(product.products("tile.wgmma"), 0);
  }
}

TEST(GpuContract, AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  auto clean = [](const std::string& ptx, const std::string& chip, int kernels) {
    Ptxas said = *assemble(ptx, chip);
    EXPECT_TRUE(said.accepted) << said.said;
    EXPECT_EQ(said.kernels, kernels);
    EXPECT_EQ(said.clean, said.kernels) << said.said;
    std::cout << chip << ": " << said.registers() << "\n";
  };
  auto narrow = [&](const std::string& ptx, const std::string& chip, int kernels) {
    const bool hopper = chip == "sm_90a";
    EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k16"), ptx.npos);
    EXPECT_EQ(ptx.find("wgmma.mma_async.sync.aligned.m64n256k16") != ptx.npos, hopper);
    EXPECT_EQ(ptx.find("cp.async.bulk.tensor") != ptx.npos, hopper);
    clean(ptx, chip, kernels + hopper);
  };
  for (const char* chip : {"sm_80", "sm_90", "sm_90a"}) {
    for (bool upright : {false, true}) {
      for (const char* type : {"bf16", "f16"}) narrow(simt::ptxOf(text(type, {false, upright}), chip), chip, 1);
      for (std::int64_t wide : {64, 5}) narrow(simt::ptxOf(blockText(upright, wide), chip), chip, 2);
    }
    for (Upright upright : layouts) {
      std::string ptx = simt::ptxOf(text("f32", upright), chip);
      EXPECT_NE(ptx.find("ld.shared.v4"), ptx.npos);
      EXPECT_EQ(ptx.find("tf32"), ptx.npos);
      clean(ptx, chip, 2);
      ptx = simt::ptxOf(text("f32", upright), chip + std::string("+tf32"));
      EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"), ptx.npos);
      EXPECT_NE(ptx.find("cvt.rna.tf32.f32"), ptx.npos);
      clean(ptx, chip, 1);
    }
  }
}

/// Of wgmma two columns beside each other are one word: results, and what is added to them.
TEST(GpuContract, NeighbouringColumnsAreWords) {
  auto count = [](std::int64_t wide, const std::string& op) {
    std::string ptx = simt::ptxOf(blockText(false, wide), "sm_90a");
    const std::size_t end = ptx.find(".entry", ptx.find("setmaxnreg.inc"));
    int all = 0;
    for (std::size_t at = ptx.find(op, ptx.find("setmaxnreg.inc")); at < end; at = ptx.find(op, at + 1)) ++all;
    return all;
  };
  EXPECT_EQ(count(5, "st.global.b32"), 0);
  EXPECT_GT(count(24, "st.global.b32"), 0);
  // The bias is f32; two more of each pair come as a word.
  EXPECT_EQ(count(24, "ld.global.b32"), 2 * count(5, "ld.global.b32"));
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
