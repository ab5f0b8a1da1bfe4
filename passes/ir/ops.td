// The ops with a shape of their own. Each op's rules and meaning are in the .cpp file named beside it.
#ifndef HEED_PASSES_IR_OPS_TD
#define HEED_PASSES_IR_OPS_TD

include "heed/passes/ir/attention.td"
include "heed/passes/ir/pointwise.td"

// ---- leaves.cpp

def Heed_ConstantOp : Heed_TypedOp<"constant", [ConstantLike, DeclareOpInterfaceMethods<Heed_Elementwise>]> {
  let summary = "a number: a scalar or a tensor without axes";
  let arguments = (ins TypedAttrInterface:$value);   // FloatAttr, or IntegerAttr of i32 or i1
  let results = (outs Heed_Value:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "double":$value)>];
}

def Heed_IndexOp : Heed_TypedOp<"index"> {
  let summary = "the position along an axis: 0, 1, ... on tensors; the current one in a region";
  let arguments = (ins StrAttr:$axis);
  let results = (outs Heed_Value:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def Heed_CastOp : Heed_TypedOp<"cast", [DeclareOpInterfaceMethods<Heed_Elementwise>]> {
  let summary = "the same numbers as another element type; float to i32 rounds towards zero and saturates";
  let arguments = (ins Heed_Value:$x);
  let results = (outs Heed_Value:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Type":$element), [{
    build($_builder, $_state, ::heed::ir::withElement(x.getType(), element), x);
  }]>];
}

// ---- contract.cpp

def Heed_ContractOp : Heed_InferredOp<"contract", [DeclareOpInterfaceMethods<Heed_TakesEpilogue>]> {
  let summary = "sum over `axes` of lhs * rhs; any other shared axis is a batch axis";
  let arguments = (ins Heed_Tensor:$lhs, Heed_Tensor:$rhs, StrArrayAttr:$axes);
  let results = (outs Heed_Tensor:$result);
}

// ---- softmax.cpp

def Heed_SoftmaxOp : Heed_InferredOp<"softmax", [DeclareOpInterfaceMethods<Heed_RowWise>]> {
  let summary = "exp(x - max) / sum along an axis; 0 where the row is -inf throughout";
  let arguments = (ins Heed_Tensor:$x, StrAttr:$axis);
  let results = (outs Heed_Tensor:$result);
}

def Heed_LogsumexpOp : Heed_InferredOp<"logsumexp", [DeclareOpInterfaceMethods<Heed_RowWise>]> {
  let summary = "log of the sum of exp(x) along an axis; -inf where the row is";
  let arguments = (ins Heed_Tensor:$x, StrAttr:$axis);
  let results = (outs Heed_Tensor:$result);
}

// ---- reduce.cpp

class Heed_ReduceOp<string mnemonic, string doc>
    : Heed_InferredOp<mnemonic, [DeclareOpInterfaceMethods<Heed_RowWise>]> {
  let summary = doc;
  let arguments = (ins Heed_Tensor:$x, StrArrayAttr:$axes);
  let results = (outs Heed_Tensor:$result);
}
def Heed_SumOp : Heed_ReduceOp<"sum", "the sum along `axes`">;
def Heed_MeanOp : Heed_ReduceOp<"mean", "the mean along `axes`; NaN along an empty axis">;
def Heed_AmaxOp : Heed_ReduceOp<"amax", "the largest along `axes`; NaN if any is">;
def Heed_AminOp : Heed_ReduceOp<"amin", "the smallest along `axes`; NaN if any is">;

// ---- layout.cpp: the same numbers under other axes; views wherever the buffer allows

def Heed_RenameOp : Heed_InferredOp<"rename"> {
  let summary = "axis `from` becomes axis `to`";
  let arguments = (ins Heed_Tensor:$x, StrAttr:$from, StrAttr:$to);
  let results = (outs Heed_Tensor:$result);
}
def Heed_PermuteOp : Heed_TypedOp<"permute", [DeclareOpInterfaceMethods<Heed_Elementwise>]> {
  let summary = "the same tensor with another order of axes in memory";
  let arguments = (ins Heed_Tensor:$x);
  let results = (outs Heed_Tensor:$result);
  let hasFolder = 1;
}
def Heed_AlongOp : Heed_TypedOp<"along", [DeclareOpInterfaceMethods<Heed_Elementwise>]> {
  let summary = "x repeated along a new axis, whose extent the result type gives";
  let arguments = (ins Heed_Tensor:$x, StrAttr:$axis);
  let results = (outs Heed_Tensor:$result);
}
def Heed_SplitOp : Heed_TypedOp<"split"> {
  let summary = "one axis as several, the last the fastest";
  let arguments = (ins Heed_Tensor:$x, StrAttr:$axis, StrArrayAttr:$parts);
  let results = (outs Heed_Tensor:$result);
}
def Heed_MergeOp : Heed_TypedOp<"merge"> {
  let summary = "several axes as one, the last the fastest";
  let arguments = (ins Heed_Tensor:$x, StrArrayAttr:$parts, StrAttr:$axis);
  let results = (outs Heed_Tensor:$result);
}

