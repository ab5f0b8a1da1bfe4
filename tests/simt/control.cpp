// Loops and branches under masks; what lanes, warps and the block do together.
#include "llvm/ADT/TypeSwitch.h"
#include "machine.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::simt {

using namespace mlir;

namespace {

/// Words from registers to registers; all are read before any is written, for a loop may swap what it carries.
struct Move {
  int to, from;
};
void move(Warp& w, Mask m, ArrayRef<Move> moves) {
  SmallVector<Word> held(moves.size() * lanes);
  for (auto [n, part] : llvm::enumerate(moves)) std::copy_n(w.at(part.from), lanes, &held[n * lanes]);
  for (auto [n, part] : llvm::enumerate(moves))
    each(m, [&, o = w.at(part.to), x = &held[n * lanes]](int l) { o[l] = x[l]; });
}

void run(const Steps& steps, Warp& w, Mask m) {
  if (m)
    for (const Step& step : steps) step(w, m);
}

}  // namespace

int Compiler::word(Value value) {
  auto [known, fresh] = slots_.try_emplace(value, next_);
  if (fresh) next_ += wordsOf(value.getType());
  return known->second;
}

Steps Compiler::block(mlir::Block& block) {
  Steps steps;
  for (Operation& op : block) {
    if (isa<scf::YieldOp, LLVM::ReturnOp>(op)) continue;  // whoever holds the block moves what it yields
    Step step = arithmetic(&op);
    if (!step) step = memory(&op);
    if (!step) step = control(&op);
    if (!step) step = device(&op);
    if (!step) step = async(&op);
    if (!step) fault(&op, "the SIMT interpreter has no such op");
    steps.push_back(std::move(step));
  }
  return steps;
}

Step Compiler::control(Operation* op) {
  auto moves = [&](ValueRange to, ValueRange from) {
    SmallVector<Move> all;
    for (auto [t, f] : llvm::zip_equal(to, from))
      for (int i = 0; i < wordsOf(t.getType()); ++i) all.push_back({word(t) + i, word(f) + i});
    return all;
  };
  if (auto choice = dyn_cast<scf::IfOp>(op)) {
    int condition = word(choice.getCondition());
    Steps then = block(*choice.thenBlock()), otherwise;
    SmallVector<Move> results = moves(choice.getResults(), choice.thenYield().getOperands()), others;
    if (choice.elseBlock()) {
      otherwise = block(*choice.elseBlock());
      others = moves(choice.getResults(), choice.elseYield().getOperands());
    }
    return [=](Warp& w, Mask m) {
      Mask yes = 0;
      each(m, [&, c = w.at(condition)](int l) { yes |= Mask(c[l] != 0) << l; });
      run(then, w, yes);
      move(w, yes, results);
      run(otherwise, w, m & ~yes);
      move(w, m & ~yes, others);
    };
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    int low = word(loop.getLowerBound()), high = word(loop.getUpperBound()), by = word(loop.getStep());
    int at = word(loop.getInductionVar()), bits = bitsOf(loop.getInductionVar().getType());
    auto begin = moves(loop.getRegionIterArgs(), loop.getInitArgs());
    Steps body = block(*loop.getBody());
    auto next = moves(loop.getRegionIterArgs(), loop.getBody()->getTerminator()->getOperands());
    auto end = moves(loop.getResults(), loop.getRegionIterArgs());
    return [=](Warp& w, Mask m) {
      move(w, m, begin);
      each(m, [&](int l) {
        w.at(at)[l] = w.at(low)[l];
        if (extended(w.at(by)[l], bits) <= 0) fault(op, "the step of the loop is not positive");
      });
      while (true) {
        Mask more = 0;
        each(m, [&](int l) { more |= Mask(extended(w.at(at)[l], bits) < extended(w.at(high)[l], bits)) << l; });
        if (!more) break;
        run(body, w, more);
        move(w, more, next);
        each(more, [&](int l) { w.at(at)[l] += w.at(by)[l]; });
      }
      move(w, m, end);
    };
  }
  return {};
}

