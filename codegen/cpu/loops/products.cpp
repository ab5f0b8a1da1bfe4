// How the work is divided, and which product a panel is of.
#include "heed/codegen/cpu/loops/products.h"

#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "heed/codegen/cpu/x86.h"

namespace heed::codegen {

using namespace mlir;

namespace {

constexpr int64_t grain = 1 << 18;  // products of words per task
// Of a block: a slice of its rows stays in the second-level cache; its panels come from afar, one after the other.
constexpr int64_t mostRows = 192, mostColumns = 3072;
constexpr int64_t mostRowsOfPairs = 384;  // by matrix registers: half as many words of each
// A pass of packing costs about 4 rows or columns of products: with fewer than `enough` columns it shows, and below the
// least it is worth it for no worker.
constexpr int64_t enough = 512, leastRows = 96, leastColumns = 128;
constexpr int64_t manyBlocks = 8;       // per worker: whoever is done first waits little
constexpr int64_t panelsOfFewRows = 4;  // so that the panels are read along the depth

/// The n-th of `values`, which are all null or none.
Value choose(ImplicitLocOpBuilder& b, Value n, ArrayRef<Value> values) {
  auto equal = [&](Value x) {
    auto known = getConstantIntValue(OpFoldResult(x));
    return x == values[0] || (x && known && known == getConstantIntValue(OpFoldResult(values[0])));
  };
  if (llvm::all_of(values, equal)) return values[0];
  Value chosen = values.back();
  for (size_t i = values.size() - 1; i-- > 0;) {
    Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, n, constant(b, int64_t(i)));
    chosen = arith::SelectOp::create(b, here, values[i], chosen);
  }
  return chosen;
}

/// The positions in the row operand's memref of these dims.
SmallVector<unsigned> positionsOf(AffineMap map, ArrayRef<int64_t> dims) {
  return llvm::map_to_vector(
      dims, [&](int64_t dim) { return *map.getResultPosition(getAffineDimExpr(unsigned(dim), map.getContext())); });
}

/// The maps by which `op` reads, as captures, what `other` stores.
SmallVector<AffineMap> readings(tile::ContractOp op, tile::ContractOp other) {
  SmallVector<AffineMap> maps;
  for (OpOperand& capture : op.getCapturesMutable())
    if (capture.get() == other.getOut()) maps.push_back(op.mapOf(capture));
  return maps;
}

bool areAlike(tile::ContractOp l, tile::ContractOp r) {
  return l->getAttrDictionary() == r->getAttrDictionary() && l->getOperandTypes() == r->getOperandTypes() &&
         OperationEquivalence::isRegionEquivalentTo(&l.getEpilogue(), &r.getEpilogue(),
                                                    OperationEquivalence::IgnoreLocations);
}

}  // namespace

bool Products::canBeOne(MutableArrayRef<ContractKernel> kernels) {
  auto rowOperand = [](ContractKernel& k) -> OpOperand& {
    return k.swapped ? k.op.getRhsMutable() : k.op.getLhsMutable();
  };
  ContractKernel& first = kernels.front();
  OpOperand& x = rowOperand(first);
  SmallVector<unsigned> rows = positionsOf(first.op.mapOf(x), first.rows);
  SmallVector<unsigned> depth = positionsOf(first.op.mapOf(x), first.depth);
  for (auto [n, kernel] : llvm::enumerate(kernels)) {
    OpOperand& own = rowOperand(kernel);
    AffineMap map = kernel.op.mapOf(own);
    if (own.get() != x.get() || kernel.streams() || !kernel.shared.empty() || kernel.pairs != first.pairs ||
        kernel.bits != first.bits || kernel.tile.vectors != first.tile.vectors || kernel.rows.size() != rows.size() ||
        positionsOf(map, kernel.depth) != depth)
      return false;
    kernel.rows = llvm::map_to_vector(
        rows, [&](unsigned at) -> int64_t { return cast<AffineDimExpr>(map.getResult(at)).getPosition(); });
    for (ContractKernel& other : kernels.take_front(n))
      for (AffineMap read : readings(kernel.op, other.op))
        if (read != other.op.mapOf(other.op.getOutMutable()) || kernel.rows != other.rows ||
            kernel.columns != other.columns || kernel.lane != other.lane)
          return false;
  }
  return true;
}

Products::Products(ArrayRef<ContractKernel> kernels) {
  Alike chains;
  for (const ContractKernel& kernel : kernels) {
    Chain chain;
    llvm::erase_if(chains, [&](Chain& before) {
      if (llvm::all_of(before, [&](ContractKernel& other) { return readings(kernel.op, other.op).empty(); }))
        return false;
      chain.insert(chain.end(), before.begin(), before.end());
      return true;
    });
    chain.push_back(kernel);
    steps = std::max(steps, int64_t(chain.size()));
    chains.push_back(std::move(chain));
  }
  for (Chain& chain : chains) {
    auto kind = llvm::find_if(kinds, [&](Alike& alike) {
      return alike[0].size() == chain.size() && llvm::all_of(llvm::zip(alike[0], chain), [](auto pair) {
               auto& [l, r] = pair;
               return bool(l.packed) == bool(r.packed) && areAlike(l.op, r.op);
             });
    });
    (kind == kinds.end() ? kinds.emplace_back() : *kind).push_back(std::move(chain));
  }
}

