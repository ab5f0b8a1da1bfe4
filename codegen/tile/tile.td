// The tile dialect: fused kernels on strided buffers, target-neutral. Passes write it, code generators read it.
//
// Everything is positional here: no axis names. A kernel has an iteration space d0..dn, a role for each of its
// dimensions, and for each operand an indexing map from that space (a projected permutation, as in linalg).
// Regions hold arith and math ops on scalars, and tile.index. Test: tests/codegen/tile.mlir.
#ifndef HEED_CODEGEN_TILE_TILE_TD
#define HEED_CODEGEN_TILE_TILE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::heed::tile";
  let summary = "fused kernels on strided buffers";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect"];
  let useDefaultTypePrinterParser = 1;
}

def Tile_ListType : TypeDef<Tile_Dialect, "List"> {
  let mnemonic = "list";
  let summary = "buffers of one type, each where its owner put it: the same parameter of all copies of a layer";
  let description = [{
    An argument of the exported function only; it stands for `count` arguments of the entry that follow each other.
  }];
  let parameters = (ins "int64_t":$count, "::mlir::MemRefType":$element);
  let assemblyFormat = "`<` $count `of` $element `>`";
}

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

def Tile_AttentionOp : Tile_Op<"attention", [AttrSizedOperandSegments]> {
  let summary = "one fused attention kernel";
  let description = [{
    For every point (outer, row):

        s_n(key)   = sum over the depth dims of similarity n of body_n(its operands)
        score(key) = post(s_1 .. s_N, captures)
        out[value] = sum over key of weigh(softmax over visible keys (score), captures) * value[key, value]
        lse        = log of the sum over visible keys of exp(score)

    `roles` gives one of "outer", "row", "key", "depth", "value" for each dim; there is exactly one row and one key
    dim; any number of the others. A similarity's depth dims are those that its operands use. Operands with the row
    dim never have the key dim, and the other way round, save captures, which may have both.

    Region arguments, all scalars:
      bodies[n]: one element of each operand of similarity n, floats as f32 -> f32
      post:      s_1 .. s_N, then one element of each capture            -> f32 score
      keep:      one element of each capture                             -> i1; empty region: every key is visible
      classify:  row_lo, row_hi, key_lo, key_hi : index (inclusive bounds of a block), then (min, max) over the block
                 of each capture                                         -> i1 some, i1 all; empty exactly when keep is.
                 `some` false proves the block hidden throughout, `all` true proves it visible throughout.
                 tile.index of an outer dim is legal there; of the row or key dim not.
      weigh:     the weight, then one element of each capture            -> f32; empty region: the weight itself
    `initial` is nothing, or a running max m, sum l (both without value dims) and accumulator o to start from.

    Floats of any width are read and stored; what is computed is f32.

    A row with no visible key, or whose scores are all -inf, gives out = 0 and lse = -inf.
  }];
  let arguments = (ins
    Variadic<AnyMemRef>:$similar, Variadic<AnyMemRef>:$captures, AnyMemRef:$value,
    Variadic<AnyMemRef>:$initial, AnyMemRef:$out, Optional<AnyMemRef>:$lse,
    DenseI64ArrayAttr:$similarity,      // for each of `similar`: which similarity it belongs to
    StrArrayAttr:$roles,                // for each dim
    AffineMapArrayAttr:$indexing_maps   // for each operand, in operand order
  );
  let regions = (region AnyRegion:$post, AnyRegion:$keep, AnyRegion:$classify, AnyRegion:$weigh,
                        VariadicRegion<SizedRegion<1>>:$bodies);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The dims of one role, ascending.
    llvm::SmallVector<int64_t> dimsOf(llvm::StringRef role);
    /// The indexing map of an operand.
    mlir::AffineMap mapOf(mlir::OpOperand& operand);
    int64_t similarities() { return getBodies().size(); }
  }];
}

