// Products of one tensor with several parameters become one kernel: queries, keys and values; gate and up.
//
// Invariant: no product is moved in front of two kernels that follow from another one of them: results wait in memory
// for the attention, or the layer, that they are for, and not for the next one. Test:
// tests/passes/fusion/merge_products.mlir.
#include "heed/passes/fusion/enclose.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/renamed.h"
#include "llvm/ADT/MapVector.h"

namespace heed::fusion {
#define GEN_PASS_DEF_MERGEPRODUCTS
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

/// A contraction, with its epilogue, of a tensor and a parameter.
struct Product {
  Operation* op;
  ir::ContractOp sum;
  Value x, weight;

  /// Of several summed axes that along which the weight's elements are neighbours, if one is: it runs fastest.
  StringRef fastest() {
    ir::Axes axes = throughLayout({weight}).axes();
    SmallVector<StringRef> summed = ir::namesOf(sum.getAxes());
    bool is = summed.size() > 1 && !axes.empty() && llvm::is_contained(summed, axes.back().name);
    return is ? axes.back().name : "";
  }
  /// The module that it is in, or else its line.
  std::string name() {
    std::string path;
    sum.getLoc()->walk([&](Location part) {
      if (auto name = dyn_cast<NameLoc>(part); name && path.empty()) path = name.getName().str();
      return WalkResult::advance();
    });
    return path.empty() ? describe(sum) : "`" + path + "`";
  }
};

using Group = SmallVector<Product>;

/// Whether each element that `op` reads of `producer` is that which it computes itself, in the same order.
bool runsInStep(Product op, Product producer) {
  auto order = [](Type type) { return ir::namesOf(ir::axesOf(type)); };
  return op.op != op.sum && order(op.sum.getType()) == order(producer.sum.getType()) &&
         order(op.op->getResult(0).getType()) == order(producer.op->getResult(0).getType()) &&
         !llvm::is_contained(op.sum->getOperands(), producer.op->getResult(0));
}

/// Why `next`, which stands behind the group, is no part of it; empty if it is one.
std::string whyApart(const Group& group, Product next, const llvm::SmallPtrSetImpl<Operation*>& waiting) {
  Product first = group.front();
  if (next.x != first.x) return next.name() + " has other names for its axes";
  if (next.sum.getAxes() != first.sum.getAxes()) return next.name() + " sums over other axes";
  if (next.fastest() != first.fastest()) return "the weight of " + next.name() + " has another layout";
  if (reads(next.op, waiting)) return next.name() + " waits for what is made from another one";
  for (Product other : group) {
    llvm::SmallPtrSet<Operation*, 1> one{other.op};
    if (reads(next.op, one) && !runsInStep(next, other))
      return next.name() + " reads " + other.name() + " in another layout";
  }
  return "";
}

std::string namesOf(const Group& group) {
  std::string names;
  for (Product product : group)
    names += (names.empty() ? "" : product.op == group.back().op ? " and " : ", ") + product.name();
  return names;
}

void notMerged(const Group& products, const std::string& why) {
  emitRemark(Product(products[0]).sum.getLoc())
      << "not merged: " << namesOf(products) << " are " << products.size() << " products of one tensor: " << why;
}

/// The first product and those behind it that can be computed with it, taken out of `products`, which come in block
/// order; else says why.
Group takeGroup(Group& products, std::string& why) {
  Group group{products.front()}, rest;
  auto aloneBecause = [](Product product) {
    std::string why = ir::ProductsOp::whyNot(product.op, product.x);
    return why.empty() ? why : product.name() + ": " + why;
  };
  std::string alone = aloneBecause(products.front());
  llvm::SmallPtrSet<Operation*, 16> waiting, inside{products.front().op};
  llvm::SmallPtrSet<Operation*, 16> behind;  // of what waits: kernels, and what is made from them
  Operation* second = nullptr;               // a kernel among that which is made from another one
  auto next = std::next(products.begin());
  for (Operation* op = products.front().op->getNextNode(); op && next != products.end(); op = op->getNextNode()) {
    if (op == next->op) {
      std::string reason = alone;
      if (reason.empty()) reason = aloneBecause(*next);
      if (reason.empty() && second)
        reason = next->name() + " comes behind " + describe(second) + ", for which the other results would wait too";
      if (reason.empty()) reason = whyApart(group, *next, waiting);
      Product product = *next++;
      if (reason.empty()) {
        group.push_back(product);
        inside.insert(op);
        continue;
      }
      rest.push_back(product);
      why = reason;
    }
    if (!reads(op, waiting) && !reads(op, inside)) continue;
    waiting.insert(op);
    bool isKernel = isa<ir::AttentionOp, ir::EpilogueOp, ir::ProductsOp, ir::RepeatOp, ir::TakesEpilogue>(op);
    if (reads(op, behind)) {
      behind.insert(op);
      if (isKernel) second = op;
    } else if (isKernel) {
      behind.insert(op);
    }
  }
  products = std::move(rest);
  return group;
}

void merge(Group products) {
  const Group all = products;
  std::string why;
  unsigned groups = 0;
  for (; !products.empty(); ++groups) {
    // What was merged before may have moved the others.
    llvm::sort(products, [](Product l, Product r) { return l.op->isBeforeInBlock(r.op); });
    Group group = takeGroup(products, why);
    if (group.size() < 2) continue;
    emitRemark(group[0].sum.getLoc()) << "merged: " << namesOf(group) << " into one product";
    Ops ops;
    for (Product product : group) ops.insert(product.op);
    enclose(ops, ir::ProductsOp::getOperationName(), group[0].sum.getLoc());
  }
  if (groups > 1) notMerged(all, why);
}

struct MergeProducts : impl::MergeProductsBase<MergeProducts> {
  using MergeProductsBase::MergeProductsBase;

  void runOnOperation() override {
    llvm::MapVector<std::pair<Value, Block*>, Group> readers;
    getOperation().walk([&](ir::ContractOp sum) {
      Operation* op = isa<ir::EpilogueOp>(sum->getParentOp()) ? sum->getParentOp() : sum.getOperation();
      if (isa<ir::ProductsOp>(op->getParentOp()) || isParameter(sum.getLhs()) == isParameter(sum.getRhs())) return;
      bool right = isParameter(sum.getRhs());
      Value x = right ? sum.getLhs() : sum.getRhs();
      Product product{op, sum, x, right ? sum.getRhs() : sum.getLhs()};
      readers[{throughLayout({x}).value, op->getBlock()}].push_back(product);
    });
    for (auto& [x, products] : readers) {
      if (products.size() < 2) continue;
      if (apart)
        notMerged(products, "a kernel of this target reads one weight");
      else
        merge(std::move(products));
    }
  }
};

}  // namespace
}  // namespace heed::fusion
