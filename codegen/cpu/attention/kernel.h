// One tile.attention on its way to loops: what it reads and writes, where its scratch lies, and the five steps.
//
// Scratch is lane-major: a vector holds one element of `lanes` consecutive rows; a block of rows has `rows` of them.
// Rows past the end repeat the last row and are never stored, so no load needs a mask. Dims that no key has (the heads
// of a group) are rows too: what is read of the keys then serves them all.
// Test: tests/codegen/attention/attention_test.cpp.
#pragma once

#include <functional>

#include "heed/codegen/cpu/attention/attention.h"
#include "heed/codegen/cpu/attention/code.h"
#include "heed/codegen/cpu/region.h"
#include "heed/codegen/cpu/space.h"

namespace heed::codegen {

/// A dim that fill and drain walk: positions [from, to), position i at slot + i * distance floats.
struct LaneAxis {
  int64_t dim;
  Value from, to, distance;
};

/// Smallest and largest element of a capture over a block, and whether a NaN is among them (null: cannot be).
struct Bounds {
  Value least, most, unordered;
};

/// How few rows read `count` numbers that lie side by side: each vector of words becomes so many of f32, number i of
/// which is in vector i mod `vectors`.
struct Pieces {
  int64_t count = 0;
  int vectors = 1;
  int64_t words() const { return count / vectors; }
};

/// Whether an op of the region takes many instructions.
bool isLong(mlir::Region& region);

class AttentionKernel {
 public:
  AttentionKernel(tile::AttentionOp op, const Target& target, const AttentionTile& tile);
  mlir::LogicalResult emit();

 private:
  /// The parts of a body c tanh(a + b), values of its region: see tanh_sum.cpp.
  struct TanhSum {
    unsigned row = 0, key = 0;                 // the operands that a and b are made from
    Value a = {}, b = {}, factor = {};         // no factor: 1
    bool subtracted = false, swapped = false;  // a - b; swapped: b - a
    Value rowSlot = {}, keySlot = {}, inverseSlot = {}, sizeSlot = {}, totalSlot = {};
    Value regular = {}, calm = {};  // of the block of rows; of the block of keys too: no divisor is cut
    View prepared = {};             // e^2b of the block of keys
  };
  struct Similarity {
    mlir::Region* body = nullptr;
    llvm::SmallVector<unsigned> operands = {};  // numbers in op.getSimilar()
    llvm::SmallVector<int64_t> depth = {};      // loop order
    bool dot = false;                           // the body is the product of a row and a key operand
    bool costly = false;                        // a term takes many instructions: tiles gain little, code is long
    Value slot = {};                            // raw scores: [key][pitch]
    std::optional<TanhSum> tanh = {};
  };
  struct RowOperand {
    Value slot;
    llvm::SmallVector<LaneAxis> axes;
    Value rowDistance = {};  // few rows: from one to the next,
    Pieces pieces = {};      // and how each lies there, along the last axis
  };
  struct Capture {
    View view;
    bool byRow = false, byKey = false;
    int words = 1;       // floats per element in scratch
    Value slot = {};     // lanes of a row capture; [lanes + key in block][pitch] of one with both
    Bounds bounds = {};  // over the block of rows, unless by key
  };
  /// The rows that a pass over keys works on: lanes [lane, lane + vectors * lanes) of the block.
  struct Rows {
    RegisterTile tile;
    Value lane;
  };
  /// Lines of memory that the pass over the weights of a block asks for with each key.
  using Lines = std::function<void(Value key)>;
  using Positions = llvm::SmallDenseMap<int64_t, Value>;

  // attention.cpp: the frame
  mlir::LogicalResult check();
  void foldScale();
  void views();
  Value layOut();  // assigns the slots; returns the bytes of scratch
  Value blocksOfRows();
  void goTo(Value number);
  void task(Value number);
  void parallel(Value tasks, Value bytes, llvm::function_ref<void(Value)> body);
  void emitRows();
  void foldRows();
  void findPositions();
  void fillRowOperands();
  void start();
  void finish();
  void drainLse();

