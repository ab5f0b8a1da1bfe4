// heed.attention: the fused form of every attention, by axis names. Shape and meaning: attention.cpp; lowering:
// attention_lower.cpp. Test: tests/passes/ir/attention_test.cpp.
#ifndef HEED_PASSES_IR_ATTENTION_TD
#define HEED_PASSES_IR_ATTENTION_TD

include "heed/passes/ir/dialect.td"

def Heed_AttentionOp : Heed_InferredOp<"attention", [AttrSizedOperandSegments, IsolatedFromAbove]> {
  let summary = "similarity, score, mask, softmax and weighted sum as one";
  let description = [{
    The scores have the axes of all `similar` operands, less those that their own similarity contracts, and of all
    captures; among them `row` and `key`. For every point of the scores:

        s_n   = sum over contracted[n] of bodies[n](one element of each operand of similarity n)
        score = post(s_1 .. s_N, one element of each capture)
        out   = sum over key of weigh(softmax over the visible keys (score), captures) * value
        lse   = log of the sum over the visible keys of exp(score)

    `out` has the axes of the scores without `key`, and the other axes of `value`; it is f32, or stored narrower. A contracted axis and an axis of
    `value` may have one name: they are different axes.

    Regions take scalars and hold pointwise ops and heed.index of the scores' axes:
      bodies[n]  one element of each operand of similarity n    -> f32
      post       s_1 .. s_N, one element of each capture        -> f32
      keep       one element of each capture                    -> i1; absent: every key is visible
      weigh      the weight, one element of each capture        -> f32; absent: the weight itself
    `initial` is nothing, or a running max m, sum l (axes of the scores without key) and accumulator o (axes of out).
    A row with no visible key, or with scores all -inf, gives out = 0 and lse = -inf.
  }];
  let arguments = (ins
    Variadic<Heed_Tensor>:$similar, Variadic<Heed_Tensor>:$captures, Heed_Tensor:$value, Variadic<Heed_Tensor>:$initial,
    DenseI64ArrayAttr:$similarity,   // for each of `similar`: which similarity it belongs to
    ArrayAttr:$contracted,           // for each similarity: the names of the axes that it sums over
    StrAttr:$row, StrAttr:$key);
  let results = (outs Heed_Tensor:$out, Optional<Heed_Tensor>:$lse);
  let regions = (region AnyRegion:$post, AnyRegion:$keep, AnyRegion:$weigh, VariadicRegion<SizedRegion<1>>:$bodies);
  let assemblyFormat = [{
    `row` `(` $row `)` `key` `(` $key `)` `similar` `(` $similar `:` type($similar) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)? `value` `(` $value `:` type($value) `)`
    (`initial` `(` $initial^ `:` type($initial) `)`)? attr-dict `->` type($out) (`,` type($lse)^)?
    `bodies` $bodies `post` $post (`keep` $keep^)? (`weigh` $weigh^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange l, ::mlir::TypeRange r);
    int64_t similarities() { return getBodies().size(); }
    /// The axes of the scores, row and key among them.
    ::llvm::SmallVector<::heed::ir::Axis> scoreAxes();
    /// The operands of one similarity.
    ::llvm::SmallVector<::mlir::Value> operandsOf(int64_t similarity);
    /// The axes that one similarity sums over.
    ::llvm::SmallVector<::heed::ir::Axis> contractedAxes(int64_t similarity);
  }];
}

#endif
