// One tile.attention as a kernel: warps of 16 rows go through the keys.
//
// In two forms. Of dot products the warps of a block bring a tile of keys and values to shared memory together, and
// multiply it: fragments by tensor cores (bf16, f16, and f32 in tf32 on request), or numbers by fma (f32). Otherwise
// (any body) each warp reads what it needs itself. Everything between the products is the same.
//
// Scores and sums lie in registers as the fragments of a tensor core: of a tile of 16 rows and 8 columns, lane l has
// rows l/4 and l/4 + 8 and columns 2 (l%4) and 2 (l%4) + 1. Four lanes (a quad) share a row; its maximum and sum take
// two shuffles.
//
// Dims that no key has (the heads of a group) are rows too: what is read of the keys then serves them all. They are the
// fastest, so that neighbouring rows are of few positions along rowDim. Test: tests/codegen/gpu/attention_test.cpp.
#pragma once

#include "heed/codegen/cpu/region.h"
#include "heed/codegen/gpu/cores.h"
#include "heed/codegen/gpu/kernels.h"
#include "heed/codegen/gpu/thread.h"
#include "heed/codegen/gpu/warpgroup.h"
#include "heed/codegen/gpu/words.h"

namespace heed::codegen::gpu {

constexpr int halves = 2;         // rows of a thread in a fragment
constexpr int columnsOfTile = 8;  // of a fragment; a thread has two of them
constexpr int rowsOfWarp = 16, warps = 4;

/// One number of each thread for each element of fragments side by side: half h, tile n, column c of two.
class Fragments {
 public:
  Fragments(int tiles, mlir::Value value = {}) : tiles_(tiles), values_(halves * tiles * 2, value) {}
  Fragments(int tiles, mlir::ValueRange values) : tiles_(tiles), values_(values) {}

  mlir::Value& at(int h, int n, int c) { return values_[(h * tiles_ + n) * 2 + c]; }
  /// body(h, n, c) for each element.
  void each(llvm::function_ref<void(int, int, int)> body) const {
    for (int h = 0; h < halves; ++h)
      for (int n = 0; n < tiles_; ++n)
        for (int c = 0; c < 2; ++c) body(h, n, c);
  }
  int tiles() const { return tiles_; }
  const Values& values() const { return values_; }

 private:
  int tiles_;
  Values values_;
};

/// Smallest and largest element of a capture over a block, and whether a NaN is among them (null: cannot be).
struct Bounds {
  mlir::Value least, most, unordered;
};

/// What a kernel reads and writes.
struct Operands {
  struct Capture {
    View view;
    bool byRow = false, byKey = false;
    Values loaded = {};  // where it has no key: the element of each half
    Bounds bounds = {};  // over the warp's rows, unless by key
  };
  llvm::SmallVector<View> similar, initial;
  llvm::SmallVector<Capture> captures;
  View valueView, out, lse;
};

class AttentionKernel : Operands {
 public:
  /// tf32: whether numbers of f32 may be multiplied so.
  AttentionKernel(tile::AttentionOp op, bool tf32);
  mlir::LogicalResult emit(const Device& device);

 private:
  using Value = mlir::Value;
  using Positions = llvm::SmallDenseMap<int64_t, Value>;
  struct Similarity {
    mlir::Region* body;
    llvm::SmallVector<unsigned> operands;  // numbers in op.getSimilar()
    llvm::SmallVector<int64_t> depth;      // loop order
  };
  /// m, l (this thread's share of it) and O.
  struct State {
    Values max, sum;
    Fragments out;
    Values pack() const;
    static State unpack(mlir::ValueRange values, int tiles);
  };
  /// Parts of the keys; 1 where they are not split. Their memory: m of all rows of all parts, then l, then O, unscaled.
  struct Parts {
    Value count, rows;
    View memory;
  };
  /// What the grid's blocks do; all are >= 0.
  struct Tasks {
    Value count, blocks;                  // in all; and how many the grid has for them
    Value rounds;                         // a block's, if it has several
    Value blocksOfRows, points, section;  // points: parts included
  };
  /// Keys [from, to): so many as are worked on together, or what is left. `all`: whether each row sees each of them;
  /// null: there is no mask.
  struct Tile {
    Value from, to, all;
  };
  /// The keys that a warp works on together, and which of them are there and seen by any of its rows: a bit for each.
  struct Keys {
    Value first;
    Values seen = {};  // 32 in a word
    Value whole = {};  // whether each row sees each of them
  };