  // split_keys.cpp: few rows
  void emitFewRows();
  Value partsOfKeys();
  Value partAt(Value number);
  void workOnPart(Value number);
  void merge(Value number);

  // few_rows.cpp: S and O with lanes of depths and columns
  bool readsByVectors();
  Value sumsOfLanes(llvm::ArrayRef<Value> vectors);
  Value positionOf(int64_t dim, Value row);
  Pieces piecesOfDepth(const Similarity& similarity);
  void scoreFewRows(Similarity& similarity, Value from, Value to, Value row);
  void scaleOut(Value slot);
  void accumulateFewRows(Value key, Value from, Value to);

  // pieces.cpp: between memory and such lanes
  /// What to ask for of keys that lie ahead: the line of key i that is `ahead` elements, position * byPosition and
  /// i * byKey from the first key.
  struct Asking {
    llvm::SmallVector<std::pair<Value, Code::Cache>, 2> ahead;
    Value byPosition, byKey;
  };
  Pieces piecesAlong(int64_t dim, mlir::Type element);
  Values eachPiece(const Pieces& pieces, Values so, llvm::function_ref<Values(Value, Value, Values)> body);
  Value vectorAt(const Pieces& pieces, int n, Value base, Value at);
  LaneIndex positionsOf(const Pieces& pieces, int n, Value position);
  void fillRows(const View& view, llvm::ArrayRef<LaneAxis> axes, const Pieces& pieces, Value memory, Value slot,
                Value distance, float scale = 1);
  void drainRows(Value slot);
  Value keysAhead(const View& view, int64_t bytes);
  Lines linesOfValues(Value block);
  Asking asksAhead(const View& view, const Pieces& pieces, int keys);
  void ask(const Asking& asking, Value base, Value at, Value position, int keys);

  // lanes.cpp: between strided memory and lane-major scratch
  /// What a word of scratch holds: a float of any width as f32, or the bits of any element.
  enum class Words { numbers, bits };
  void fill(const View& view, llvm::ArrayRef<LaneAxis> axes, Value slot, Words words, float scale = 1);
  void drain(const View& view, llvm::ArrayRef<LaneAxis> axes, Value slot);
  void walk(llvm::ArrayRef<LaneAxis> axes, const View& view, Value slot, int64_t except,
            llvm::function_ref<void(View, Value)> body);
  Value encode(Value element);                    // the bits of any element, scalar or vector, as f32 words
  Value decode(Value words, mlir::Type element);  // and back, as vector<lanes x element>
  bool isCopied(const View& view, unsigned number);
  bool copiesKeys();
  View copied(const View& view, llvm::ArrayRef<int64_t> dims, Value slot, Value from, Value to, int64_t numbers,
              llvm::function_ref<Value(const View&, Value, bool)> wordsOf, int64_t keys = 1);
  View widened(
      const View& view, llvm::ArrayRef<int64_t> dims, Value slot, Value from, Value to,
      llvm::function_ref<Value(Value)> of = [](Value x) { return x; });
  Value element(const View& view);          // the scalar at the view's offset
  View atRow(const View& view, Value row);  // row of the block
  Lines linesOfRows(Value block);

  // visible.cpp: which keys of a block
  std::pair<Value, Value> classify(Value keyLow, Value keyHigh);
  std::pair<Value, Value> classifyUnless(Value all, Value from, Value to);
  Values trimmed(Value every, Value from, Value to);
  Bounds boundsOf(const Capture& capture, llvm::ArrayRef<LaneAxis> axes);
  void workOn(RegisterTile tile, Value lane);
  void eachGroup(llvm::function_ref<void()> body);
  llvm::SmallVector<LaneAxis> rowAxes(const View& view);
  void boundCaptures();
  void blocks();
  void block(Value from, Value to, Value every);
  void wholeBlock(Value from, Value to);
  void narrowBlock(Value from, Value to);