LogicalResult Products::emit(Builder& b) {
  bool streams = false;
  for (Alike& alike : kinds)
    for (Chain& chain : alike)
      for (ContractKernel& kernel : chain) {
        kernel.readOperands(b);
        streams |= kernel.streams();
      }
  if (!streams) return emitBlocks(b), failure(failed);
  Value few =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sle, first().rowCount, constant(b, ContractKernel::fewRows));
  auto choice = scf::IfOp::create(b, few, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  first().emitFewRows(b);
  failed |= first().failed;
  b.setInsertionPointToStart(choice.elseBlock());
  emitBlocks(b);
  return failure(failed);
}

/// Decides on blocks; the points of the tasks: shared dims, a block of panels, a block of rows. Unless there are many,
/// each worker gets as many columns as the others where these are enough; and if blocks are still too few for all
/// workers, first those of rows are made smaller, then those of columns.
Products::Values Products::block(Builder& b) {
  const ContractKernel& kernel = first();
  const ContractTile& tile = kernel.tile;
  Value one = constant(b, 1), rowCount = kernel.rowCount, workers = tile::WorkersOp::create(b, b.getIndexType());
  Value high = larger(b, ceiling(b, rowCount, constant(b, kernel.byMatrices() ? mostRowsOfPairs : mostRows)), one);
  Value wide = larger(b, ceiling(b, panelCount, constant(b, mostColumns / kernel.width())), one);
  Value points = larger(b, kernel.product(b, kernel.shared), one);
  auto blocks = [&] { return mul(b, points, mul(b, high, wide)); };
  auto finer = [&](Value ranges, Value wanted, Value count, int64_t least) {
    return larger(b, ranges, smaller(b, wanted, quotient(b, count, constant(b, least))));
  };
  Value many = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, blocks(), mul(b, workers, constant(b, manyBlocks)));
  Value evenly = mul(b, workers, ceiling(b, wide, workers));
  wide = arith::SelectOp::create(b, many, wide, finer(wide, evenly, panelCount, enough / kernel.width()));
  Value wanted = sub(b, mul(b, workers, constant(b, 3)), constant(b, 2));  // one alone wants no more than there are
  high = finer(high, mul(b, high, ceiling(b, wanted, blocks())), rowCount, leastRows);
  wide = finer(wide, mul(b, wide, ceiling(b, wanted, blocks())), panelCount, leastColumns / kernel.width());
  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, rowCount, constant(b, ContractKernel::fewRows));
  Value narrow = larger(b, ceiling(b, panelCount, constant(b, panelsOfFewRows)), one);
  wide = arith::SelectOp::create(b, few, narrow, wide);
  // Whole rounds, or one or two less, where these end sooner by a sixteenth: two workers take as long for five blocks as
  // for six.
  Value step = constant(b, tile.rows);
  auto rowsOf = [&](Value high) { return mul(b, ceiling(b, rowCount, mul(b, high, step)), step); };
  auto longest = [&](Value high) {
    return mul(b, ceiling(b, mul(b, mul(b, points, wide), high), workers), rowsOf(high));
  };
  Value rounds = quotient(b, high, workers);
  for (int64_t less : {0, 1, 2}) {
    Value whole = larger(b, mul(b, sub(b, rounds, constant(b, less)), workers), one);
    Value now = mul(b, longest(high), constant(b, 15)), then = mul(b, longest(whole), constant(b, 16));
    Value sooner = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, then, now);
    high = arith::SelectOp::create(b, sooner, whole, high);
  }
  Values all = kernel.sizes(kernel.shared);
  all.append({wide, high});
  panelsPerBlock = ceiling(b, panelCount, wide);
  Value rowsPerBlock = rowsOf(high);
  for (Alike& alike : kinds)
    for (Chain& chain : alike)
      for (ContractKernel& each : chain) each.rowsPerBlock = rowsPerBlock;
  return all;
}

