// The block classes of a predicate against brute force over all points of random blocks.
//
// Law: !some => no point visible; all => every point visible; and for the masks people write, the converse too.
#include "heed/passes/fusion/mask_analysis.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "scalar_eval.h"

namespace {

using namespace mlir;
using heed::test::Scalar;

constexpr int batches = 2, extent = 24;

unsigned seed() {
  const char* given = std::getenv("HEED_SEED");
  return given ? unsigned(std::atol(given)) : 20240607u;
}

/// A kernel over d0 outer, d1 row, d2 key, d3 depth, d4 value with the captures
/// %valid [outer] i32, %dr [outer, row] i32, %dk [outer, key] i32, %fr [row] f32, %fk [key] f32, %pad [outer, key] i1.
std::string kernel(const std::string& keep) {
  return R"(
%q, %k, %c0, %c1, %c2, %c3, %c4, %c5, %v, %o = "test.buffers"() : () -> (
    memref<?x?x4xf32>, memref<?x?x4xf32>, memref<?xi32>, memref<?x?xi32>, memref<?x?xi32>, memref<?xf32>, memref<?xf32>,
    memref<?x?xi1>, memref<?x?x4xf32>, memref<?x?x4xf32>)
  "tile.attention"(%q, %k, %c0, %c1, %c2, %c3, %c4, %c5, %v, %o) <{
    operandSegmentSizes = array<i32: 2, 6, 1, 0, 1, 0>, similarity = array<i64: 0, 0>,
    roles = ["outer", "row", "key", "depth", "value"],
    indexing_maps = [affine_map<(b, i, j, d, v) -> (b, i, d)>, affine_map<(b, i, j, d, v) -> (b, j, d)>,
      affine_map<(b, i, j, d, v) -> (b)>, affine_map<(b, i, j, d, v) -> (b, i)>, affine_map<(b, i, j, d, v) -> (b, j)>,
      affine_map<(b, i, j, d, v) -> (i)>, affine_map<(b, i, j, d, v) -> (j)>, affine_map<(b, i, j, d, v) -> (b, j)>,
      affine_map<(b, i, j, d, v) -> (b, j, v)>, affine_map<(b, i, j, d, v) -> (b, i, v)>]}> ({
  ^post(%s: f32, %a0: i32, %a1: i32, %a2: i32, %a3: f32, %a4: f32, %a5: i1):
    tile.yield %s : f32
  }, {
  ^keep(%valid: i32, %dr: i32, %dk: i32, %fr: f32, %fk: f32, %pad: i1):
    %b = tile.index 0 : index
    %row = tile.index 1 : index
    %key = tile.index 2 : index
    %i = arith.index_cast %row : index to i32
    %j = arith.index_cast %key : index to i32
)" + keep +
         R"(
    tile.yield %m : i1
  }, {}, {}, {
  ^body(%x: f32, %y: f32):
    %p = arith.mulf %x, %y : f32
    tile.yield %p : f32
  }) : (memref<?x?x4xf32>, memref<?x?x4xf32>, memref<?xi32>, memref<?x?xi32>, memref<?x?xi32>, memref<?xf32>,
        memref<?xf32>, memref<?x?xi1>, memref<?x?x4xf32>, memref<?x?x4xf32>) -> ()
)";
}

struct Data {
  std::vector<int> valid = std::vector<int>(batches);
  std::vector<std::vector<int>> dr{batches, std::vector<int>(extent)}, dk = dr, pad = dr;
  std::vector<float> fr = std::vector<float>(extent), fk = fr;
};

struct Block {
  int b, rowLo, rowHi, keyLo, keyHi;
};

class Mask {
 public:
  explicit Mask(const std::string& keep) {
    DialectRegistry registry;
    registry.insert<heed::tile::TileDialect>();
    context.appendDialectRegistry(registry);
    context.allowUnregisteredDialects();
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(kernel(keep), ParserConfig(&context, /*verifyAfterParse=*/false));
    if (!module) throw std::runtime_error("test: cannot parse\n" + keep);
    module->walk([&](heed::tile::AttentionOp op) { attention = op; });
    heed::fusion::buildClassify(attention);
    if (failed(verify(*module))) throw std::runtime_error("test: does not verify\n" + keep);
  }

  bool visible(const Data& d, int b, int i, int j) {
    auto at = [=](std::int64_t dim) { return std::int64_t(dim == 0 ? b : dim == 1 ? i : j); };
    std::vector<Scalar> captures{{d.valid[b]}, {d.dr[b][i]}, {d.dk[b][j]}, {0, d.fr[i]}, {0, d.fk[j]}, {d.pad[b][j]}};
    return heed::test::run(attention.getKeep(), captures, at)[0].i & 1;
  }