namespace {

/// Fragments of mma.sync.m16n8k16, as the PTX ISA places them ("Matrix fragments for mma.m16n8k16"): two numbers of 16
/// bits in a register, the lower half first.
struct Halves {
  static constexpr int step = 16, perRegister = 2;
  static int rowOfA(int lane, int i) { return lane / 4 + 8 * (i / 2 % 2); }
  static int columnOfA(int lane, int i) { return 2 * (lane % 4) + i % 2 + 8 * (i / 4); }
  static int rowOfB(int lane, int i) { return 2 * (lane % 4) + i % 2 + 8 * (i / 2); }
};

/// Those of mma.sync.m16n8k8 of tf32 ("Matrix fragments for mma.m16n8k8"): one number in a register.
struct Singles {
  static constexpr int step = 8, perRegister = 1;
  static int rowOfA(int lane, int i) { return lane / 4 + 8 * (i % 2); }
  static int columnOfA(int lane, int i) { return lane % 4 + 4 * (i / 2); }
  static int rowOfB(int lane, int i) { return lane % 4 + 4 * i; }
};

/// Sums of A B, of 16 x step and step x 8, and C. numberOf(lane, operand, i): A's number i of a lane, or B's.
template <class Fragment, class NumberOf>
void multiply(Warp& w, ArrayRef<int> c, int out, NumberOf numberOf) {
  double A[16][Fragment::step], B[Fragment::step][8];
  for (int l = 0; l < lanes; ++l) {
    for (int i = 0; i < 4 * Fragment::perRegister; ++i)
      A[Fragment::rowOfA(l, i)][Fragment::columnOfA(l, i)] = numberOf(l, 0, i);
    for (int i = 0; i < 2 * Fragment::perRegister; ++i) B[Fragment::rowOfB(l, i)][l / 4] = numberOf(l, 1, i);
  }
  for (int l = 0; l < lanes; ++l)
    for (int i = 0; i < 4; ++i) {
      double sum = std::bit_cast<float>(std::uint32_t(w.at(c[i])[l]));
      for (int k = 0; k < Fragment::step; ++k) sum += A[l / 4 + 8 * (i / 2)][k] * B[k][2 * (l % 4) + i % 2];
      w.at(out + i)[l] = std::bit_cast<std::uint32_t>(float(sum));
    }
}

constexpr Word belowTf32 = (1 << 13) - 1;  // bits of f32 that tf32 has not

/// To nearest, ties away from 0; NaN is the one that PTX calls canonical.
Word roundedToTf32(Word x) {
  if (std::isnan(std::bit_cast<float>(std::uint32_t(x)))) return 0x7fffffff;
  return (x + belowTf32 / 2 + 1) & ~belowTf32 & 0xffffffff;
}

}  // namespace

