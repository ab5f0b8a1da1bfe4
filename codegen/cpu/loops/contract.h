// One tile.contract: its rows and panels of columns, packed slice by slice and summed in registers. products.h divides
// the work.
//
// What is packed are words of 32 bits: an f32 number, or, where the target has an instruction for them, a pair of bf16
// numbers that follow each other along the depth. A line is what lies at one word of the depth. The last line of a run
// of odd length has zeros in the second place. Where matrix registers multiply, lines of zeros make the last slice a
// multiple of what they hold.
//
// Where the target says so, the packed form of a weight has 8 or 4 bits for each number: groups of numbers that follow
// each other along the depth are multiples of one scale. Lines of zeros make the last group whole.
//
// Invariant: every sum runs over the depth from first to last, one word (of matrix registers 16) at a time, in every
// tile, slice and tail.
// Test: tests/codegen/loops/contract_test.cpp.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"

namespace heed::codegen {

/// Whether the result is contiguous along a row or column dim: then the lanes lie there.
bool hasLaneDim(tile::ContractOp op);

/// A weight as the kernel reads it, packed once for all calls: for each point of the shared dims that it has, slice
/// after slice, panel after panel, line after line. `order` says which dim of the weight's memref is which of these:
/// weights of one order and element type have one form.
struct PackedForm {
  mlir::Type element;
  llvm::SmallVector<int64_t> order;
  int64_t shared, columns;  // how many of each; then come the lane dim and the depth
  bool pairs;
  int bits;       // of a number, 0: all that words have
  int64_t width;  // of a panel, in columns
  bool operator==(const PackedForm&) const = default;
};

class ContractKernel {
 public:
  using Builder = mlir::ImplicitLocOpBuilder;

  /// hasLaneDim(op) holds.
  ContractKernel(tile::ContractOp op, const Target& target);

  /// The operand that is read panel by panel, and the form that it would be packed in.
  mlir::Value panelOperand() { return swapped ? op.getLhs() : op.getRhs(); }
  PackedForm packedForm();
  /// From now on reads that operand in its packed form; null: as it is.
  void readPacked(mlir::Value form) { packed = form, bits = form ? packedBits() : 0; }
  /// Emits at `b` the packing of `weight`, shaped like that operand, to `memory` (memref<?xf32>) unless that has no
  /// elements; gives the number of bytes that it needs.
  mlir::Value emitPack(Builder& b, mlir::Value weight, mlir::Value memory);

 private:
  friend class Products;
  using Values = llvm::SmallVector<mlir::Value>;
  /// Coordinates so far, and where they lead in each operand.
  struct Place {
    Values index;  // of each dim, null where it is not yet known
    mlir::Value left, right, out;
    Values captures;
  };
  /// What a task computes: rows [from, to) of panels [firstPanel, endPanel). Rows and panels are numbered across all
  /// their dims.
  struct Block {
    Place place;  // at its shared dims
    mlir::Value from, to, firstPanel, endPanel;
    mlir::Value scratch;
  };
  /// Lines [from, from + lines) of the depth, numbered across all its dims; each run along the last one begins a line.
  struct Slice {
    mlir::Value from, lines;
    mlir::Value first, last;  // whether it is the first, the last
  };
  /// A vector's width of columns.
  struct Panel {
    Place place;
    mlir::Value number;              // within the block, of all its products
    mlir::Value columns;             // how many there are from its first on
    mlir::Value memory, position{};  // where its lines are
    int rounded = 0;                 // they are groups of the packed form, which tiles of so many rows read; 0: words
  };

