// Writes heed.attention from a site and what was absorbed of it.
//
// Invariant: the op's scores have exactly the axes that the softmax had. Test: tests/passes/fusion/form_attention.mlir.
#pragma once

#include "heed/passes/fusion/peel_mask.h"
#include "heed/passes/fusion/site.h"

namespace heed::fusion {

struct Formed {
  ir::AttentionOp attention;
  Site site;
  bool single;  // the row axis, of extent 1, is not in the graph
};

/// The op, with an lse; nothing of the graph is changed. `row` empty: a single query.
Formed assemble(mlir::OpBuilder& b, const Site& site, Absorption& absorption, llvm::StringRef row, const Peeled& score,
                mlir::Value weight);

/// A result of the op without the row axis that the graph does not have.
mlir::Value withoutSingleRow(mlir::OpBuilder& b, const Formed& formed, mlir::Value result);

/// The same op without its lse, which has no user.
void dropLse(ir::AttentionOp op);

}  // namespace heed::fusion