void Products::emitBlocks(Builder& b) {
  panelCount = Value();
  for (Alike& alike : kinds)
    for (Chain& chain : alike) panelCount = panelCount ? add(b, panelCount, chain[0].panelCount) : chain[0].panelCount;
  Values points = block(b);
  ContractKernel& kernel = first();
  Value panelWords = mul(b, panelsPerBlock, constant(b, kernel.width() * steps));
  Value work = mul(b, mul(b, kernel.rowsPerBlock, kernel.lineCount), panelWords);
  Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, kernel.slices, constant(b, 1));
  Value waiting = mul(b, panelWords, kernel.rowsPerBlock);
  Value words = add(b, kernel.waitingAt(b), arith::SelectOp::create(b, several, waiting, constant(b, 0)));
  overTasks(b, points, work, grain, mul(b, words, constant(b, sizeof(float))),
            [&](Builder& b, ValueRange point, Value scratch) {
              ContractKernel::Block block;
              auto range = [&](Value number, Value size, Value count) {
                Value from = smaller(b, mul(b, number, size), count);
                return std::pair(from, smaller(b, add(b, from, size), count));
              };
              std::tie(block.firstPanel, block.endPanel) = range(point.drop_back().back(), panelsPerBlock, panelCount);
              std::tie(block.from, block.to) = range(point.back(), kernel.rowsPerBlock, kernel.rowCount);
              block.scratch = scratch;
              emitBlock(b, block, point.drop_back(2));
              if (first().byMatrices()) orderStores(b, b.getLoc());
            });
}

/// Slice by slice the rows are packed once, each panel just before it is used.
void Products::emitBlock(Builder& b, ContractKernel::Block block, ValueRange shared) {
  auto placeOf = [&](const ContractKernel& kernel) { return kernel.move(b, kernel.origin(), kernel.shared, shared); };
  block.place = placeOf(first());
  first().clear(b, block);
  first().overSlices(b, [&](const ContractKernel::Slice& slice) {
    first().packRows(b, block, slice);
    overChains(b, [&](Chain& chain, Value before) {
      // Panels of the block, counted from the chain's first.
      Value end = smaller(b, block.endPanel, add(b, chain[0].panelCount, before));
      Value from = sub(b, larger(b, block.firstPanel, before), before), to = sub(b, larger(b, end, before), before);
      std::vector<ContractKernel::Block> blocks(chain.size(), block);
      for (auto [own, kernel] : llvm::zip(blocks, chain)) own.place = placeOf(kernel);
      chain[0].overPanels(b, from, to, [&](Value number, ValueRange at) {
        Value inBlock = mul(b, sub(b, add(b, number, before), block.firstPanel), constant(b, steps));
        for (auto [n, kernel] : llvm::enumerate(chain)) {
          ContractKernel::Panel panel = kernel.panelAt(b, blocks[n].place, at);
          panel.number = add(b, inBlock, constant(b, int64_t(n)));
          kernel.emitPanel(b, blocks[n], slice, number, panel);
        }
      });
      for (ContractKernel& kernel : chain) failed |= kernel.failed;
    });
  });
}

void Products::overChains(Builder& b, function_ref<void(Chain&, Value)> body) {
  Value before = constant(b, 0);
  for (Alike& alike : kinds) {
    Values starts;
    for (Chain& chain : alike) {
      starts.push_back(before);
      before = add(b, before, chain[0].panelCount);
    }
    if (alike.size() == 1) {
      body(alike[0], starts[0]);
      continue;
    }
    loop(b, constant(b, 0), constant(b, int64_t(alike.size())), 1, [&](Value n) {
      Chain chain = choose(b, n, alike);
      body(chain, codegen::choose(b, n, starts));
    });
  }
}

Products::Chain Products::choose(Builder& b, Value n, ArrayRef<Chain> chains) {
  Chain chosen = chains[0];
  for (auto [step, kernel] : llvm::enumerate(chosen)) {
    auto pick = [&, step = step](auto&& read) {
      return codegen::choose(
          b, n, llvm::map_to_vector(chains, [&](const Chain& chain) -> Value { return read(chain[step]); }));
    };
    auto pickView = [&](auto&& read) {
      View view = read(chains[0][step]);
      view.base = pick([&](const ContractKernel& k) { return read(k).base; });
      view.offset = pick([&](const ContractKernel& k) { return read(k).offset; });
      for (size_t dim = 0; dim < view.stride.size(); ++dim) {
        view.stride[dim] = pick([&](const ContractKernel& k) { return read(k).stride[dim]; });
        view.extent[dim] = pick([&](const ContractKernel& k) { return read(k).extent[dim]; });
      }
      return view;
    };
    kernel.right = pickView([](const ContractKernel& k) { return k.right; });
    kernel.out = pickView([](const ContractKernel& k) { return k.out; });
    for (size_t c = 0; c < kernel.captures.size(); ++c)
      kernel.captures[c] = pickView([c](const ContractKernel& k) { return k.captures[c]; });
    // The rows and the depth are the same for all.
    SmallVector<int64_t> own(kernel.columns);
    own.push_back(kernel.lane);
    for (int64_t dim : own) kernel.extents[dim] = pick([dim](const ContractKernel& k) { return k.extents[dim]; });
    kernel.packed = pick([](const ContractKernel& k) { return k.packed; });
    kernel.panelCount = pick([](const ContractKernel& k) { return k.panelCount; });
    kernel.lanePanels = pick([](const ContractKernel& k) { return k.lanePanels; });
  }
  return chosen;
}

}  // namespace heed::codegen