  // contract.cpp
  void readOperands(Builder& b);
  void countPanels(Builder& b);
  /// No slice has more lines, as far as extents are known.
  int64_t longestSlice();
  void clear(Builder& b, const Block& block) const;
  void overSlices(Builder& b, llvm::function_ref<void(const Slice&)> body) const;
  /// Calls `body` for each panel of [from, to), with where it is among the columns.
  void overPanels(Builder& b, mlir::Value from, mlir::Value to,
                  llvm::function_ref<void(mlir::Value number, mlir::ValueRange at)> body) const;
  /// `place` is at the shared dims.
  Panel panelAt(Builder& b, const Place& place, mlir::ValueRange at) const;
  void emitPanel(Builder& b, const Block& block, const Slice& slice, mlir::Value number, Panel panel);
  Place origin() const;
  Place move(Builder& b, Place place, llvm::ArrayRef<int64_t> dims, mlir::ValueRange by) const;
  mlir::Value product(Builder& b, llvm::ArrayRef<int64_t> dims) const;
  Values sizes(llvm::ArrayRef<int64_t> dims) const;
  /// The depth's sizes in lines, and a place moved along it by so many.
  Values depthLines(Builder& b) const;
  /// The end of those of the slice that hold numbers.
  mlir::Value filledTo(Builder& b, const Slice& slice) const;
  Place alongDepth(Builder& b, const Place& place, Values lines) const;
  int64_t perWord() const { return pairs ? 2 : 1; }
  /// Of how many lines their number is a multiple.
  int64_t lineStep() const { return bits ? groupLines() : byMatrices() ? target.lanes : 1; }
  int64_t width() const { return int64_t(tile.vectors) * target.lanes; }
  // Where things lie in the scratch.
  int64_t zerosAt() const { return tile.rows * width(); }  // after the finished tile
  int64_t panelAt() const { return 2 * zerosAt(); }
  int64_t rowsAt() const { return panelAt() + tile.depth * width(); }
  mlir::Value waitingAt(Builder& b) const;
  mlir::Value partialAt(Builder& b) const;
  mlir::Value packedAt(Builder& b, const Slice& slice, mlir::Value number) const;
  mlir::Value packedBefore(Builder& b, const Place& place) const;

  // contract_pack.cpp
  /// A part of an operand, `counts` words along two dims (the second one -1: there is none).
  struct Rectangle {
    const View& view;
    mlir::Value position;
    int64_t fast, slow;  // dims of the packed form
    mlir::Value fastCount, slowCount;
    mlir::Value elements;   // that the depth's last dim has from `position` on
    mlir::Value to, pitch;  // where in the scratch, and how far from line to line
    int64_t unit;           // what of the fast dim is written at once; beyond fastCount anything
  };
  void packRows(Builder& b, const Block& block, const Slice& slice) const;
  void packPanel(Builder& b, const Slice& slice, const Panel& panel) const;
  void pack(Builder& b, mlir::Value scratch, const Rectangle& part) const;
  void packSquares(Builder& b, mlir::Value scratch, const Rectangle& part) const;
  /// A vector of words along `dim` from `position` on: without a count all its lanes, else that many (at least 1), and
  /// beyond anything. `elements` as above.
  mlir::Value words(Builder& b, const View& view, mlir::Value position, int64_t dim, mlir::Value elements,
                    mlir::Value count = {}) const;
  mlir::Value pairsAlongDepth(Builder& b, const View& view, mlir::Value position, mlir::Value elements,
                              bool tail) const;
  /// A position, and how many elements the depth's last dim has from there on.
  struct Start {
    mlir::Value position, elements;
  };
  mlir::Value zeros(Builder& b) const;  // a vector
  Start along(Builder& b, Start from, const Rectangle& part, int64_t dim, mlir::Value words) const;
  mlir::Value elementsFrom(Builder& b, const Place& place) const;
  mlir::Value stepsOf(Builder& b, int64_t dim, mlir::Value words) const;
  mlir::Value wholeWords(Builder& b, const Rectangle& part, int64_t dim) const;
  void overRuns(Builder& b, mlir::Value from, mlir::Value to, mlir::ValueRange sizes,
                llvm::function_ref<void(Values index, mlir::Value before, mlir::Value count)> body) const;

  // contract_tile.cpp
  /// Lines [from, to) of a slice, which are summed for all rows of a block before those that follow; and where sums
  /// wait for these.
  struct Part {
    mlir::Value from, to, first, last;
  };
  void overParts(Builder& b, const Block& block, const Slice& slice, const Panel& panel);
  void overRows(Builder& b, const Block& block, const Slice& slice, const Panel& panel, const Part& part);
  void emitTile(Builder& b, const Block& block, const Slice& slice, const Panel& panel, const Part& part,
                mlir::Value row, int height);
  /// Called in each turn with the position of its line, and with one that starts `from` and moves by `step`.
  struct Asking {
    mlir::Value from, step;
    llvm::function_ref<void(mlir::Value, mlir::Value)> ask;
  };
  Values sums(Builder& b, mlir::Value left, mlir::Value right, mlir::Value lines, Values sums,
              const Asking& asking) const;
  /// sums + the products of one line of the panel, `across`, with those of the rows at k.
  Values addLine(Builder& b, mlir::Value rows, mlir::Value k, mlir::ValueRange across, Values sums) const;
  /// sum + the products of words.
  mlir::Value multiplyAdd(Builder& b, mlir::Value x, mlir::Value y, mlir::Value sum) const;
  void finish(Builder& b, const Block& block, const Panel& panel, mlir::Value row, mlir::Value count);
  /// A vector of columns: its first one; unless all are there, how many, and which lanes. Streamed: see goesPast.
  struct Lanes {
    mlir::Value column, count = {}, mask = {};
    bool streamed = false;
  };
  /// Stores lanes as the result's type.
  void storeRounded(Builder& b, mlir::Value sums, mlir::Value position, const Lanes& lanes) const;
  /// From `column` on, of `columns` that there are.
  Lanes lanesAt(Builder& b, mlir::Value column, mlir::Value columns) const;
  void finishVector(Builder& b, const Place& place, mlir::Value sum, const Lanes& lanes);