// ---- take.cpp

def Heed_TakeOp : Heed_InferredOp<"take"> {
  let summary = "the rows of `table` along `axis` that `rows` names; NaN (0 for integers) where there is no such row";
  let arguments = (ins Heed_Tensor:$table, Heed_Tensor:$rows, StrAttr:$axis);
  let results = (outs Heed_Tensor:$result);
}

// ---- append.cpp

def Heed_AppendOp : Heed_Op<"append", [MemoryEffects<[MemRead, MemWrite]>, InferTypeOpAdaptor,
                                       DeclareOpInterfaceMethods<Heed_OpContract>]> {
  let summary = "x behind the past of its row in a state: all that is remembered then";
  let description = [{
    Row by row of `past`, positions [past, past + extent of `tokens`) along `memory` become x; the state itself is
    written, in place. A row whose past is negative, or leaves no room for x, stays as it is.
  }];
  let arguments = (ins Heed_Tensor:$state, Heed_Tensor:$x, Heed_Tensor:$past, StrAttr:$tokens, StrAttr:$memory);
  let results = (outs Heed_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange l, ::mlir::TypeRange r) { return ::heed::ir::sameAxes(l, r); }
  }];
}

// ---- epilogue.cpp

// Some ops that are one kernel. The body takes nothing; values from above may be used.
class Heed_KernelOp<string mnemonic> : Heed_Op<mnemonic, [SingleBlock, RecursiveMemoryEffects,
                                                          DeclareOpInterfaceMethods<Heed_OpContract>]> {
  let results = (outs Variadic<Heed_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasVerifier = 1;
}

def Heed_EpilogueOp : Heed_KernelOp<"epilogue"> {
  let summary = "a contraction and the elementwise ops on its sums, while they are in registers";
  let description = [{
    The first op of the body takes an epilogue; the others are elementwise and have its axes. One value is yielded.
  }];
  let assemblyFormat = "attr-dict `->` type($results) $body";
}

// ---- products.cpp

def Heed_ProductsOp : Heed_KernelOp<"products"> {
  let summary = "contractions of one tensor, each perhaps with an epilogue, as one kernel";
  let description = [{
    The body holds heed.contract and heed.epilogue ops of floats. All contract the same tensor, each with another, which
    shares only the summed axes with it and has the innermost axis of what is stored. An epilogue may read a result
    from before it that has its axes.
  }];
  let assemblyFormat = "attr-dict `->` type($results) $body";
  let extraClassDeclaration = [{
    /// The contraction of an op that may be in the body, else null.
    static ::heed::ir::ContractOp contractionOf(::mlir::Operation* op);
    /// Why the body may not hold `op` as a contraction of `x`; empty if it may.
    static std::string whyNot(::mlir::Operation* op, ::mlir::Value x);
  }];
}

// ---- rows.cpp

def Heed_RowsOp : Heed_KernelOp<"rows"> {
  let summary = "reductions along one axis and elementwise ops before, between and behind them, row by row";
  let description = [{
    A row stays in the first-level cache while it is read again for each reduction. The ops of the body are elementwise,
    or work row by row along `axis`; their axes are those of the rows, with or without `axis`.
  }];
  let arguments = (ins StrAttr:$axis);
  let assemblyFormat = "$axis attr-dict `->` type($results) $body";
}

// ---- repeat.cpp

def Heed_RepeatOp : Heed_Op<"repeat", [AttrSizedOperandSegments, SingleBlock, RecursiveMemoryEffects,
                                       DeclareOpInterfaceMethods<Heed_OpContract>]> {
  let summary = "`count` copies of a block, each with parameters of its own";
  let description = [{
    The body takes the carries, then one value for each parameter, and yields the next carries. `parameters` lists all
    copies of the first parameter, then all copies of the second, and so on. Values from above may be used.
  }];
  let arguments = (ins Variadic<Heed_Value>:$carries, Variadic<Heed_Value>:$parameters, I64Attr:$count);
  let results = (outs Variadic<Heed_Value>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count `carries` `(` ($carries^ `:` type($carries))? `)` `parameters` `(` ($parameters^ `:` type($parameters))? `)`
    attr-dict `->` `(` type($results) `)` $body
  }];
  let hasVerifier = 1;
}

def Heed_YieldOp : Heed_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a region";
  let arguments = (ins Variadic<Heed_Value>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

#endif
