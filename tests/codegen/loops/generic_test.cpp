// linalg ops, compiled for every instruction set of this machine, against loops in f64: tails, strides, empty extents,
// reductions along and across the lanes, gathers, integers, masks, narrow floats.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/tests/codegen/jit/compile_text.h"

namespace heed::testing {
namespace {

using Shape = std::vector<std::int64_t>;

std::vector<std::string> instructionSets() {
  std::vector<std::string> names;
  for (const char* name : {"avx512", "avx2", "baseline"})
    if (codegen::targetFor(name)->runsHere) names.push_back(name);
  return names;
}

struct Generic : ::testing::TestWithParam<std::string> {
  CompiledText compiled(const std::string& text) { return CompiledText(text, *codegen::targetFor(GetParam())); }

  template <class T>
  void randomise(Tensor<T>& tensor, double low = -2, double high = 2) {
    std::uniform_real_distribution<double> draw(low, high);
    tensor.each([&](auto&, T& value) { value = T(draw(random)); });
  }
  std::mt19937 random{7};
};

#define ROWS "memref<?x?xf32, strided<[?, 1], offset: ?>>"
#define LINE "memref<?xf32, strided<[1], offset: ?>>"

TEST_P(Generic, PointwiseWithBroadcasts) {
  auto run = compiled(R"(
    func.func @main(%x: )" ROWS R"(, %row: )" LINE R"(, %column: )" LINE R"(, %y: )" ROWS R"() {
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                                       affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
          ins(%x, %row, %column : )" ROWS ", " LINE ", " LINE R"() outs(%y : )" ROWS R"() {
        ^bb0(%a: f32, %b: f32, %c: f32, %old: f32):
          %s = arith.addf %a, %b : f32
          %p = arith.mulf %s, %c : f32
          linalg.yield %p : f32
      }
      return
    })");
  for (Shape shape :
       {Shape{0, 5}, {5, 0}, {1, 1}, {3, 15}, {3, 16}, {5, 17}, {40, 33}, {2, 4095}, {3, 4100}, {9, 8192}}) {
    Tensor<float> x(shape, {}, 3), row({shape[1]}), column({shape[0]}), y(shape, {}, 7);
    randomise(x), randomise(row), randomise(column);
    run(x, row, column, y);
    y.each([&](auto& at, float value) { ASSERT_EQ(value, (x[at] + row[{at[1]}]) * column[{at[0]}]); });
  }
}

TEST_P(Generic, TransposesAndStrides) {
  auto run = compiled(R"(
    func.func @main(%x: memref<?x?x?xf32, strided<[?, ?, 1]>>, %y: memref<?x?x?xf32, strided<[?, ?, 1]>>,
                    %z: memref<?x?x?xf32, strided<[?, ?, ?]>>) {
      linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (k, i, j)>, affine_map<(i, j, k) -> (i, j, k)>],
                      iterator_types = ["parallel", "parallel", "parallel"]}
          ins(%x : memref<?x?x?xf32, strided<[?, ?, 1]>>) outs(%y : memref<?x?x?xf32, strided<[?, ?, 1]>>) {
        ^bb0(%a: f32, %old: f32):
          linalg.yield %a : f32
      }
      linalg.copy ins(%y : memref<?x?x?xf32, strided<[?, ?, 1]>>) outs(%z : memref<?x?x?xf32, strided<[?, ?, ?]>>)
      return
    })");
  for (Shape shape : {Shape{3, 4, 5}, {2, 17, 31}, {1, 1, 64}, {0, 3, 3}, {5, 2, 130}}) {
    Tensor<float> x({shape[2], shape[0], shape[1]}), y(shape), z(shape, {2, 0, 1}, 1);
    randomise(x);
    run(x, y, z);
    y.each([&](auto& at, float value) {
      ASSERT_EQ(value, (x[{at[2], at[0], at[1]}]));
      ASSERT_EQ(value, z[at]);
    });
  }
}