def Tile_ContractOp : Tile_Op<"contract"> {
  let summary = "sum of products over the depth dims, with an epilogue in registers";
  let description = [{
    out[...] = epilogue(sum over the "depth" dims of lhs * rhs, captures). Roles: "outer" (in lhs, rhs and out),
    "row" (in lhs and out), "column" (in rhs and out), "depth" (in lhs and rhs, not in out); any number of each. A dim
    of `out` that neither lhs nor rhs has is "outer" too. f16 and bf16 are summed in f32. `epilogue` takes the sum (f32,
    or the integer type) and one element of each capture and yields the element stored; empty region: the sum, rounded
    to the element type of `out`.
  }];
  let arguments = (ins AnyMemRef:$lhs, AnyMemRef:$rhs, Variadic<AnyMemRef>:$captures, AnyMemRef:$out,
                       StrArrayAttr:$roles, AffineMapArrayAttr:$indexing_maps);
  let regions = (region AnyRegion:$epilogue);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    llvm::SmallVector<int64_t> dimsOf(llvm::StringRef role);
    mlir::AffineMap mapOf(mlir::OpOperand& operand);
  }];
}

def Tile_ProductsOp : Tile_Op<"products", [SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "contractions of one buffer as one kernel";
  let description = [{
    The body holds tile.contract ops alone; all have one buffer as lhs or rhs. The results are those of computing them
    one after another: one may read, as a capture, what one before it stored. No two store to the same memory.
  }];
  let regions = (region SizedRegion<1>:$body);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Puts the contractions in its place, each a kernel of its own.
    void dissolve();
  }];
}

def Tile_RowsOp : Tile_Op<"rows", [AttrSizedOperandSegments]> {
  let summary = "row by row: reductions along one dim, each made from those before it, then the results";
  let description = [{
    Roles: exactly one "along"; every other dim is a "row" dim, and all outs have all row dims. For every row:

        r_n       = the elements phases[n](inputs, r_0 .. r_n-1) along the row, combined
        outs[...] = finish(inputs, r_0 .. r_N), for each element along the row or, without the along dim, once

    Region arguments, all scalars: one element of each input, then the reductions so far; phases[n] takes in the end what
    is combined so far, and yields it combined with one more element by an associative arith op. A result that is stored
    once for a row does not depend on an element along it. No op may trap, whatever its operands.
  }];
  let arguments = (ins Variadic<AnyMemRef>:$inputs, Variadic<AnyMemRef>:$outs, StrArrayAttr:$roles,
                       AffineMapArrayAttr:$indexing_maps);
  let regions = (region SizedRegion<1>:$finish, VariadicRegion<SizedRegion<1>>:$phases);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t along();
    mlir::AffineMap mapOf(mlir::OpOperand& operand);
  }];
}

def Tile_IndexOp : Tile_Op<"index", [Pure]> {
  let summary = "the current position along a dimension of the enclosing kernel";
  let arguments = (ins I64Attr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a region of a kernel";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

def Tile_ItemOp : Tile_Op<"item", [Pure, TypesMatchWith<"the buffer is of the list's type", "list", "buffer",
                                      "::llvm::cast<ListType>($_self).getElement()">]> {
  let summary = "one buffer of a list";
  let description = "The position must be less than the list's count.";
  let arguments = (ins Tile_ListType:$list, Index:$position);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$list `[` $position `]` attr-dict `:` type($list)";
}

def Tile_SharedOp : Tile_Op<"shared"> {
  let summary = "memory of the session that the tasks of a kernel's tile.parallel ops share";
  let description = [{
    At least `bytes`, 64-byte aligned, contents undefined; valid until the next tile.shared.
  }];
  let arguments = (ins Index:$bytes);
  let results = (outs MemRefRankOf<[F32], [1]>:$memory);
  let assemblyFormat = "$bytes attr-dict `:` type($memory)";
}

def Tile_WorkersOp : Tile_Op<"workers", [Pure]> {
  let summary = "how many threads the session has";
  let description = "At least 1. It may decide how work is divided into tasks, never the order of a sum.";
  let results = (outs Index:$count);
  let assemblyFormat = "attr-dict";
}

def Tile_ParallelOp : Tile_Op<"parallel", [SingleBlock]> {
  let summary = "independent tasks, run on the session's threads in any order";
  let description = [{
    The region gets the task number and the worker's scratch (at least `scratch_bytes`, 64-byte aligned) and ends with
    an empty tile.yield. Values from above may be used inside; none is returned. codegen/cpu/outline.cpp turns it into
    a function and a call of heed_parallel.
  }];
  let arguments = (ins Index:$tasks, Index:$scratch_bytes);
  let regions = (region SizedRegion<1>:$body);   // ^bb(%task: index, %scratch: memref<?xf32>)
}
#endif
