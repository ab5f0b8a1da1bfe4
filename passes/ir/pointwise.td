// The pointwise ops, one for each row of dsl/words.td. On tensors the result has the axes of all operands together;
// on scalars (in the regions of heed.attention) it is a scalar. Bodies: pointwise.cpp.
#ifndef HEED_PASSES_IR_POINTWISE_TD
#define HEED_PASSES_IR_POINTWISE_TD

include "heed/dsl/words.td"
include "heed/passes/ir/dialect.td"

class Heed_PointwiseOp<Pointwise row>
    : Heed_Op<row.Name, [Pure, InferTypeOpInterface, Heed_OpContract, Heed_Elementwise]> {
  let summary = row.Doc;
  let arguments = !dag(ins, !listsplat(Heed_Value, row.Arity),
                       !cond(!eq(row.Arity, 1): ["x"], !eq(row.Arity, 2): ["lhs", "rhs"], true: ["mask", "x", "other"]));
  let results = (outs Heed_Value:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    static ::llvm::LogicalResult inferReturnTypes(::mlir::MLIRContext*, std::optional<::mlir::Location> loc,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type>& types) {
      return ::heed::ir::inferPointwise(loc, getOperationName(), row(), operands, types);
    }
    static bool isCompatibleReturnTypes(::mlir::TypeRange l, ::mlir::TypeRange r) { return ::heed::ir::sameAxes(l, r); }
    ::llvm::SmallVector<::heed::ir::Reference> evaluate(::llvm::ArrayRef<::heed::ir::Reference> operands,
                                                        ::heed::ir::Evaluation&) {
      return {::heed::ir::evaluateElements(*this, operands)};
    }
    ::llvm::LogicalResult lower(::heed::ir::Lowering& lowering) { return ::heed::ir::lowerElements(*this, lowering); }
    ::heed::ir::ScalarFunction scalarMeaning() { return ::heed::ir::scalarMeaning(*this, row()); }
    ::mlir::Value lowerScalar(::mlir::OpBuilder& b, ::mlir::ValueRange x) {
      return ::heed::ir::lowerScalar(*this, row(), b, x);
    }
    static const ::heed::ir::PointwiseRow& row() {
      static constexpr ::heed::ir::PointwiseRow r{"}] # row.Type.Kind # [{", "}] # row.OnFloat # [{", "}] # row.OnInt # [{",
        [](const double* x, [[maybe_unused]] bool integer) -> double {
          using namespace ::heed::ir::meaning;
          return }] # row.Meaning # [{;
        }};
      return r;
    }
  }];
  let extraClassDefinition = [{
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) { return ::heed::ir::foldScalar(*this, adaptor.getOperands()); }
  }];
}

foreach row = !instances<Pointwise>() in
  def "Heed_" # !cast<string>(row) # "Op" : Heed_PointwiseOp<row>;

#endif
