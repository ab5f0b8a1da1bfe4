// Weights of few bits: groups of numbers that follow each other along the depth are integers times one scale.
//
// The scale is the largest magnitude of the group over that of the integers (127, 7), rounded to bf16; numbers go to
// the nearest multiple, the even one of two, so that each moves by half a scale at most. A group that is rounded once
// stays as it is. What is not finite takes its group with it. (Q8_0 and Q4_0 of llama.cpp are such forms.)
//
// Few rows multiply what they read in registers. For more a panel is widened into the scratch before all its tiles: the
// same numbers in the same order.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::codegen {

using namespace mlir;

static constexpr int64_t soon = 512, later = 4096;  // words ahead, for the first-level cache and the second

Value ContractKernel::packedWords(Builder& b, Value lines) const {
  if (!bits) return mul(b, lines, constant(b, width()));
  return mul(b, quotient(b, lines, constant(b, groupLines())), constant(b, wordsOfGroup()));
}

void ContractKernel::emitRounded(Builder& b, const Block& block, const Slice& slice, Panel panel, Value position) {
  OpBuilder::InsertionGuard guard(b);
  if (!byMatrices())
    for (int height : {1, tile.few, 2 * tile.few}) {
      Value rows = sub(b, block.to, block.from);
      Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, rows, constant(b, height));
      auto choice = scf::IfOp::create(b, few, /*withElseRegion=*/true);
      b.setInsertionPointToStart(choice.thenBlock());
      Panel groups = panel;
      groups.memory = packed, groups.position = position, groups.rounded = height;
      overParts(b, block, slice, groups);
      b.setInsertionPointToStart(choice.elseBlock());
    }
  widenPanel(b, slice, position, block.scratch);
  overParts(b, block, slice, panel);
}

// Vectors of lanes: numbers of other types lie in memory as words.

static VectorType lanesOf(int lanes, Type type) { return VectorType::get({lanes}, type); }

static Value splat(ImplicitLocOpBuilder& b, int lanes, TypedAttr number) {
  auto all = DenseElementsAttr::get(lanesOf(lanes, number.getType()), Attribute(number));
  return arith::ConstantOp::create(b, all);
}

static Value loadAs(ImplicitLocOpBuilder& b, int lanes, Type type, Value memory, Value position) {
  const int words = lanes * int(type.getIntOrFloatBitWidth()) / 32;
  Value some = vector::LoadOp::create(b, lanesOf(words, b.getF32Type()), memory, position);
  return vector::BitCastOp::create(b, lanesOf(lanes, type), some);
}

static void storeAsWords(ImplicitLocOpBuilder& b, Value some, Value memory, Value position) {
  auto type = cast<VectorType>(some.getType());
  const int words = int(type.getNumElements() * type.getElementTypeBitWidth()) / 32;
  vector::StoreOp::create(b, vector::BitCastOp::create(b, lanesOf(words, b.getF32Type()), some), memory, position);
}

/// The numbers of a vector of words, as f32: one, or the two of each pair.
static SmallVector<Value> numbersOf(ImplicitLocOpBuilder& b, Value words, bool pairs) {
  if (!pairs) return {words};
  auto type = cast<VectorType>(words.getType());
  const int lanes = int(type.getNumElements());
  Value bits = arith::BitcastOp::create(b, lanesOf(lanes, b.getI32Type()), words);
  Value first = arith::ShLIOp::create(b, bits, splat(b, lanes, b.getI32IntegerAttr(16)));
  Value second = arith::AndIOp::create(b, bits, splat(b, lanes, b.getI32IntegerAttr(int32_t(0xffff0000))));
  return {arith::BitcastOp::create(b, type, first), arith::BitcastOp::create(b, type, second)};
}