  // attention.cpp: the frame
  mlir::LogicalResult check();
  void foldRows();
  void views();
  void emitBlocks(const Device& device, int64_t threads, int64_t sharedBytes,
                  llvm::function_ref<void(const Thread&)> work);
  void emitKernel(const Device& device);
  void task(const Thread& thread);
  void findThread();
  void findRows(Value warp);
  void beginRows();
  void work();
  void columns(Value first);
  /// Calls body(tile, so) for those tiles of the keys at work that a row sees anything of.
  Values overTiles(int64_t size, Values start, llvm::function_ref<Values(const Tile&, mlir::ValueRange)> body);
  State start();
  void finish(State state);
  Value mean(Value out, Value sum);

  // tasks.cpp: which blocks do what
  void planTasks(const Device& device);
  Values overTasks(Value block, Values start, llvm::function_ref<Values(Value, Value, mlir::ValueRange)> body);
  void atTask(Value number, llvm::function_ref<void()> body);
  Value numberOf(Value block, Value round);
  void locate(Value number);
  void findAgain();
  Value blocksOf(Value rows);

  // split_keys.cpp: few blocks of rows
  void planParts(const Device& device);
  bool splits() const { return bool(parts.memory.base); }
  void keysOfTask();
  Value rowOfPart(Value part, Value row);
  Value columnOfPart(Value rowOfPart, Value column);
  void finishPart(State state);
  void merge();

  // scores.cpp: S and what is seen of it
  Fragments scores(Value keys);
  Fragments posted(llvm::ArrayRef<Fragments> raw, Value keys);
  void reach(int n, mlir::Region& region, unsigned first, Value keys);
  std::pair<Fragments, Keys> visible(Fragments scores, const Tile& tile);
  Fragments products(Similarity& similarity, Value keys);
  std::pair<Fragments, Values> hide(Fragments scores, Value keys);
  std::pair<Value, Value> classify(Value from, Value to);
  std::pair<Value, Value> seenOf(Value from);
  std::pair<Value, Value> rowsClassified();
  Bounds boundsOf(const Capture& capture, Value from, Value to);
  void boundCaptures();
  Values capturesAt(mlir::Region& region, unsigned first, int h, int n, int c);
  RegionCloner cloner(int h, Value key, const Positions& depth = Positions());
  Values cloned(RegionCloner cloner, mlir::Region& region, mlir::ValueRange arguments);

  // softmax.cpp: P, and O
  /// What a tile adds to the sums: P, and the factor of what was summed before, of each half.
  struct Weights {
    Fragments of;
    Values before;
  };
  Value logSum(Value max, Value sum);
  State absorb(State state, Fragments scores, const Keys& keys);
  Weights weights(State& state, Fragments scores, const Keys& keys);
  void rescale(State& state, const Values& before);
  void accumulate(State& state, const Fragments& weights, const Keys& keys);
  Value shift(Value max);
  Value rescaled(Value max, Value shift);

  // tiles.cpp: the same with tiles in shared memory
  std::string refuseTiles();
  int64_t bytesOfTiles();
  int64_t sharedBytes();
  void stageQueries(const Thread& thread);
  void columnsByTiles();
  int64_t stageBytes();
  Value stageOf(Value keys);
  void bringKeys(Value keys, Value comes);
  std::pair<Value, Value> beginStaging();
  std::pair<Value, Value> stageNext(Value keys, Value seen);
  void stage(const Staged& to, const View& view, int64_t dim, Value column, llvm::ArrayRef<Value> strides,
             llvm::function_ref<View(Value)> rowAt, Value at = {});
  Value exp2(Value x);