  std::pair<bool, bool> classify(const Data& d, Block k) {
    auto span = [](auto&& at, int lo, int hi, auto make) {
      auto least = at(lo), most = at(lo);
      for (int i = lo; i <= hi; ++i) {
        least = heed::test::extreme(least, at(i), false);
        most = heed::test::extreme(most, at(i), true);
      }
      return std::pair(make(least), make(most));
    };
    auto whole = [](double x) { return Scalar{std::int64_t(x)}; };
    auto real = [](double x) { return Scalar{0, x}; };
    std::vector<Scalar> bounds{{k.rowLo}, {k.rowHi}, {k.keyLo}, {k.keyHi}};
    auto add = [&](std::pair<Scalar, Scalar> p) { bounds.insert(bounds.end(), {p.first, p.second}); };
    add({{d.valid[k.b]}, {d.valid[k.b]}});
    add(span([&](int i) { return double(d.dr[k.b][i]); }, k.rowLo, k.rowHi, whole));
    add(span([&](int j) { return double(d.dk[k.b][j]); }, k.keyLo, k.keyHi, whole));
    add(span([&](int i) { return double(d.fr[i]); }, k.rowLo, k.rowHi, real));
    add(span([&](int j) { return double(d.fk[j]); }, k.keyLo, k.keyHi, real));
    add(span([&](int j) { return double(d.pad[k.b][j]); }, k.keyLo, k.keyHi, whole));
    auto r = heed::test::run(attention.getClassify(), bounds, [&](std::int64_t dim) {
      EXPECT_EQ(dim, 0) << "classify asks for a row or key position";
      return std::int64_t(k.b);
    });
    return {r[0].i & 1, r[1].i & 1};
  }

  std::string text() {
    std::string s;
    llvm::raw_string_ostream(s) << attention;
    return s;
  }

 private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  heed::tile::AttentionOp attention;
};

using Random = std::mt19937;
int below(Random& r, int n) { return int(r() % unsigned(n)); }

/// Documents are sorted runs, as they are in practice; floats have a few NaN and infinities.
Data randomData(Random& r, bool wild) {
  Data d;
  for (int b = 0; b < batches; ++b) {
    d.valid[b] = wild && below(r, 8) == 0 ? std::numeric_limits<int>::max() - below(r, 3) : below(r, extent + 2);
    int doc = 0;
    for (int i = 0; i < extent; ++i) {
      doc += below(r, 5) == 0;
      d.dr[b][i] = wild && below(r, 40) == 0 ? std::numeric_limits<int>::min() + below(r, 3) : doc;
      d.dk[b][i] = below(r, 3) ? doc : below(r, 4);
      d.pad[b][i] = below(r, 6) != 0;
    }
  }
  for (int i = 0; i < extent; ++i) {
    auto real = [&] {
      int kind = wild ? below(r, 40) : 9;
      return kind == 0 ? NAN : kind == 1 ? INFINITY : kind == 2 ? -INFINITY : float(below(r, 9) - 4) / 2;
    };
    d.fr[i] = real();
    d.fk[i] = real();
  }
  return d;
}

Block randomBlock(Random& r) {
  int rows = 1 + below(r, 6), keys = 1 + below(r, 6);
  int row = below(r, extent - rows + 1), key = below(r, extent - keys + 1);
  return {below(r, batches), row, row + rows - 1, key, key + keys - 1};
}

/// Checks the law on `blocks` random blocks; with `exact` its converse too. Returns how many were not partial.
int check(const std::string& keep, unsigned at, int blocks, bool exact, bool wild) {
  SCOPED_TRACE("HEED_SEED=" + std::to_string(seed()) + " case " + std::to_string(at) + "\n" + keep);
  Random r(seed() + at);
  Mask mask(keep);
  int decided = 0;
  for (int n = 0; n < blocks; ++n) {
    Data d = randomData(r, wild);
    Block k = randomBlock(r);
    bool any = false, every = true;
    for (int i = k.rowLo; i <= k.rowHi; ++i)
      for (int j = k.keyLo; j <= k.keyHi; ++j) {
        bool v = mask.visible(d, k.b, i, j);
        any |= v;
        every &= v;
      }
    auto [some, all] = mask.classify(d, k);
    bool good = (some || !any) && (!all || every) && (!exact || (some == any && all == every));
    if (!good) {
      ADD_FAILURE() << "block rows " << k.rowLo << ".." << k.rowHi << " keys " << k.keyLo << ".." << k.keyHi
                    << ": some " << some << " all " << all << ", truly " << any << ' ' << every << '\n'
                    << mask.text();
      return decided;
    }
    decided += !some || all;
  }
  return decided;
}

