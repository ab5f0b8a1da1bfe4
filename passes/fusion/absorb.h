// Turns the cone of a softmax into a scalar program: what is computed for one query and one key.
//
// Invariant: an op is absorbed only if that computes nothing more often than before, or it is mere index and mask
// arithmetic; everything else stays a tensor and is read. Test: tests/passes/fusion/form_attention.mlir.
#pragma once

#include <memory>
#include <string>

#include "heed/passes/fusion/scalars.h"

namespace heed::fusion {

/// Sum over `contracted` of the body of the operands' elements.
struct Similarity {
  llvm::SmallVector<Renamed> operands;
  llvm::SmallVector<llvm::StringRef> contracted;
  std::unique_ptr<mlir::Region> body;
};

/// What an argument of the program stands for.
struct Source {
  enum Kind { similarity, capture, weight } kind;
  unsigned index;
};

/// The sum over `axes` of the product of `factors`: a contraction, or a sum.
struct Product {
  llvm::SmallVector<Renamed, 2> factors;
  llvm::SmallVector<llvm::StringRef> axes;
};
/// The axes summed over get new names where these are `taken`.
std::optional<Product> productOf(const Renamed& x, llvm::ArrayRef<ir::Axis> taken = {});

class Absorption {
  mlir::Region region;

 public:
  /// `row` empty: a single query, so whatever lacks the key axis belongs to it. `space`: the axes of the scores, which
  /// no similarity may sum over under the same name.
  Absorption(llvm::StringRef row, llvm::StringRef key, const Renamed& softmax, ir::Axes space);

  /// One element of x, computed in the program.
  mlir::Value score(const Renamed& x) { return scalar(x); }
  /// One element of x, which is made from the softmax.
  mlir::Value weight(const Renamed& x);

  mlir::Block& program() { return region.front(); }
  Source source(mlir::BlockArgument argument) const { return sources[argument.getArgNumber()]; }
  /// Does it depend on any argument but captures?
  bool usesScores(mlir::Value scalar) const;

  /// A new capture's argument, or that of the same one.
  mlir::Value capture(const Renamed& x);

  llvm::SmallVector<Similarity> similarities;
  llvm::SmallVector<Renamed> captures;
  /// What of rows x keys elements is read from memory: computed outside because it is no similarity, or given.
  struct Refusal {
    mlir::Location loc;
    std::string why;
  };
  llvm::SmallVector<Refusal> refusals, given;
  Scalars scalars;

 private:
  mlir::Value scalar(const Renamed& x);
  mlir::Value compute(const Renamed& x);
  mlir::Value argument(mlir::Type type, Source source, mlir::Location loc);

  bool mixes(const Renamed& x) const { return x.has(key) && ofRow(x); }
  bool ofRow(const Renamed& x) const;
  bool isIndexArithmetic(const Renamed& x) const;
  bool hides(const Renamed& x) const;
  bool absorbs(const Renamed& x) const;

  // similarity.cpp
  struct Factors;
  void flatten(const Renamed& x, bool inverse, llvm::ArrayRef<llvm::StringRef> summed, Factors& factors) const;
  mlir::Value element(const Renamed& x, Similarity& similarity, Scalars& body);
  mlir::Value similarityOf(const Renamed& x);

  llvm::StringRef row, key;
  Renamed softmax;
  ir::Axes space;
  llvm::SmallVector<Source> sources;
  llvm::SmallVector<std::pair<Renamed, mlir::Value>> done;
  bool inWeigh = false;
};

}  // namespace heed::fusion
