// The asynchronous ops as instructions: of the NVVM dialect where it has them, else inline PTX.
//
// What is not done when the instruction is (wgmma) keeps its registers by ties: sums go in and come out of each asm,
// and so do fence and wait. A plain op would leave LLVM free to move what computes these registers across it.
#include "heed/codegen/gpu/passes.h"
#include "heed/codegen/tile/async.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen::gpu {

#define GEN_PASS_DEF_LOWERASYNC
#include "heed/codegen/gpu/passes.h.inc"

namespace {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

/// Inline PTX. `text` may name operands $0, $1, ...: the results, then `in` as `constraints` say.
SmallVector<Value> assemble(Builder& b, const std::string& text, TypeRange results, ValueRange in,
                            std::string constraints) {
  constraints += constraints.empty() ? "~{memory}" : ",~{memory}";
  Type type = LLVM::LLVMVoidType::get(b.getContext());
  if (results.size() == 1) type = results[0];
  if (results.size() > 1) type = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(results));
  auto op = LLVM::InlineAsmOp::create(b, results.empty() ? TypeRange() : TypeRange(type), in, text, constraints,
                                      /*has_side_effects=*/true, /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
  if (results.size() < 2) return SmallVector<Value>(op->getResults());
  SmallVector<Value> all;
  for (int64_t n = 0; n < int64_t(results.size()); ++n)
    all.push_back(LLVM::ExtractValueOp::create(b, op->getResult(0), n));
  return all;
}

std::string letterOf(Type type) { return type.isF32() ? "f" : type.isInteger(64) ? "l" : "r"; }

/// `text` with all of `values` in and out of the same registers.
void tie(Operation* op, const std::string& text) {
  Builder b(op->getLoc(), op);
  std::string out, in;
  for (auto [n, value] : llvm::enumerate(op->getOperands())) {
    out += (n ? ",=" : "=") + letterOf(value.getType());
    in += "," + std::to_string(n);
  }
  op->replaceAllUsesWith(assemble(b, text, op->getResultTypes(), op->getOperands(), out + in));
  op->erase();
}

std::string registersFrom(size_t first, size_t count) {
  std::string text = "{";
  for (size_t n = 0; n < count; ++n) text += (n ? ", $" : "$") + std::to_string(first + n);
  return text + "}";
}

void lower(tile::WgmmaOp op) {
  Builder b(op.getLoc(), op);
  const size_t sums = op.getResults().size(), left = op.getA().size();
  SmallVector<Value> in(op.getA());
  in.push_back(op.getB());
  std::string constraints;
  for (size_t n = 0; n < sums; ++n) constraints += n ? ",=f" : "=f";
  constraints += left == 1 ? ",l,l" : ",r,r,r,r,l";
  const bool zero = op.getSums().empty();
  for (Value sum : op.getSums()) in.push_back(sum);
  for (size_t n = 0; n < op.getSums().size(); ++n) constraints += "," + std::to_string(n);
  const std::string type = op.getElement().isBF16() ? "bf16" : "f16";
  // The last of the flags says that the right operand has the depth as rows; one before it is the left's.
  std::string text = "{\n.reg .pred more;\nsetp.ne.b32 more, " + std::string(zero ? "0" : "1") +
                     ", 0;\nwgmma.mma_async.sync.aligned.m64n" + std::to_string(op.getN()) + "k16.f32." + type + "." +
                     type + " " + registersFrom(0, sums) + ", " +
                     (left == 1 ? "$" + std::to_string(sums) : registersFrom(sums, 4)) + ", $" +
                     std::to_string(sums + left) + ", more, 1, 1, " + (left == 1 ? "0, " : "") +
                     (op.getUpright() ? "1" : "0") + ";\n}";
  op.replaceAllUsesWith(assemble(b, text, op->getResultTypes(), in, constraints));
  op.erase();
}

struct LowerAsync : impl::LowerAsyncBase<LowerAsync> {
  void runOnOperation() override {
    SmallVector<Operation*> ops;
    getOperation().walk([&](Operation* op) {
      if (isa<tile::TileDialect>(op->getDialect())) ops.push_back(op);
    });
    for (Operation* op : ops) lowerOp(op);
  }

