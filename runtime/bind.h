// From the user's arrays to the descriptors compiled code reads: everything that can be wrong is found here.
//
// Invariant: what descriptors() shows has the signature's ranks and types, equal extents per symbol, innermost stride
// 1, no negative stride, elements aligned, and results that share memory with nothing.
// Read tests/runtime/binding_test.cpp: one test per message.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/runtime/abi.h"
#include "heed/runtime/signature.h"
#include "heed/runtime/view.h"

namespace heed {

class Session;
struct Executable;

using NamedArray = std::pair<std::string, AnyArray>;

/// The extent of all axes of one symbol: extent<Batch>(4).
struct Extent {
  std::string_view symbol;
  std::int64_t extent = 0;
};
template <class A>
constexpr Extent extent(std::int64_t n) {
  constexpr bool symbolic = A::extent < 0;
  static_assert(symbolic, "heed: extent<Axis>(n): this axis has a static extent; name those known at run time only");
  return {A::symbol.view(), n};
}

/// The arguments of one caller. Reused from call to call: it allocates only to pack a view that is larger than any
/// before. Every check throws heed::Error.
class Arguments {
 public:
  /// Throws if a result has a symbolic axis that no input or parameter has. `signature` must outlive this object.
  explicit Arguments(const Signature& signature);
  Arguments(const Arguments&) = delete;

  /// Binds one parameter for all calls to come; binding again replaces it. Its memory is kept if it has an owner. Its
  /// values are read at the next call, once for many: after changing them bind it again.
  void bind(std::string_view parameter, const AnyArray& array);
  /// Binds all parameters: one error lists every missing and every unknown name.
  void bindAll(std::span<const NamedArray> arrays);
  /// What is bound so far.
  std::vector<NamedArray> bound() const;
  /// Binds what is bound to `other`, of the same signature; what was packed for one is packed for both.
  void bindAs(const Arguments& other);

  /// Makes what the kernels read in place of the parameters that were bound since the last call: a copy, packed once,
  /// whose memory comes on top of the parameter's own; but pages of a mapped file are let go of.
  void pack(Session& session, const Executable& executable);
  /// Bytes of those copies.
  std::int64_t packedBytes() const;

  // state.cpp: what is kept between calls

  /// Gives the states room, of these extents by symbol, and forgets what they held. Any call before is refused.
  void begin(std::span<const Extent> extents);
  /// How many tokens each row has been told so far, in the order of the rows; empty for a graph without states. Where
  /// several sequences are remembered, of the one that comes first among the inputs; rewind() and pad(), too.
  std::span<const std::int32_t> past() const;
  /// Forgets the last tokens of each row, so that lengths[row] are left.
  void rewind(std::span<const std::int32_t> lengths);
  /// The first counts[row] tokens of the calls to come are padding: they have positions below 0 and are not remembered.
  void pad(std::span<const std::int32_t> counts);
  /// What the states take.
  std::int64_t stateBytes() const;

  /// Checks the inputs and learns the extents of symbolic axes.
  void inputs(std::span<const ArrayView> views);
  /// After inputs(): the extents of result i.
  std::span<const std::int64_t> resultExtents(int i) const { return results_[i].extents; }
  /// After inputs(): checks the memory for the results.
  void results(std::span<const ArrayView> views);

  void** descriptors() { return pointers_.data(); }
  /// After the call: copies back results whose view had no innermost stride of 1; the tokens told are past.
  void finish();

  /// How many views had to be packed into a contiguous copy so far, since their innermost stride is not 1.
  std::int64_t packed() const { return packed_; }

 private:
  /// A parameter's packed form: made by whoever needs it first.
  struct Packed {
    std::once_flag once;
    std::shared_ptr<void> memory;
    std::int64_t bytes = 0;
  };
  struct Slot {
    const TensorSpec* spec = nullptr;
    std::vector<int> symbols;           // per axis: the index of its symbol, or -1 if its extent is fixed
    std::vector<std::int64_t> extents;  // of results: filled by inputs()
    std::int64_t* words = nullptr;      // its descriptor
    std::shared_ptr<Packed> packed;     // of parameters
    abi::Descriptor<1> packed_form{};
    AnyArray given;
    std::shared_ptr<void> copy;  // for packing
    std::int64_t copy_bytes = 0;
    ByteRange range;
    bool bound = false;    // parameters
    bool scatter = false;  // results: finish() copies back
  };
  struct Symbol {
    std::string name;
    std::int64_t extent = -1;
    const TensorSpec* first = nullptr;  // who told the extent in this call, and on which axis
    int axis = 0;
  };

  void addSlot(std::vector<Slot>& slots, const TensorSpec& spec, bool result);
  void checkType(const Slot& slot, const ArrayView& view) const;
  void solve(const Slot& slot, const ArrayView& view);
  void requireRows(const Slot& slot, const ArrayView& view) const;
  void describe(Slot& slot, const ArrayView& view, bool result);
  void requireAllBound() const;
  void recall();   // checks that states have begun and have room for the tokens of this call
  void advance();  // counts them
  std::int64_t told(const StateSpec& state) const;
  bool comesBefore(const StateSpec& l, const StateSpec& r) const;

  const Signature& signature_;
  std::vector<Slot> inputs_, parameters_, states_, results_;
  bool begun_ = false;
  std::vector<Symbol> symbols_;
  std::vector<std::int64_t> words_;
  std::vector<void*> pointers_;
  std::size_t unbound_ = 0;
  bool unpacked_ = false;
  std::int64_t packed_ = 0;
};

}  // namespace heed