  // contract_matrices.cpp
  /// Whether matrix registers multiply.
  bool byMatrices() const { return pairs && target.amx; }
  /// Whether the panel's rows of the result are whole lines, of more than the second-level cache could keep.
  mlir::Value goesPast(Builder& b, const Panel& panel) const;
  void sumMatrices(Builder& b, const Block& block, const Panel& panel, const Part& part, mlir::Value number,
                   mlir::Value rows, mlir::Value before, mlir::Value after, int height) const;

  // contract_rounded.cpp
  /// In how many bits the numbers of a packed form are.
  int packedBits() const { return depth.empty() ? 0 : target.weightBits; }
  /// A group of the packed form, all columns of a panel: scales, in bf16, then its numbers, from two at a time that
  /// follow each other along the depth: of 8 bits line after line, of 4 bits as halves of a byte.
  int64_t groupLines() const { return numbersPerGroup / perWord(); }
  int64_t wordsOfScales() const { return width() / 2; }
  int64_t wordsOfTwo() const { return 2 * bits * width() / 32; }
  int64_t wordsOfGroup() const { return wordsOfScales() + numbersPerGroup / 2 * wordsOfTwo(); }
  /// So many lines of a panel in the packed form, in words; without bits for any number, else for whole groups.
  mlir::Value packedWords(Builder& b, mlir::Value lines) const;
  void emitRounded(Builder& b, const Block& block, const Slice& slice, Panel panel, mlir::Value position);
  void roundPanel(Builder& b, const Slice& slice, mlir::Value scratch, mlir::Value memory, mlir::Value position) const;
  void widenPanel(Builder& b, const Slice& slice, mlir::Value position, mlir::Value scratch) const;
  Values scales(Builder& b, mlir::Value group) const;
  Values widened(Builder& b, mlir::Value group, mlir::Value two, mlir::ValueRange scales) const;
  Values sumsOfRounded(Builder& b, mlir::Value rows, const Panel& panel, mlir::Value lines, Values sums) const;

  // contract_few.cpp
  /// Whether few rows have a form of their own: where lines of the right operand are contiguous.
  bool streams() const { return !packed && rightUnit == lane && !depth.empty() && !byMatrices(); }
  void emitFewRows(Builder& b);
  void addLines(Builder& b, const Place& place, mlir::Value columns, mlir::Value scratch, int lines) const;
  mlir::Value word(Builder& b, const View& view, mlir::Value position, mlir::Value elements) const;

  static constexpr int64_t fewRows = 8;
  static constexpr int64_t numbersPerGroup = 32;

  tile::ContractOp op;
  Target target;
  bool pairs;  // words are pairs of bf16, else f32
  bool last;   // the result leaves the program, and nothing there reads it again
  ContractTile tile;
  int64_t pitch;         // from row to row of the packed left operand: of vectors an odd number, so that lines of few
                         // rows do not share a place in the cache
  bool swapped = false;  // lhs and rhs, so that the lanes are columns
  int64_t lane = -1, rightUnit = -1;
  llvm::SmallVector<int64_t> shared, rows, columns, depth;  // dims; columns without the lane dim
  View left, right, out;
  mlir::Value packed;  // the right operand in its packed form, if it is a weight
  int bits = 0;        // of its numbers there
  llvm::SmallVector<View> captures;
  Values extents;
  mlir::Value rowCount, panelCount, lineCount, filledLines, lanePanels;
  mlir::Value rowsPerBlock, sliceLines, slices;
  bool failed = false;
};

}  // namespace heed::codegen