// ---- the masks people write are classified exactly

const char causal[] = "%m = arith.cmpi sle, %j, %i : i32";
const char window[] = R"(%c = arith.cmpi sle, %j, %i : i32
  %d = arith.subi %i, %j : i32
  %w = arith.constant 5 : i32
  %n = arith.cmpi slt, %d, %w : i32
  %m = arith.andi %c, %n : i1)";
const char padding[] = "%m = arith.cmpi slt, %j, %valid : i32";
const char padded[] = "%m = arith.andi %pad, %pad : i1";
const char prefix[] = R"(%c = arith.cmpi sle, %j, %i : i32
  %p = arith.cmpi slt, %j, %valid : i32
  %m = arith.ori %c, %p : i1)";
const char causalAndPadding[] = R"(%c = arith.cmpi sle, %j, %i : i32
  %p = arith.cmpi slt, %j, %valid : i32
  %m = arith.andi %c, %p : i1)";
const char shifted[] = R"(%three = arith.constant 3 : i32
  %i3 = arith.addi %i, %three : i32
  %d = arith.subi %j, %i3 : i32
  %z = arith.constant 0 : i32
  %far = arith.cmpi sgt, %d, %z : i32
  %yes = arith.constant true
  %m = arith.xori %far, %yes : i1)";
const char blocked[] = R"(%c = arith.constant 4 : i32
  %bi = arith.divsi %i, %c : i32
  %bj = arith.divsi %j, %c : i32
  %m = arith.cmpi eq, %bi, %bj : i32)";
// What the words / and % lower to: the divisor is guarded against 0 and -1.
const char guardedDivision[] = R"(%c = arith.constant 4 : i32
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %less = arith.constant -1 : i32
  %is0 = arith.cmpi eq, %c, %zero : i32
  %is1 = arith.cmpi eq, %c, %less : i32
  %bad = arith.ori %is0, %is1 : i1
  %safe = arith.select %bad, %one, %c : i32
  %sign = arith.select %is1, %less, %one : i32
  %qi = arith.divsi %i, %safe : i32
  %si = arith.muli %qi, %sign : i32
  %bi = arith.select %is0, %zero, %si : i32
  %qj = arith.divsi %j, %safe : i32
  %sj = arith.muli %qj, %sign : i32
  %bj = arith.select %is0, %zero, %sj : i32
  %m = arith.cmpi eq, %bi, %bj : i32)";
const char floatMask[] = R"(%z = arith.constant 0.0 : f32
  %m = arith.cmpf une, %fk, %z : f32)";

TEST(MaskAnalysis, causalIsExact) { EXPECT_GT(check(causal, 1, 400, true, true), 200); }
TEST(MaskAnalysis, windowIsExact) { EXPECT_GT(check(window, 2, 400, true, true), 100); }
TEST(MaskAnalysis, paddingIsExact) { EXPECT_GT(check(padding, 3, 400, true, true), 200); }
TEST(MaskAnalysis, boolPaddingIsExact) { EXPECT_GT(check(padded, 4, 400, true, true), 100); }
TEST(MaskAnalysis, shiftedCausalIsExact) { EXPECT_GT(check(shifted, 5, 400, true, true), 200); }
TEST(MaskAnalysis, blockDiagonalIsExact) { EXPECT_GT(check(blocked, 6, 400, true, true), 100); }
TEST(MaskAnalysis, guardedDivisionIsExact) { EXPECT_GT(check(guardedDivision, 10, 400, true, true), 100); }
TEST(MaskAnalysis, causalAndPaddingIsExact) { EXPECT_GT(check(causalAndPadding, 7, 400, true, false), 100); }

TEST(MaskAnalysis, prefixIsExact) { EXPECT_GT(check(prefix, 8, 400, true, false), 200); }
TEST(MaskAnalysis, floatMaskDecides) { EXPECT_GT(check(floatMask, 9, 400, false, true), 50); }

TEST(MaskAnalysis, documentsEmptyWhereDisjointFullWhereOne) {
  Mask mask("%m = arith.cmpi eq, %dr, %dk : i32");
  Data d;
  for (int i = 0; i < extent; ++i) d.dr[0][i] = d.dk[0][i] = i / 8;
  EXPECT_EQ(mask.classify(d, {0, 0, 7, 8, 15}), std::pair(false, false));
  EXPECT_EQ(mask.classify(d, {0, 8, 15, 8, 15}), std::pair(true, true));
  EXPECT_EQ(mask.classify(d, {0, 6, 9, 8, 15}), std::pair(true, false));
}