/// A panel of the scratch, as words, into its groups.
void ContractKernel::roundPanel(Builder& b, const Slice& slice, Value scratch, Value memory, Value position) const {
  const int lanes = target.lanes;
  const float most = bits == 8 ? 127 : 7;
  Type f32 = b.getF32Type();
  auto all = [&](float number) { return splat(b, lanes, b.getF32FloatAttr(number)); };
  auto wordsAt = [&](Value line, int64_t v) {
    Value at = add(b, mul(b, line, constant(b, width())), constant(b, v * lanes));
    return vector::LoadOp::create(b, lanesOf(lanes, f32), scratch, at);
  };
  // As an integer that the group has room for, whatever it is.
  auto rounded = [&](Value number, Value scale) -> Value {
    Value x = arith::DivFOp::create(b, number, scale), magic = all(0x1.8p23f);
    x = arith::MaxNumFOp::create(b, arith::MinNumFOp::create(b, x, all(most)), all(-most));
    x = arith::SubFOp::create(b, arith::AddFOp::create(b, x, magic), magic);  // below 2^22: to the nearest integer
    return arith::FPToSIOp::create(b, lanesOf(lanes, b.getI32Type()), x);
  };
  loop(b, constant(b, 0), quotient(b, slice.lines, constant(b, groupLines())), 1, [&](Value number) {
    Value group = add(b, position, mul(b, number, constant(b, wordsOfGroup())));
    Value first = mul(b, number, constant(b, groupLines())), end = add(b, first, constant(b, groupLines()));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value largest = loop(b, first, end, Values{all(0)}, [&](Value line, Values so) {
        for (Value x : numbersOf(b, wordsAt(line, v), pairs))
          so[0] = arith::MaximumFOp::create(b, so[0], math::AbsFOp::create(b, x));
        return so;
      })[0];
      Value scale = arith::DivFOp::create(b, largest, all(most));
      scale = arith::TruncFOp::create(b, lanesOf(lanes, b.getBF16Type()), scale);
      storeAsWords(b, scale, memory, add(b, group, constant(b, v * lanes / 2)));
      scale = arith::ExtFOp::create(b, lanesOf(lanes, f32), scale);
      loop(b, constant(b, 0), constant(b, numbersPerGroup / 2), 1, [&](Value two) {
        Value line = add(b, first, mul(b, two, constant(b, 2 / perWord())));
        Values numbers = numbersOf(b, wordsAt(line, v), pairs);
        if (!pairs) numbers.push_back(wordsAt(add(b, line, constant(b, 1)), v));
        for (Value& x : numbers) x = rounded(x, scale);
        if (bits == 4) {
          Value high = arith::ShLIOp::create(b, numbers[1], splat(b, lanes, b.getI32IntegerAttr(4)));
          Value low = arith::AndIOp::create(b, numbers[0], splat(b, lanes, b.getI32IntegerAttr(15)));
          numbers = {arith::OrIOp::create(b, high, low)};
        }
        Value at =
            add(b, add(b, group, constant(b, wordsOfScales() + v * lanes / 4)), mul(b, two, constant(b, wordsOfTwo())));
        for (auto [n, x] : llvm::enumerate(numbers))
          storeAsWords(b, arith::TruncIOp::create(b, lanesOf(lanes, b.getI8Type()), x), memory,
                       add(b, at, constant(b, int64_t(n) * width() / 4)));
      });
    }
  });
}

/// The scales of a group, vector by vector.
ContractKernel::Values ContractKernel::scales(Builder& b, Value group) const {
  Values all;
  for (int64_t v = 0; v < tile.vectors; ++v) {
    Value at = add(b, group, constant(b, v * target.lanes / 2));
    Value scale = loadAs(b, target.lanes, b.getBF16Type(), packed, at);
    all.push_back(arith::ExtFOp::create(b, lanesOf(target.lanes, b.getF32Type()), scale));
  }
  return all;
}