  // cores.cpp: what tensor cores make of them
  Values queryAt(int64_t depth);
  void readQueries();
  Fragments productsByCores();
  void accumulateByCores(State& state, const Fragments& weights);
  void multiplyInto(Fragments& sums, int n, mlir::ValueRange a, mlir::ValueRange right);

  // fma.cpp: what fma makes of them
  Fragments productsByFma();
  void accumulateByFma(State& state, const Fragments& weights);

  // hopper.cpp: the same by wgmma, what it multiplies brought by the copy engine
  static constexpr int consumers = consumerGroups;  // warpgroups of 64 rows
  bool takesHopper();
  bool findKeysOfStage();
  int64_t columnCountKnown();
  std::vector<Mapped> mappedTensors();
  int64_t pitchOfQueries();
  Value mappable();
  void mapTensors();
  Value stageAt(int64_t begin, int64_t bytes, const Ring::Turn& turn);
  void bring(int which, Value to, const Positions& first, Value barrier);
  Value produce(const Ring::Turn& rows, Value count);
  Value consume(const Ring::Turn& rows, Value count);
  void giveBack(Ring& ring, const Ring::Turn& turn);
  void hopperTask(const Thread& thread);
  void emitHopper(const Device& device);

  // warpgroups.cpp: what they do with it
  static constexpr int32_t consumersBarrier = 1, turnBarrier = 2;  // 0 is the block's; the second, one for each group
  Value named(int32_t barrier) { return mlir::arith::ConstantOp::create(b, b.getI32IntegerAttr(barrier)); }
  void beginTurns();
  void takeTurn(Value group);
  void passTurn(Value group);
  void endTurns();
  Value columnsByWarpgroup(const Ring::Turn& rows, Value count);
  Values stepOfWarpgroup(const Ring::Turn& rows, mlir::ValueRange so, const Tile& tile, bool pending);
  Value warpgroup();
  Values askForScores(Value group, const Ring::Turn& rows, const Ring::Turn& turn);
  Values askForSums(Values out, mlir::ValueRange weights, const Ring::Turn& turn);

  // unseen.cpp
  /// Where V of a tile lies in shared memory: boxes of `rows` lines, `pitch` from one to the next, of `bytes` each.
  struct ValuesInMemory {
    Value begin;
    int64_t rows, pitch, bytes, boxes = 1;
  };
  void clearUnseen(mlir::ValueRange seen, const ValuesInMemory& values);

  /// Of tile n, column c, counted from the first of a thread's tiles.
  Value column(int n, int c) { return add(b, twice_, constant(b, n * columnsOfTile + c)); }
  Value keyAt(Value keys, int n, int c) { return add(b, keys, column(n, c)); }
  Value clampedKey(Value key) { return smaller(b, key, sub(b, extent[keyDim], constant(b, 1))); }
  Value real(double x) { return mlir::arith::ConstantOp::create(b, b.getF32FloatAttr(float(x))); }
  Value acrossQuad(Value x, llvm::function_ref<Value(Value, Value)> combine) { return acrossLanes(b, x, 4, combine); }
  View moved(View view, int64_t dim, Value by) { return codegen::at(b, b.getLoc(), view, dim, by); }
  bool hasRow(const View& view) const {
    return llvm::any_of(rowDims, [&](int64_t dim) { return view.has(dim); });
  }
  Values positionsOf(Value row);
  View atPositions(View view, mlir::ValueRange positions);
  /// At a row of the block's outer point, or at that of half h.
  View atRow(const View& view, Value row) { return atPositions(view, positionsOf(row)); }
  View atRow(const View& view, int h) { return atPositions(view, position[h]); }
  View atColumn(View view, Value column);
  Value element(const View& view) { return load(b, view, view.offset); }
  Value toF32(Value x);
  Value fromF32(Value x, mlir::Type type);
  bool uses(mlir::Region& region, unsigned argument) const {
    return !region.empty() && !region.front().getArgument(argument).use_empty();
  }
  bool classified(unsigned n) { return uses(op.getClassify(), 4 + 2 * n) || uses(op.getClassify(), 5 + 2 * n); }
  /// The views of O and V at column (n, c) of the chunk; whether there is one.
  struct Column {
    View view;
    Value inside;
  };
  Column columnOf(const View& view, int n, int c);
  /// body(view at half h's row and column (n, c), n, c) for each column that there is.
  void eachColumn(const View& view, int h, llvm::function_ref<void(const View&, int, int)> body);
  void storeRow(const State& state, int h);

