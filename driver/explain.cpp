#include "heed/driver/explain.h"

#include "heed/codegen/tile/tile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace heed {

std::string userLine(Location location) {
  std::string line, path;
  location->walk([&](Location part) {
    if (auto file = dyn_cast<FileLineColLoc>(part); file && line.empty())
      line = (llvm::sys::path::filename(file.getFilename().getValue()) + ":" + Twine(file.getLine())).str();
    if (auto name = dyn_cast<NameLoc>(part); name && path.empty()) path = name.getName().str();
    return WalkResult::advance();
  });
  if (path.empty()) return line;
  return line.empty() ? path : line + " (" + path + ")";
}

static std::string describe(tile::AttentionOp op) {
  int64_t n = op.similarities();
  std::string text = "one fused attention kernel: " + std::to_string(n) + (n == 1 ? " similarity" : " similarities");
  if (!op.getKeep().empty()) text += ", masked tiles skipped";
  if (!op.getWeigh().empty()) text += ", weights modified";
  if (op.getLse()) text += ", with lse";
  return text;
}

/// ", then add, mul, erf": what epilogues compute, each op once, in the words of heed.
static std::string epiloguesOf(ArrayRef<tile::ContractOp> products) {
  SmallVector<StringRef> words;
  for (tile::ContractOp product : products)
    for (Block& block : product.getEpilogue())
      for (Operation& op : block.without_terminator()) {
        StringRef word = op.getName().stripDialect();
        if (isa<arith::ArithDialect>(op.getDialect())) word.consume_back("f");
        if (!op.hasTrait<OpTrait::ConstantLike>() && !llvm::is_contained(words, word)) words.push_back(word);
      }
  return words.empty() ? "" : ", then " + llvm::join(words, ", ");
}

static std::string describe(tile::ContractOp op) { return "a matrix product" + epiloguesOf(op); }

static std::string describe(tile::ProductsOp op) {
  SmallVector<tile::ContractOp> products(op.getBody().getOps<tile::ContractOp>());
  return "one matrix product with " + std::to_string(products.size()) + " weights" + epiloguesOf(products);
}

static std::string describe(tile::RowsOp op) {
  size_t reductions = op.getPhases().size();
  return "rows, each with " + std::to_string(reductions) + (reductions == 1 ? " reduction" : " reductions");
}

static std::string describe(linalg::LinalgOp op) {
  unsigned reductions = op.getNumReductionLoops();
  return reductions ? "a reduction" : "a pointwise kernel";
}

Kernels listKernels(ModuleOp tiled) {
  Kernels kernels;
  llvm::raw_string_ostream out(kernels.text);
  auto line = [&](Operation* op, const std::string& what) {
    out << "kernel " << ++kernels.all << ": " << what;
    if (std::string place = userLine(op->getLoc()); !place.empty()) out << ", " << place;
    out << '\n';
  };
  tiled.walk<WalkOrder::PreOrder>([&](Operation* op) {
    if (auto products = dyn_cast<tile::ProductsOp>(op)) {
      line(op, describe(products));
      return WalkResult::skip();
    }
    if (auto attention = dyn_cast<tile::AttentionOp>(op)) {
      ++kernels.attention;
      line(op, describe(attention));
    } else if (auto contract = dyn_cast<tile::ContractOp>(op)) {
      line(op, describe(contract));
    } else if (auto rows = dyn_cast<tile::RowsOp>(op)) {
      line(op, describe(rows));
    } else if (auto loops = dyn_cast<linalg::LinalgOp>(op)) {
      line(op, describe(loops));
    }
    return WalkResult::advance();
  });
  return kernels;
}

}  // namespace heed