Step Compiler::device(Operation* op) {
  auto counted = [&](Step step) -> Step {
    std::int64_t* count = &counts_[op->getName().getStringRef().str()];
    return [=, step = std::move(step)](Warp& w, Mask m) {
      ++*count;
      step(w, m);
    };
  };
  auto fill = [&](auto value) -> Step {  // value(warp, lane)
    int out = word(op->getResult(0));
    return [=](Warp& w, Mask m) { each(m, [&, o = w.at(out)](int l) { o[l] = Word(value(w, l)); }); };
  };
  return llvm::TypeSwitch<Operation*, Step>(op)
      .Case([&](NVVM::ThreadIdXOp) { return fill([](Warp& w, int l) { return w.thread(l); }); })
      .Case([&](NVVM::BlockIdXOp) { return fill([](Warp& w, int) { return w.block.number; }); })
      .Case([&](NVVM::ShflOp shuffle) -> Step {
        bool direct = shuffle.getKind() == NVVM::ShflKind::idx;
        if (!direct && shuffle.getKind() != NVVM::ShflKind::bfly) return {};
        if (isa<LLVM::LLVMStructType>(shuffle.getType())) return {};
        int out = word(shuffle), x = word(shuffle.getVal()), by = word(shuffle.getOffset());
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          Word held[lanes];
          std::copy_n(w.at(x), lanes, held);
          each(m, [&](int l) { w.at(out)[l] = held[((direct ? 0 : l) ^ int(w.at(by)[l])) % lanes]; });
        });
      })
      .Case([&](NVVM::VoteSyncOp vote) -> Step {
        int out = word(vote), x = word(vote.getPred());
        auto kind = vote.getKind();
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          Word set = 0;
          each(m, [&](int l) { set |= Word(w.at(x)[l] != 0) << l; });
          Word result = kind == NVVM::VoteSyncKind::ballot ? set
                        : kind == NVVM::VoteSyncKind::any  ? set != 0
                        : kind == NVVM::VoteSyncKind::all  ? set == everyLane
                                                           : set == 0 || set == everyLane;
          each(m, [&](int l) { w.at(out)[l] = result; });
        });
      })
      .Case([&](NVVM::SyncWarpOp) {
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          ++w.epoch;
        });
      })
      .Case([&](NVVM::Barrier0Op) {
        barrier_ = true;
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          w.block.barrier(w.number);
        });
      })
      .Case([&](NVVM::MmaOp mma) -> Step {
        using Kind = NVVM::MMATypes;
        auto shape = mma.getShape();
        const Kind kind = mma.getMultiplicandAPtxType().value_or(Kind::f64);
        const bool single = kind == Kind::tf32;
        if (shape.getM() != 16 || shape.getN() != 8 || shape.getK() != (single ? 8 : 16) ||
            (!single && kind != Kind::bf16 && kind != Kind::f16))
          return {};
        // Operands are registers of 32 bits: i32, or vectors of two halves.
        auto registers = [&](ValueRange operands) {
          return llvm::map_to_vector(operands, [&](Value v) { return std::pair(word(v), wordsOf(v.getType())); });
        };
        SmallVector<SmallVector<std::pair<int, int>>> operands{registers(mma.getOperandA()),
                                                               registers(mma.getOperandB())};
        auto c = llvm::map_to_vector(mma.getOperandC(), [&](Value v) { return word(v); });
        int out = word(mma);
        if (wordsOf(mma.getType()) != 4) return {};
        if (single)
          return counted([=](Warp& w, Mask m) {
            w.requireAll(m, op);
            multiply<Singles>(w, c, out, [&](int l, int operand, int i) -> double {
              const Word bits = w.at(operands[operand][i].first)[l];
              const float x = std::bit_cast<float>(std::uint32_t(bits));
              if (!std::isnan(x) && (bits & belowTf32)) fault(op, "an operand is not rounded to tf32");
              return x;
            });
          });
        Type element =
            kind == Kind::bf16 ? Type(BFloat16Type::get(op->getContext())) : Type(Float16Type::get(op->getContext()));
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          multiply<Halves>(w, c, out, [&](int l, int operand, int i) {
            auto [first, words] = operands[operand][i / 2];
            const Word bits = words == 2 ? w.at(first + i % 2)[l] : w.at(first)[l] >> (16 * (i % 2));
            return toDouble(bits & 0xffff, element);
          });
        });
      })
      .Case([&](NVVM::ConvertFloatToTF32Op convert) -> Step {
        if (convert.getRnd() != NVVM::FPRoundingMode::RNA || convert.getRelu()) return {};
        int x = word(convert.getSrc());
        return fill([=](Warp& w, int l) { return roundedToTf32(w.at(x)[l]); });
      })
      .Case([&](NVVM::LdMatrixOp load) -> Step {
        // Matrix n has its rows at the addresses of lanes 8 n to 8 n + 7; lane l gets row l / 4, columns 2 (l % 4) and
        // the next, or transposed the other way round.
        int matrices = int(load.getNum()), address = word(load.getPtr()), out = word(load);
        bool transposed = load.getLayout() == NVVM::MMALayout::col;
        return counted([=](Warp& w, Mask m) {
          w.requireAll(m, op);
          for (int n = 0; n < matrices; ++n) {
            std::uint16_t rows[8][8];
            for (int r = 0; r < 8; ++r) {
              int l = 8 * n + r;
              Word row = w.at(address)[l];
              if (row % 16) fault(op, "a row of a matrix is not 16-byte aligned");
              if (!w.block.shared.has(row)) fault(op, "a row of a matrix is not in shared memory");
              w.load(row, rows[r], 16, l, op);
            }
            each(m, [&](int l) {
              int i = l / 4, j = 2 * (l % 4);
              Word low = transposed ? rows[j][i] : rows[i][j], high = transposed ? rows[j + 1][i] : rows[i][j + 1];
              w.at(out + n)[l] = low | high << 16;
            });
          }
        });
      })
      .Case([&](NVVM::CpAsyncOp copy) -> Step {
        int to = word(copy.getDst()), from = word(copy.getSrc()), bytes = int(copy.getSize());
        int some = copy.getCpSize() ? word(copy.getCpSize()) : -1;  // fewer bytes, the rest 0
        return counted([=](Warp& w, Mask m) {
          each(m, [&](int l) {
            int count = some < 0 ? bytes : int(w.at(some)[l]);
            Copy pending{w.at(to)[l], std::vector<unsigned char>(bytes), w.groups[l]};
            if (pending.to % bytes || (count && w.at(from)[l] % bytes)) fault(op, "a copy is misaligned");
            if (!w.block.shared.has(pending.to)) fault(op, "a copy does not go to shared memory");
            if (count && !w.block.memory.has(w.at(from)[l], count))
              fault(op, "thread " + std::to_string(w.thread(l)) + " copies from outside of all buffers");
            if (count) std::memcpy(pending.data.data(), reinterpret_cast<const void*>(w.at(from)[l]), count);
            std::string wrong = w.block.shared.reserve(pending.to, bytes, w.thread(l), w);
            if (!wrong.empty()) fault(op, "thread " + std::to_string(w.thread(l)) + " " + wrong);
            w.copies[l].push_back(std::move(pending));
          });
        });
      })
      .Case([&](NVVM::CpAsyncCommitGroupOp) {
        return counted([=](Warp& w, Mask m) { each(m, [&](int l) { ++w.groups[l]; }); });
      })
      .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
        int left = int(wait.getN());
        return counted([=](Warp& w, Mask m) {
          each(m, [&](int l) {
            std::erase_if(w.copies[l], [&](const Copy& copy) {
              if (copy.group >= w.groups[l] - left) return false;
              std::memcpy(reinterpret_cast<void*>(copy.to), copy.data.data(), copy.data.size());
              w.block.shared.land(copy.to, int(copy.data.size()), w.thread(l), w);
              return true;
            });
          });
        });
      })
      .Case([&](LLVM::CallIntrinsicOp call) -> Step {
        if (call.getIntrin() != "llvm.nvvm.ex2.approx.ftz") return {};
        int x = word(call.getArgs()[0]);
        return fill([=](Warp& w, int l) {
          float y = std::exp2(std::bit_cast<float>(std::uint32_t(w.at(x)[l])));
          return std::bit_cast<std::uint32_t>(y < 0x1p-126f ? 0 : y);
        });
      })
      .Case([&](LLVM::InlineAsmOp none) -> Step {  // settled(): no instruction at all
        if (!none.getAsmString().empty() || none.getNumOperands() != 1) return {};
        int x = word(none.getOperand(0));
        return fill([=](Warp& w, int l) { return w.at(x)[l]; });
      })
      .Case<NVVM::ConvertF32x2ToBF16x2Op, NVVM::ConvertF32x2ToF16x2Op>([&](auto pair) -> Step {
        int high = word(pair.getSrcHi()), low = word(pair.getSrcLo()), out = word(pair);
        Type type = cast<VectorType>(pair.getType()).getElementType(), f32 = Float32Type::get(op->getContext());
        return [=](Warp& w, Mask m) {
          each(m, [&](int l) {
            w.at(out)[l] = fromDouble(toDouble(w.at(low)[l], f32), type);
            w.at(out + 1)[l] = fromDouble(toDouble(w.at(high)[l], f32), type);
          });
        };
      })
      .Case([&](LLVM::BitcastOp cast) -> Step {  // two halves as one register and back
        int in = word(cast.getArg()), out = word(cast);
        int from = wordsOf(cast.getArg().getType()), to = wordsOf(cast.getType());
        if (from == to) return [=](Warp& w, Mask m) { each(m, [&](int l) { w.at(out)[l] = w.at(in)[l]; }); };
        if (from == 2 && to == 1)
          return [=](Warp& w, Mask m) { each(m, [&](int l) { w.at(out)[l] = w.at(in)[l] | w.at(in + 1)[l] << 16; }); };
        if (from == 1 && to == 2)
          return [=](Warp& w, Mask m) {
            each(m, [&](int l) { w.at(out)[l] = w.at(in)[l] & 0xffff, w.at(out + 1)[l] = w.at(in)[l] >> 16; });
          };
        return {};
      })
      .Default([](Operation*) { return Step(); });
}

}  // namespace heed::simt
