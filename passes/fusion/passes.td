// The fusion passes, on functions of the heed dialect. Each description quotes its test.
#ifndef HEED_PASSES_FUSION_PASSES_TD
#define HEED_PASSES_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def Canonicalize : Pass<"heed-canonicalize", "::mlir::func::FuncOp"> {
  let summary = "fold constants, drop ops that compute nothing, merge equal ones";
  let description = [{
    Numbers are folded in f64 and rounded once, so `heed.rsqrt` of the constant 64 is 0.125; a division by a power of two
    becomes a multiplication; chains of renames and permutes become one.

    Test: tests/passes/fusion/canonicalize.mlir.
  }];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def FormSoftmax : Pass<"heed-form-softmax", "::mlir::func::FuncOp"> {
  let summary = "softmax written by hand becomes heed.softmax";
  let description = [{
    Exponentials over their sum are a softmax, whether the maximum was taken off or not, and whether the division stands
    before or after the contraction:

        %e = heed.exp %x
        %t = heed.sum %e {axes = ["key"]}
        %w = heed.div %e, %t

    becomes `%w = heed.softmax %x {axis = "key"}`. Rows without a key then give 0, where the formula gives NaN, and large
    scores no longer overflow; a remark says so.

    Test: tests/passes/fusion/form_softmax.mlir.
  }];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def FormAttention : Pass<"heed-form-attention", "::mlir::func::FuncOp"> {
  let summary = "softmax contracted over its axis becomes heed.attention";
  let description = [{
    What is computed for one query and one key goes into the regions of the op, so no tensor of queries x keys elements is
    left, whatever the similarity, the mask and the order in which the user wrote them:

        %s = heed.contract %q, %k {axes = ["depth"]}
        %w = heed.softmax %s {axis = "key"}
        %o = heed.contract %w, %v {axes = ["key"]}

    becomes `%o = heed.attention row("seq") key("key") similar(%q, %k) value(%v)`. A difference or sum of several
    softmaxes, contracted, is one of several attentions. A logsumexp of the same scores becomes its lse; weights with another user stay a softmax beside it. Every softmax that stays gets a remark that says why,
    and so do exponentials that weigh like one and could not be read as it.

    Test: tests/passes/fusion/form_attention.mlir, distribute.mlir, sdpa_phrasings.mlir, exponentials.mlir.
  }];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def FuseEpilogue : Pass<"heed-fuse-epilogue", "::mlir::func::FuncOp"> {
  let summary = "elementwise ops on a contraction become its epilogue";
  let description = [{
    Bias, activation, gate, scale and residual are computed before the sums leave their registers:

        %s = heed.contract %x, %w {axes = ["model"]}
        %y = heed.add %s, %bias

    becomes `heed.epilogue` around both. Taken are elementwise ops with the axes of the sums, as many as leave one value
    to be stored; what waits for something that is made from the sums elsewhere (a mean) stays outside.

    Test: tests/passes/fusion/fuse_epilogue.mlir.
  }];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def MergeProducts : Pass<"heed-merge-products", "::mlir::func::FuncOp"> {
  let summary = "products of one tensor with several parameters become one kernel";
  let description = [{
    Queries, keys and values, or gate and up, read the same tensor. Their contractions, each with its epilogue, become a
    `heed.products`, which reads it once:

        %q = heed.contract %x, %wq {axes = ["model"]}
        %k = heed.contract %x, %wk {axes = ["model"]}

    The weights stay parameters of their own. An epilogue may read another product of its axes, as a gate does. What
    waits for something that is made from a product elsewhere stays outside, and a remark says so.

    Test: tests/passes/fusion/merge_products.mlir.
  }];
  let options = [Option<"apart", "apart", "bool", "false", "merge nothing: the target has no such kernel">];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def FuseRows : Pass<"heed-fuse-rows", "::mlir::func::FuncOp"> {
  let summary = "reductions along one axis, and the elementwise ops around them, become one kernel";
  let description = [{
    A LayerNorm, an RMSNorm, a softmax, a logsumexp, or anything else made of reductions along one axis and elementwise
    ops on the same rows becomes a `heed.rows`, which reads a row once from memory:

        %m = heed.mean %x {axes = ["model"]}
        %d = heed.sub %x, %m

    What waits for something that is made from those rows elsewhere stays outside. In the end a remark names each
    elementwise op behind a kernel that is a kernel of its own.

    Test: tests/passes/fusion/fuse_rows.mlir, unfused.mlir.
  }];
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

#endif