/// The words of the group's numbers 2 `two` and 2 `two` + 1: one line of pairs, or two, one after the other.
ContractKernel::Values ContractKernel::widened(Builder& b, Value group, Value two, ValueRange scales) const {
  const int lanes = target.lanes;
  Type i32 = b.getI32Type();
  Value at = add(b, add(b, group, constant(b, wordsOfScales())), mul(b, two, constant(b, wordsOfTwo())));
  auto ask = [&](int64_t words, unsigned cache) {
    memref::PrefetchOp::create(b, packed, add(b, at, constant(b, words)), /*isWrite=*/false, cache,
                               /*isDataCache=*/true);
  };
  ask(soon, 3), ask(later, 2);
  auto integers = [&](int64_t place) {
    Value bytes = loadAs(b, lanes, b.getI8Type(), packed, add(b, at, constant(b, place)));
    return arith::ExtSIOp::create(b, lanesOf(lanes, i32), bytes).getResult();
  };
  auto asFloats = [&](Value integers) -> Value {
    return arith::SIToFPOp::create(b, lanesOf(lanes, b.getF32Type()), integers);
  };
  Values lines[2];
  for (int64_t v = 0; v < tile.vectors; ++v) {
    Value numbers[2];
    if (bits == 4) {
      Value both = integers(v * lanes / 4), up = splat(b, lanes, b.getI32IntegerAttr(28));
      Value high = arith::ShRSIOp::create(b, both, splat(b, lanes, b.getI32IntegerAttr(4)));
      if (target.avx512) {  // a permutation instead of two shifts and a conversion
        for (auto [number, index] : {std::pair(&numbers[0], both), {&numbers[1], high}})
          *number = lookUp512(b, b.getLoc(), {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1}, index);
      } else {
        numbers[0] = asFloats(arith::ShRSIOp::create(b, arith::ShLIOp::create(b, both, up), up));
        numbers[1] = asFloats(high);
      }
    } else {
      for (int64_t n : {0, 1}) numbers[n] = asFloats(integers(n * width() / 4 + v * lanes / 4));
    }
    for (int n : {0, 1}) {
      numbers[n] = arith::MulFOp::create(b, numbers[n], scales[v]);
      if (!pairs) lines[n].push_back(numbers[n]);
    }
    if (pairs) lines[0].push_back(toPairs(b, b.getLoc(), numbers[0], numbers[1]));
  }
  lines[0].append(lines[1]);
  return lines[0];
}

/// A panel's groups as lines of words.
void ContractKernel::widenPanel(Builder& b, const Slice& slice, Value position, Value scratch) const {
  loop(b, constant(b, 0), quotient(b, slice.lines, constant(b, groupLines())), 1, [&](Value number) {
    Value group = add(b, position, mul(b, number, constant(b, wordsOfGroup())));
    Values scale = scales(b, group);
    Value to = add(b, constant(b, panelAt()), mul(b, number, constant(b, groupLines() * width())));
    loop(b, constant(b, 0), constant(b, numbersPerGroup / 2), 1, [&](Value two) {
      Value line = add(b, to, mul(b, two, constant(b, 2 / perWord() * width())));
      for (auto [n, words] : llvm::enumerate(widened(b, group, two, scale)))
        vector::StoreOp::create(b, words, scratch, add(b, line, constant(b, int64_t(n) * target.lanes)));
    });
  });
}

/// As sums, of groups that are widened in registers.
ContractKernel::Values ContractKernel::sumsOfRounded(Builder& b, Value rows, const Panel& panel, Value lines,
                                                     Values sums) const {
  Value groups = quotient(b, lines, constant(b, groupLines()));
  return loop(b, constant(b, 0), groups, sums, [&](Value number, Values sums) {
    Value group = add(b, panel.position, mul(b, number, constant(b, wordsOfGroup())));
    Values scale = scales(b, group);
    return loop(b, constant(b, 0), constant(b, numbersPerGroup / 2), sums, [&](Value two, Values sums) {
      Value k = mul(b, number, constant(b, groupLines()));
      k = add(b, k, mul(b, two, constant(b, 2 / perWord())));
      Values words = widened(b, group, two, scale);
      for (int64_t n = 0; n * tile.vectors < int64_t(words.size()); ++n) {
        auto across = ArrayRef<Value>(words).slice(n * tile.vectors, tile.vectors);
        sums = addLine(b, rows, add(b, k, constant(b, n)), across, sums);
      }
      return sums;
    });
  });
}

}  // namespace heed::codegen