TEST_P(Generic, ReducesAlongRowsAndColumnsAndAll) {
  auto reduce = [](const char* map, const char* iterators, const char* out, const char* op) {
    return std::string("linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ") + map +
           ">], iterator_types = [" + iterators + "]} ins(%x : " ROWS ") outs(" + out + R"() {
        ^bb0(%a: f32, %acc: f32):
          %r = )" +
           op + R"( %a, %acc : f32
          linalg.yield %r : f32
      })";
  };
  auto run = compiled("func.func @main(%x: " ROWS ", %rows: " LINE ", %columns: " LINE R"(, %all: memref<f32>) {
      %zero = arith.constant 0.0 : f32
      %low = arith.constant 0xFF800000 : f32
      linalg.fill ins(%low : f32) outs(%rows : )" LINE R"()
      linalg.fill ins(%zero : f32) outs(%columns : )" LINE R"()
      linalg.fill ins(%zero : f32) outs(%all : memref<f32>)
      )" + reduce("(i)", "\"parallel\", \"reduction\"", "%rows : " LINE, "arith.maximumf") +
                      reduce("(j)", "\"reduction\", \"parallel\"", "%columns : " LINE, "arith.addf") +
                      reduce("()", "\"reduction\", \"reduction\"", "%all : memref<f32>", "arith.addf") + "return }");
  for (Shape shape : {Shape{0, 5}, {5, 0}, {1, 1}, {3, 15}, {4, 16}, {5, 17}, {40, 133}, {700, 65}}) {
    Tensor<float> x(shape, {}, 3), rows({shape[0]}), columns({shape[1]}), all({});
    randomise(x);
    run(x, rows, columns, all);
    double total = 0, weight = 0;
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      float largest = -INFINITY;
      for (std::int64_t j = 0; j < shape[1]; ++j) {
        largest = std::max(largest, x[{i, j}]);
        total += x[{i, j}], weight += std::fabs(x[{i, j}]);
      }
      ASSERT_EQ((rows[{i}]), largest);
    }
    for (std::int64_t j = 0; j < shape[1]; ++j) {
      double sum = 0;
      for (std::int64_t i = 0; i < shape[0]; ++i) sum += x[{i, j}];
      ASSERT_NEAR((columns[{j}]), sum, 1e-6 * shape[0] * 2);
    }
    ASSERT_NEAR((all[{}]), total, 1e-6 * weight + 1e-30);
  }
}

TEST_P(Generic, SumsExponentialsAlongRows) {
  auto run = compiled("func.func @main(%x: " ROWS ", %m: " LINE ", %sum: " LINE R"() {
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>],
                      iterator_types = ["parallel", "reduction"]}
          ins(%x, %m : )" ROWS ", " LINE ") outs(%sum : " LINE R"() {
        ^bb0(%a: f32, %b: f32, %acc: f32):
          %d = arith.subf %a, %b : f32
          %e = math.exp %d : f32
          %r = arith.addf %acc, %e : f32
          linalg.yield %r : f32
      }
      return
    })");
  for (Shape shape : {Shape{3, 0}, {1, 1}, {3, 31}, {5, 64}, {2, 1000}}) {
    Tensor<float> x(shape), m({shape[0]}), sum({shape[0]});
    randomise(x), randomise(m);
    run(x, m, sum);
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      double expected = 0;
      for (std::int64_t j = 0; j < shape[1]; ++j) expected += std::exp(double(x[{i, j}]) - m[{i}]);
      ASSERT_NEAR((sum[{i}]), expected, 1e-6 * expected);
    }
  }
}

TEST_P(Generic, IntegersMasksAndIndices) {
  auto run = compiled(R"(
    func.func @main(%x: memref<?x?xi32>, %y: memref<?x?xi32>, %keep: memref<?x?xi1>, %z: memref<?x?xi32>, %sum: memref<?xi32>) {
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
          ins(%x : memref<?x?xi32>) outs(%keep : memref<?x?xi1>) {
        ^bb0(%a: i32, %old: i1):
          %i = linalg.index 0 : index
          %j = linalg.index 1 : index
          %n = arith.index_cast %i : index to i32
          %m = arith.index_cast %j : index to i32
          %causal = arith.cmpi sle, %m, %n : i32
          %c = arith.constant 0 : i32
          %positive = arith.cmpi sgt, %a, %c : i32
          %both = arith.andi %causal, %positive : i1
          linalg.yield %both : i1
      }
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>,
                                       affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
          ins(%x, %y, %keep : memref<?x?xi32>, memref<?x?xi32>, memref<?x?xi1>) outs(%z : memref<?x?xi32>) {
        ^bb0(%a: i32, %b: i32, %k: i1, %old: i32):
          %q = arith.divsi %a, %b : i32
          %r = arith.select %k, %q, %b : i32
          linalg.yield %r : i32
      }
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                      iterator_types = ["parallel", "reduction"]}
          ins(%z : memref<?x?xi32>) outs(%sum : memref<?xi32>) {
        ^bb0(%a: i32, %acc: i32):
          %r = arith.addi %acc, %a : i32
          linalg.yield %r : i32
      }
      return
    })");
  for (Shape shape : {Shape{1, 1}, {4, 0}, {3, 15}, {20, 17}, {35, 100}}) {
    Tensor<std::int32_t> x(shape), y(shape), z(shape), sum({shape[0]});
    Tensor<std::uint8_t> keep(shape);
    randomise(x, -1000, 1000), randomise(y, 1, 9);
    run(x, y, keep, z, sum);
    std::vector<std::int32_t> sums(shape[0]);
    z.each([&](auto& at, std::int32_t value) {
      bool kept = at[1] <= at[0] && x[at] > 0;
      ASSERT_EQ(keep[at], kept);
      ASSERT_EQ(value, kept ? x[at] / y[at] : y[at]);
      sums[at[0]] += value;
    });
    for (std::int64_t i = 0; i < shape[0]; ++i) ASSERT_EQ((sum[{i}]), sums[i]);
  }
}

