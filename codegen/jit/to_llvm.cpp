// From scf, vector, memref, arith and the rest to the LLVM dialect, in one conversion where that is possible.
//
// Upstream's passes do the same one dialect at a time; each walks and legalises everything again, which costs more
// than the patterns themselves. Ops that have no direct form are rewritten first, and only they are visited; loops
// become branches on their own, because upstream's patterns for them read an op after its replacement.
#include "heed/codegen/jit/passes.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace heed::codegen {

#define GEN_PASS_DEF_TOLLVM
#include "heed/codegen/jit/passes.h.inc"

namespace {

using namespace mlir;

bool touchesMatrix(Operation* op) {
  auto matrix = [](Type type) {
    auto vector = dyn_cast<VectorType>(type);
    return vector && vector.getRank() > 1;
  };
  return llvm::any_of(op->getOperandTypes(), matrix) || llvm::any_of(op->getResultTypes(), matrix);
}

bool isBFloat(Type type) { return getElementTypeOrSelf(type).isBF16(); }

/// Ops without a direct LLVM form: n-D vectors, affine arithmetic, strided views, and bf16 conversion, which the
/// back end would otherwise turn into one library call per element.
bool needsRewriting(Operation* op) {
  if (isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp, affine::AffineApplyOp, affine::AffineMinOp,
          affine::AffineMaxOp>(op))
    return true;
  if (auto narrow = dyn_cast<arith::TruncFOp>(op)) return isBFloat(narrow.getType());
  if (auto widen = dyn_cast<arith::ExtFOp>(op)) return isBFloat(widen.getIn().getType());
  return isa<vector::VectorDialect>(op->getDialect()) &&
         (touchesMatrix(op) || isa<vector::StepOp, vector::ShapeCastOp, vector::TransferReadOp, vector::TransferWriteOp,
                                   vector::CreateMaskOp, vector::ConstantMaskOp>(op));
}

LogicalResult rewriteAwkwardOps(ModuleOp module) {
  SmallVector<Operation*> ops;
  module.walk([&](Operation* op) {
    if (needsRewriting(op)) ops.push_back(op);
  });
  if (ops.empty()) return success();
  RewritePatternSet patterns(module.getContext());
  memref::populateExpandStridedMetadataPatterns(patterns);
  populateAffineToStdConversionPatterns(patterns);
  arith::populateExpandBFloat16Patterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(patterns, vector::VectorTransposeLowering::Shuffle16x16);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorBitCastLoweringPatterns(patterns);
  vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
  vector::populateVectorMaskMaterializationPatterns(patterns, /*force32BitVectorIndices=*/true);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
  vector::populateVectorStepLoweringPatterns(patterns);
  vector::populateVectorRankReducingFMAPattern(patterns);
  vector::populateVectorFromElementsUnrollPatterns(patterns);
  vector::populateVectorToElementsUnrollPatterns(patterns);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps).enableFolding(true);
  return applyOpPatternsGreedily(ops, std::move(patterns), config);
}

/// bf16 is storage only: every conversion has been expanded to integer arithmetic, so the back end is shown i16. Shown
/// bf16, it turns plain stores into library calls where the CPU has no bf16 instructions.
void showBFloatAsInteger(LLVMTypeConverter& types) {
  types.addConversion([](BFloat16Type type) -> Type { return IntegerType::get(type.getContext(), 16); });
  types.addConversion([](VectorType type) -> std::optional<Type> {
    if (!type.getElementType().isBF16() || type.getRank() != 1) return std::nullopt;
    return type.clone(IntegerType::get(type.getContext(), 16));
  });
}

struct BFloatConstant : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(arith::ConstantOp op, OpAdaptor, ConversionPatternRewriter& rewriter) const override {
    if (!isBFloat(op.getType())) return rewriter.notifyMatchFailure(op, "has an LLVM form of its own");
    Type type = getTypeConverter()->convertType(op.getType()), word = rewriter.getI16Type();
    TypedAttr value;
    if (auto number = dyn_cast<FloatAttr>(op.getValue()))
      value = rewriter.getIntegerAttr(word, number.getValue().bitcastToAPInt());
    else
      value =
          cast<DenseFPElementsAttr>(op.getValue()).mapValues(word, [](const APFloat& x) { return x.bitcastToAPInt(); });
    rewriter.replaceOpWithNewOp<LLVM::ConstantOp>(op, type, value);
    return success();
  }
};