  // strips.cpp: of a block that some rows see some of
  void eachStrip(llvm::function_ref<void(Value)> body);
  bool scoresTogether();
  Value stripsThatSee(Value from, Value low);
  void findStripsThatSee(Value from, Value to);
  void askForKeys(Value from, Value to);
  void scoresOfStrips(Value from, Value to);
  void strips(Value from, Value to);

  // scores.cpp: S
  void capture(Value from, Value to);
  void scores(Value block, Value from, Value to, Value row, bool raise);
  bool finishesInTiles();
  /// What becomes of a tile of scores.
  struct Finish {
    bool raise = false, post = false;  // the maximum is raised; they are finished;
    bool weigh = false;                // and become weights, in pairs, under the Shift on trial
  };
  void scoreTiles(Similarity& similarity, Value block, Value from, Value to, Value row, Finish finish);
  Value finished(Values scores, Value key, Value block, Value lane);
  void post(Value block, Value from, Value to, Value row, bool raise);
  Value hide(Value block, Value from, Value to, Value first, Value row);
  Values capturesAt(mlir::Region& region, unsigned first, Value key, Value block, Value lane);
  RegionCloner cloner(Value lane, Value key, const Positions& depth = Positions());

  // tanh_sum.cpp: S where scores are sums of tanh
  std::optional<TanhSum> tanhSumOf(Similarity& similarity);
  Value partOfBody(Similarity& similarity, Value part, unsigned number, Value x);
  Value exponentialOfTwice(Value x, bool negative);
  void prepareRows(Similarity& similarity);
  Value factorAt(Similarity& similarity, const Positions& depth);
  View preparedKeys(Similarity& similarity, Value from, Value to);
  Value isCalm(Similarity& similarity, Value from, Value to);
  void quotientTiles(Similarity& similarity, Value from, Value to, Value row, bool raise, bool calm);

  // pairs.cpp: bf16, two products at once
  bool takesPairs();
  bool readsPairs(const View& view);
  bool weighsPairs();
  Value paired(Value x, Value y);
  Value pairedWeights(Value x, Value y);
  Value pairOf(Value x, Value y);
  Value word(Value x, Value y);
  void pairUp(Value slot, Value from, Value to);
  void pairRows(const RowOperand& operand);
  View pairedDepth(const View& view, llvm::ArrayRef<int64_t> dims, Value slot, Value from, Value to);
  int64_t keysOfWord();
  void pairValues(const View& view, Value slot, Value from, Value to);
  Value sharedValues(View& view);
  void emitPairedValues();
  Value pairAt(Value base, Value at);
  Value sumPairs(Value sum, Value x, Value y);
  Value firstOf(Value word);

  // matrices.cpp: bf16 by matrix registers
  /// Where words lie: the first, and from a row of a register to the next.
  struct Matrices {
    Value start, pitch;
  };
  bool takesMatrices();
  bool byMatrices() { return pairs && c.target.amx; }
  int64_t wordsOfKey();
  int64_t columnsOfValue();
  int64_t valuePitch() const { return tile.block / 2 + c.lanes; }  // lines do not lie a power of two apart
  Value wordsAt(Value base, Value at, int64_t count);
  Value someLanes(Value base, Value at, int lanes, int64_t count);
  View copiedKeys(const View& view, Value slot, Value from, Value to);
  void sumMatrices(Matrices left, Matrices right, Matrices out, Value turns, int down, int across, bool fromZero);
  void scoreMatrices(Similarity& similarity, Value from, Value to, Value row, bool raise);
  void transposeValues(Value count, llvm::function_ref<Value(Value)> keyAt);
  void accumulateMatrices(Value count);