TEST_P(Generic, GathersRowsOfATable) {
  auto run = compiled(R"(
    func.func @main(%table: memref<?x?xf32, strided<[?, 1]>>, %ids: memref<?xi32>, %y: memref<?x?xf32>) {
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
          ins(%ids : memref<?xi32>) outs(%y : memref<?x?xf32>) {
        ^bb0(%id: i32, %old: f32):
          %row = arith.index_cast %id : i32 to index
          %column = linalg.index 1 : index
          %v = memref.load %table[%row, %column] : memref<?x?xf32, strided<[?, 1]>>
          linalg.yield %v : f32
      }
      return
    })");
  for (Shape shape : {Shape{5, 1}, {9, 16}, {33, 70}, {0, 4}}) {
    Tensor<float> table({11, shape[1]}, {}, 2), y(shape);
    Tensor<std::int32_t> ids({shape[0]});
    randomise(table), randomise(ids, 0, 11);
    run(table, ids, y);
    y.each([&](auto& at, float value) { ASSERT_EQ(value, (table[{ids[{at[0]}], at[1]}])); });
  }
}

TEST_P(Generic, NarrowFloatsAreStoredRounded) {
  auto run = compiled(R"(
    func.func @main(%x: memref<?xbf16>, %y: memref<?xbf16>, %z: memref<?xf16>) {
      linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                      iterator_types = ["parallel"]}
          ins(%x : memref<?xbf16>) outs(%y, %z : memref<?xbf16>, memref<?xf16>) {
        ^bb0(%a: bf16, %b: bf16, %c: f16):
          %w = arith.extf %a : bf16 to f32
          %third = arith.constant 0.333333343 : f32
          %p = arith.mulf %w, %third : f32
          %n = arith.truncf %p : f32 to bf16
          %h = arith.truncf %p : f32 to f16
          linalg.yield %n, %h : bf16, f16
      }
      return
    })");
  auto widen = [](std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t(bits) << 16); };
  for (std::int64_t n : {1, 15, 16, 40}) {
    Tensor<std::uint16_t> x({n}), y({n}), z({n});
    x.each([&](auto& at, std::uint16_t& value) { value = std::bit_cast<std::uint32_t>(float(at[0]) - 7) >> 16; });
    run(x, y, z);
    y.each([&](auto& at, std::uint16_t bits) {
      float expected = widen(x[at]) * 0.333333343f;
      ASSERT_NEAR(widen(bits), expected, std::fabs(expected) / 256);
      ASSERT_NEAR(float(std::bit_cast<_Float16>(z[at])), expected, std::fabs(expected) / 2048);
    });
  }
}

TEST_P(Generic, TemporariesLieInTheArena) {
  auto run = compiled(R"(
    func.func @main(%x: memref<?xf32>, %y: memref<?xf32>) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      %bytes = arith.muli %n, %c4 : index
      %arena = memref.alloc(%bytes) : memref<?xi8>
      %t = memref.view %arena[%c0][%n] : memref<?xi8> to memref<?xf32>
      linalg.copy ins(%x : memref<?xf32>) outs(%t : memref<?xf32>)
      linalg.copy ins(%t : memref<?xf32>) outs(%y : memref<?xf32>)
      return
    })");
  Tensor<float> x({1000}), y({1000});
  randomise(x);
  run(x, y);
  y.each([&](auto& at, float value) { ASSERT_EQ(value, x[at]); });
}

TEST_P(Generic, SaysWhatItCannotDo) {
  auto message = [&](const std::string& text) {
    try {
      compiled(text);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("it compiled");
  };
  EXPECT_NE(message(R"(
    func.func @main(%x: memref<?xf32>, %y: memref<?xf32>) {
      linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
          ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
        ^bb0(%a: f32, %b: f32):
          %s = math.asin %a : f32
          linalg.yield %s : f32
      }
      return
    })")
                .find("math.asin"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Targets, Generic, ::testing::ValuesIn(instructionSets()),
                         [](auto& info) { return info.param; });

}  // namespace
}  // namespace heed::testing