/// Where a view starts is part of its pointer: upstream keeps pointer and offset, and adds them at every access.
struct StartOfView : ConvertOpToLLVMPattern<memref::ReinterpretCastOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::ReinterpretCastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter& b) const override {
    Location loc = op.getLoc();
    auto type = op.getType();
    if (!isa<MemRefType>(op.getSource().getType()) || adaptor.getOffsets().size() != 1)
      return b.notifyMatchFailure(op, "starts where its type says");
    MemRefDescriptor source(adaptor.getSource());
    auto view = MemRefDescriptor::poison(b, loc, getTypeConverter()->convertType(type));
    view.setAllocatedPtr(b, loc, source.allocatedPtr(b, loc));
    Value pointer = source.alignedPtr(b, loc);
    view.setAlignedPtr(
        b, loc,
        LLVM::GEPOp::create(b, loc, pointer.getType(), getTypeConverter()->convertType(type.getElementType()), pointer,
                            adaptor.getOffsets()[0]));
    view.setConstantOffset(b, loc, 0);
    auto fill = [&](ArrayRef<int64_t> known, ValueRange given, auto setKnown, auto setGiven) {
      for (auto [n, number] : llvm::enumerate(known)) {
        if (!ShapedType::isDynamic(number)) {
          setKnown(n, number);
        } else {
          setGiven(n, given.front());
          given = given.drop_front();
        }
      }
    };
    fill(
        op.getStaticSizes(), adaptor.getSizes(),
        [&](unsigned n, int64_t size) { view.setConstantSize(b, loc, n, size); },
        [&](unsigned n, Value size) { view.setSize(b, loc, n, size); });
    fill(
        op.getStaticStrides(), adaptor.getStrides(),
        [&](unsigned n, int64_t stride) { view.setConstantStride(b, loc, n, stride); },
        [&](unsigned n, Value stride) { view.setStride(b, loc, n, stride); });
    b.replaceOp(op, {Value(view)});
    return success();
  }
};

/// Kernels are folded as they are built.
ConversionConfig withoutFolding() {
  ConversionConfig config;
  config.foldingMode = DialectConversionFoldingMode::Never;
  return config;
}

LogicalResult loopsToBranches(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*module.getContext());
  target.addIllegalDialect<scf::SCFDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation*) { return true; });
  return applyPartialConversion(module, target, std::move(patterns), withoutFolding());
}

/// What a branch expects becomes its weights: what only the other side needs then holds no register through loops.
void weighBranches(ModuleOp module) {
  module.walk([](LLVM::CondBrOp branch) {
    auto expected = branch.getCondition().getDefiningOp<LLVM::ExpectOp>();
    if (!expected) return;
    bool likely = matchPattern(expected.getExpected(), m_One());
    branch.setBranchWeights(likely ? ArrayRef<int32_t>{2000, 1} : ArrayRef<int32_t>{1, 2000});
    branch.getConditionMutable().assign(expected.getVal());
    if (expected->use_empty()) expected.erase();
  });
}

/// A view is put together as a struct and taken apart wherever it is read: nearly a third of all that the back end
/// would be given. What is taken out is what was put in.
void dissolveStructs(ModuleOp module) {
  SmallVector<LLVM::InsertValueOp> built;
  module.walk([&](Operation* op) {
    if (auto insert = dyn_cast<LLVM::InsertValueOp>(op)) built.push_back(insert);
    auto extract = dyn_cast<LLVM::ExtractValueOp>(op);
    if (!extract) return;
    SmallVector<OpFoldResult> part;
    while (part.empty() && succeeded(extract->fold(part))) {
    }
    auto value = part.empty() ? Value() : dyn_cast<Value>(part[0]);
    if (!value) return;
    extract.replaceAllUsesWith(value);
    extract.erase();
  });
  for (LLVM::InsertValueOp insert : llvm::reverse(built))
    if (insert->use_empty()) insert.erase();
}

struct ToLlvm : impl::ToLlvmBase<ToLlvm> {
  void runOnOperation() override {
    if (failed(rewriteAwkwardOps(getOperation())) || failed(loopsToBranches(getOperation())))
      return signalPassFailure();
    LLVMTypeConverter types(&getContext());
    showBFloatAsInteger(types);
    RewritePatternSet patterns(&getContext());
    patterns.add<BFloatConstant>(types, &getContext(), /*benefit=*/2);
    patterns.add<StartOfView>(types, /*benefit=*/2);
    populateVectorToLLVMConversionPatterns(types, patterns, /*reassociateFPReductions=*/false,
                                           /*force32BitVectorIndices=*/true);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    index::populateIndexToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    target.addLegalOp<UnrealizedConversionCastOp>();
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns), withoutFolding())))
      return signalPassFailure();

    SmallVector<UnrealizedConversionCastOp> casts;
    getOperation().walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
    reconcileUnrealizedCasts(casts);
    dissolveStructs(getOperation());
    weighBranches(getOperation());
    auto left = getOperation().walk([](Operation* op) {
      if (isa<ModuleOp>(op) || isa<LLVM::LLVMDialect, NVVM::NVVMDialect>(op->getDialect()))
        return WalkResult::advance();
      op->emitOpError("has no LLVM form");
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted()) signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