  tile::AttentionOp op;
  bool tf32;
  Builder b;
  bool failed = false;

  int64_t rowDim, keyDim;
  llvm::SmallVector<int64_t> rowDims;  // slowest first; the first one is rowDim
  llvm::SmallVector<int64_t> outer, value;
  llvm::SmallVector<Value> extent;  // per dim
  Value allRows, rowsOfPosition;    // of an outer point; and those that have one position along rowDim
  llvm::SmallVector<Similarity> similarities;
  int keyTiles, columnTiles;  // fragments of a tile of scores, and of a chunk of columns of O
  bool ragged = true;         // whether a chunk may have more columns than there are
  int64_t maxColumns = 128;   // of a chunk

  // With tiles in shared memory; by tensor cores, or else by fma.
  bool tiled = false, cores = false;
  std::string noTiles;          // why there are none
  unsigned query = 0, key = 0;  // the operands of the one similarity
  int64_t depth = -1;           // its dim
  mlir::Type narrow;            // bf16, f16; or f32, by fma or in tf32
  Staged stagedQueries, stagedKeys, stagedValues;
  Staged stagedWeights;  // by fma: of all warps
  int64_t setsAt = 0;    // in shared memory: which keys each warp sees
  Value stageAtWork;     // where it begins, in bytes
  std::optional<Cores> tensor;
  bool rereads = false;               // Q from shared memory for each tile: registers do not hold it beside O
  llvm::SmallVector<Values> queries;  // else its fragments, for each step of the depth

  // With wgmma.
  bool hopper = false;
  int64_t keysOfStage;
  int64_t bytesOfRows, bytesOfKeys, bytesOfValues;  // of a stage
  int64_t stagesOfRows;
  int64_t cutDim = -1;                   // of rowDims, the second: of which a block has not all positions
  int64_t boxOfRows = 0;                 // of that dim, or else of rowDim
  int64_t blocksOfPosition = 1;          // more where a dim is cut
  int64_t keysAt, valuesAt, barriersAt;  // in shared memory
  std::vector<Mapped> mapped;            // Q, K, V
  Values maps;
  Value firstLane;
  std::optional<Ring> rowRing, keyRing, valueRing;

  // Of the thread, while code is emitted.
  Thread self;
  Positions at;                     // of the outer dims
  Value point;                      // all of them in one number
  Value twice_, quad, group, warp;  // 2 (lane % 4), lane % 4, lane / 4
  Value warpRow;                    // the first row of the warp
  Value blockRow, rowEnd;           // and of the block; where its rows end
  int64_t rowsOfBlock;              // from one block to the next
  int64_t rowsTogether;             // whose keys are classified at once: a warp's rows, or a block's
  Value row[halves];
  Values position[halves];     // along rowDims; past the end those of the last row
  Value part, keyFrom, keyTo;  // the keys at work
  Value nearKey, nearEnd;      // of the thread's columns; i32, how far from there the last key is
  Value chunk;                 // the first column of O, of the value dims in one
  Value columnCount;           // of all chunks
  Parts parts;
  Tasks tasks;
  std::function<Value()> findNumber;  // of the task at work
  const Operands* everywhere;         // as they are before they are at a task
  std::optional<Words> words;         // of O
  View weightsOf;                     // shared memory of the warp: P
};

}  // namespace heed::codegen::gpu