TEST(MaskAnalysis, anUnknownOpIsPartial) {
  Mask mask("%e = math.exp %fr : f32\n %z = arith.constant 0.0 : f32\n %m = arith.cmpf olt, %e, %z : f32");
  EXPECT_EQ(mask.classify(Data{}, {0, 0, 3, 0, 3}), std::pair(true, false));
}

TEST(MaskAnalysis, wrappingArithmeticIsPartial) {
  Mask mask(R"(%sum = arith.addi %dr, %dk : i32
    %z = arith.constant 0 : i32
    %m = arith.cmpi sge, %sum, %z : i32)");
  Data d;
  d.dr[0][0] = d.dk[0][0] = std::numeric_limits<int>::max();
  EXPECT_EQ(mask.classify(d, {0, 0, 0, 0, 0}), std::pair(true, false));
  EXPECT_EQ(mask.classify(d, {0, 1, 1, 1, 1}), std::pair(true, true));
}

// ---- the law, for any predicate

/// A random program over the captures: a stack of values of each type, each op takes some and pushes one.
std::string randomKeep(Random& r) {
  std::vector<std::string> ints{"%i", "%j", "%i", "%j", "%valid", "%dr", "%dk"}, reals{"%fr", "%fk"}, truths{"%pad"};
  std::string text = "%bi = arith.index_cast %b : index to i32\n";
  ints.push_back("%bi");
  int next = 0;
  auto any = [&](auto& pool) { return pool[pool.size() - 1 - below(r, std::min<int>(pool.size(), 9))]; };
  auto push = [&](auto& pool, const std::string& op) {
    std::string name = "%x" + std::to_string(next++);
    text += "    " + name + " = " + op + "\n";
    pool.push_back(name);
    return name;
  };
  auto oneOf = [&](std::initializer_list<const char*> names) {
    return std::string(names.begin()[below(r, names.size())]);
  };
  auto number = [&] { return push(ints, "arith.constant " + std::to_string(below(r, 13) - 4) + " : i32"); };
  int length = 3 + below(r, 10);
  for (int n = 0; n < length; ++n) switch (below(r, 12)) {
      case 0:
        number();
        break;
      case 1:
      case 2:
        push(ints, oneOf({"arith.addi ", "arith.subi ", "arith.subi ", "arith.muli ", "arith.minsi ", "arith.maxsi "}) +
                       any(ints) + ", " + any(ints) + " : i32");
        break;
      case 3: {
        std::string x = any(ints);
        std::string c =
            push(ints, "arith.constant " + std::to_string((below(r, 2) ? 1 : -1) * (1 + below(r, 6))) + " : i32");
        push(ints, oneOf({"arith.divsi ", "arith.remsi ", "arith.muli "}) + x + ", " + c + " : i32");
        break;
      }
      case 4:
        push(reals, "arith.sitofp " + any(ints) + " : i32 to f32");
        break;
      case 5:
        push(reals, oneOf({"arith.addf ", "arith.subf ", "arith.mulf ", "arith.minimumf ", "arith.maximumf "}) +
                        any(reals) + ", " + any(reals) + " : f32");
        break;
      case 6:
        push(reals, oneOf({"arith.negf ", "math.absf ", "math.floor "}) + any(reals) + " : f32");
        break;
      case 7:
      case 8:
        push(truths, "arith.cmpi " + oneOf({"slt", "sle", "sgt", "sge", "eq", "ne"}) + ", " + any(ints) + ", " +
                         any(ints) + " : i32");
        break;
      case 9:
        push(truths, "arith.cmpf " + oneOf({"olt", "ole", "ogt", "oge", "oeq", "une", "ult", "uge"}) + ", " +
                         any(reals) + ", " + any(reals) + " : f32");
        break;
      case 10: {
        std::string c = any(truths), type = oneOf({"i32", "f32", "i1"});
        auto& pool = type == "i32" ? ints : type == "f32" ? reals : truths;
        push(pool, "arith.select " + c + ", " + any(pool) + ", " + any(pool) + " : " + type);
        break;
      }
      default:
        push(truths, oneOf({"arith.andi ", "arith.ori ", "arith.xori "}) + any(truths) + ", " + any(truths) + " : i1");
    }
  return text + "    %m = arith.cmpi " + oneOf({"ne", "eq"}) + ", " + truths.back() + ", " + truths[0] + " : i1\n";
}

TEST(MaskAnalysis, soundForRandomPredicates) {
  const char* many = std::getenv("HEED_CASES");
  int cases = many ? std::atoi(many) : 400;
  int decided = 0;
  for (int n = 0; n < cases && !HasFailure(); ++n) {
    Random r(seed() + 1000u + unsigned(n));
    decided += check(randomKeep(r), 1000u + unsigned(n), 40, false, n % 2);
  }
  EXPECT_GT(decided, cases);
}

}  // namespace