  // softmax.cpp: P, and O
  void weights(Value block, Value count, llvm::function_ref<Value(Value)> keyAt);
  void accumulateRuns(Value block, Value count);
  void accumulate(Value key, Value from, Value to);
  Value listed(Value row);
  Value exp2(Value x, bool coarse = false);
  /// A score becomes 2^(score * factor - by).
  struct Shift {
    Value by, factor;
  };
  Shift shift(Value max);
  Value growsLittle(int j);
  void keepMaximum(int j);
  Value baseOf(Value max);
  Value exponential(Value score, const Shift& shift, bool coarse = false);
  Value rescaled(Value before, const Shift& now);
  Value logSum(Value max, Value sum);

  // trial.cpp: P of bf16 with S
  bool triesWeights();
  void startTrials();
  Value tryWeights(Value from, Value to);

  bool hasRow(const View& view) const {
    return llvm::any_of(rowDims, [&](int64_t dim) { return view.has(dim); });
  }
  bool uses(mlir::Region& region, unsigned argument) const {
    return !region.empty() && !region.front().getArgument(argument).use_empty();
  }
  /// Whether the classification asks for the bounds of capture n.
  bool classified(unsigned n) { return uses(op.getClassify(), 4 + 2 * n) || uses(op.getClassify(), 5 + 2 * n); }
  /// Vector j of the rows at work, in a slot of one float per row.
  Value place(Value slot, int j) { return c.add(c.add(slot, current.lane), int64_t(j) * c.lanes); }
  Value laneVector(Value slot, int j) { return c.loadLanes(scratch, place(slot, j)); }
  void setLanes(Value x, Value slot, int j) { c.storeLanes(x, scratch, place(slot, j)); }
  /// body(lane) for each vector of the rows at work that has rows.
  void eachVector(llvm::function_ref<void(Value)> body) {
    Value end = c.add(current.lane, int64_t(current.tile.vectors) * c.lanes);
    c.loop(current.lane, c.least(end, rowCount), c.lanes, body);
  }

  tile::AttentionOp op;
  AttentionTile tile;
  mlir::OpBuilder builder;
  Code c;
  int rows;          // of a block
  int pitch;         // floats from a line of lanes to the next, at least as many
  bool few = false;  // the kernel for few rows is being emitted
  FewRowsTile fewTile = {};
  bool pairs = false;  // a word is a pair of bf16 (not in the kernel for few rows)
  bool failed = false;

  int64_t rowDim, keyDim;
  llvm::SmallVector<int64_t> rowDims;       // slowest first; the last one is rowDim
  llvm::SmallVector<int64_t> outer, value;  // value dims in loop order: the last one is tiled
  llvm::SmallVector<Value> extent;          // per dim
  Positions at;                             // of the outer dims
  Value fromLast;                           // whether blocks of rows come last to first
  Value q0, rowCount, allRows, keyFrom, keyTo, scratch, shared;
  Rows current;                      // while code is emitted: whose keys these are,
  std::pair<Value, Value> seenFrom;  // and positions [first, second) along rowDim among them

  llvm::SmallVector<View> similar;
  std::vector<Similarity> similarities;
  llvm::DenseMap<unsigned, RowOperand> rowOperands;
  llvm::SmallVector<Capture> captures;
  llvm::DenseMap<unsigned, Value> copies;  // slots, by operand of a similarity; the value is the last
  View valueView, out, lse;
  llvm::SmallVector<View> initial;
  llvm::SmallVector<LaneAxis> valueAxes;
  float queryScale = 1, scoreScale = 1;  // folded into the row operand; applied to raw scores
  bool plain = false;                    // after the folding, post is the identity

  Value scoreSlot;  // [key][pitch]: finished scores, then weights; the raw scores of the first similarity before
  llvm::SmallVector<Value> positionSlots;  // of rowDims, where they are several: the positions of each row
  struct Trial {
    Value by, factor, sum, wait;  // slots: the Shift of each row, the sum of weights, for how many blocks there is none
  } trial;
  Value maxSlot, oldMaxSlot, sumSlot, alphaSlot, listSlot, squareSlot, seenSlot;
  Value outSlot, outRow;  // O: in scratch; of few rows in the shared memory, each row outRow floats
};

}  // namespace heed::codegen
