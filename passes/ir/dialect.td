// The heed dialect, its one attribute (the axes of a tensor) and the contract that every op answers.
//
// Axis order is layout, never meaning: two types with the same axes in another order hold the same tensor.
// Test: tests/passes/ir/verify_test.cpp.
#ifndef HEED_PASSES_IR_DIALECT_TD
#define HEED_PASSES_IR_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Heed_Dialect : Dialect {
  let name = "heed";
  let cppNamespace = "::heed::ir";
  let summary = "what a model means: tensors with named axes";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

def Heed_AxesAttr : AttrDef<Heed_Dialect, "Axes", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "axes";
  let summary = "the name of each axis of a tensor, and the symbol of each extent bound at run time";
  let description = [{
    `tensor<?x8x?x64xf32, #heed.axes<batch:B, heads, seq:T, depth>>`. A dim is dynamic exactly where it has a symbol;
    equal symbols are equal extents. A tensor of rank 0 has no encoding.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names,
                        ArrayRefParameter<"::mlir::StringAttr">:$symbols);  // "" for a static extent
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Heed_Element : AnyTypeOf<[F16, BF16, F32, I32, I1]>;
def Heed_Tensor : Type<And<[CPred<"::heed::ir::isTensor($_self)">]>, "tensor with named axes">;
def Heed_Value : AnyTypeOf<[Heed_Tensor, Heed_Element]>;

// One op, one place: shape is the op's type inference or verifier; the rest of its meaning is here.
def Heed_OpContract : OpInterface<"OpContract"> {
  let cppNamespace = "::heed::ir";
  let description = [{What passes and tests may ask of any op, so that none needs to know its name.}];
  let methods = [
    InterfaceMethod<"The results in f64: the reference that compiled code is compared with.",
      "::llvm::SmallVector<::heed::ir::Reference>", "evaluate",
      (ins "::llvm::ArrayRef<::heed::ir::Reference>":$operands, "::heed::ir::Evaluation &":$evaluation)>,
    InterfaceMethod<"Writes the op as upstream or tile ops on buffers.",
      "::llvm::LogicalResult", "lower", (ins "::heed::ir::Lowering &":$lowering)>,
  ];
}

// An op that computes each element of its result from the same element of its operands; legal on scalars too.
def Heed_Elementwise : OpInterface<"Elementwise"> {
  let cppNamespace = "::heed::ir";
  let methods = [
    InterfaceMethod<"One element, in f64.", "::heed::ir::ScalarFunction", "scalarMeaning">,
    InterfaceMethod<"One element, in arith and math ops.", "::mlir::Value", "lowerScalar",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$elements)>,
  ];
}

// An op whose sums pass through elementwise ops before they are stored. See heed.epilogue.
def Heed_TakesEpilogue : OpInterface<"TakesEpilogue"> {
  let cppNamespace = "::heed::ir";
  let methods = [
    InterfaceMethod<"Whether it takes one that stores a tensor of this type.", "bool", "takesEpilogue",
      (ins "::mlir::Type":$stored)>,
    InterfaceMethod<"As lower, but `result` holds `stored`, which elementwise ops make from this op's result.",
      "::llvm::LogicalResult", "lowerWithEpilogue",
      (ins "::heed::ir::Lowering &":$lowering, "::mlir::Value":$stored, "::mlir::Value":$result)>,
  ];
}

// An op that works row by row along one axis: an element of its result is made from the same element of its operands and
// from reductions of their rows. See heed.rows.
def Heed_RowWise : OpInterface<"RowWise"> {
  let cppNamespace = "::heed::ir";
  let methods = [
    InterfaceMethod<"The axis; empty if it is not one alone.", "::llvm::StringRef", "alongAxis">,
    InterfaceMethod<"Adds the reductions to the kernel; gives one element of the result.",
      "::heed::ir::RowElement", "lowerRow", (ins "::heed::ir::Rows &":$rows)>,
  ];
}

class Heed_Op<string mnemonic, list<Trait> traits = []> : Op<Heed_Dialect, mnemonic, traits>;

// The result follows from the operands; its axes may be written in any order.
class Heed_InferredOp<string mnemonic, list<Trait> traits = []>
    : Heed_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Heed_OpContract>,
                                     InferTypeOpAdaptor], traits)> {
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange l, ::mlir::TypeRange r) { return ::heed::ir::sameAxes(l, r); }
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// The result type adds something that the operands do not say (a new extent, another order).
class Heed_TypedOp<string mnemonic, list<Trait> traits = []>
    : Heed_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Heed_OpContract>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