  void lowerOp(Operation* op) {
    Builder b(op->getLoc(), op);
    auto pointer = [&](Value address, unsigned space = 3) -> Value {
      Value bits = arith::IndexCastOp::create(b, b.getI64Type(), address);
      Value narrow = arith::TruncIOp::create(b, b.getI32Type(), bits);
      return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), space), narrow);
    };
    auto word = [&](int64_t x) { return LLVM::ConstantOp::create(b, b.getI32Type(), b.getI32IntegerAttr(int32_t(x))); };
    if (auto product = dyn_cast<tile::WgmmaOp>(op)) return lower(product);
    if (isa<tile::WgmmaFenceOp>(op)) return tie(op, "wgmma.fence.sync.aligned;");
    if (auto wait = dyn_cast<tile::WgmmaWaitOp>(op))
      return tie(op, "wgmma.wait_group.sync.aligned " + std::to_string(wait.getPending()) + ";");
    if (isa<tile::WgmmaCommitOp>(op)) {
      assemble(b, "wgmma.commit_group.sync.aligned;", {}, {}, "");
    } else if (auto init = dyn_cast<tile::MbarrierInitOp>(op)) {
      assemble(b, "mbarrier.init.shared::cta.b64 [$0], $1;", {},
               ValueRange{pointer(init.getBarrier()), word(init.getCount())}, "r,r");
    } else if (auto expect = dyn_cast<tile::MbarrierExpectOp>(op)) {
      assemble(b, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", {},
               ValueRange{pointer(expect.getBarrier()), word(expect.getBytes())}, "r,r");
    } else if (auto arrive = dyn_cast<tile::MbarrierArriveOp>(op)) {
      assemble(b, "mbarrier.arrive.shared::cta.b64 _, [$0];", {}, ValueRange{pointer(arrive.getBarrier())}, "r");
    } else if (auto wait = dyn_cast<tile::MbarrierWaitOp>(op)) {
      // Labels belong to the braces they stand in.
      assemble(b,
               "{\n.reg .pred done;\nagain:\nmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n"
               "@!done bra again;\n}",
               {}, ValueRange{pointer(wait.getBarrier()), wait.getParity()}, "r,r");
    } else if (auto load = dyn_cast<tile::TmaLoadOp>(op)) {
      SmallVector<Value> in{pointer(load.getTo()), load.getMap(), pointer(load.getBarrier())};
      std::string at, constraints = "r,l,r";
      for (auto [n, x] : llvm::enumerate(load.getAt())) {
        at += (n ? ", $" : "$") + std::to_string(3 + n);
        in.push_back(x), constraints += ",r";
      }
      assemble(b,
               "cp.async.bulk.tensor." + std::to_string(load.getAt().size()) +
                   "d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, {" + at + "}], [$2];",
               {}, in, constraints);
    } else if (isa<tile::FenceAsyncOp>(op)) {
      assemble(b, "fence.proxy.async.shared::cta;", {}, {}, "");
    } else if (auto barrier = dyn_cast<tile::NamedBarrierOp>(op)) {
      assemble(b,
               std::string(barrier.getArrive() ? "bar.arrive" : "bar.sync") + " $0, " +
                   std::to_string(barrier.getThreads()) + ";",
               {}, ValueRange{barrier.getId()}, "r");
    } else if (auto registers = dyn_cast<tile::RegistersOp>(op)) {
      assemble(b,
               "setmaxnreg." + std::string(registers.getMore() ? "inc" : "dec") + ".sync.aligned.u32 " +
                   std::to_string(registers.getCount()) + ";",
               {}, {}, "");
    } else {
      op->emitOpError("has no instruction");
      return signalPassFailure();
    }
    op->erase();
  }
};

}  // namespace
}  // namespace heed::codegen::gpu
