// A caller's own way into an executable, element types and ranks checked at run time; Kernel is its typed face.
//
// Invariant: the executable is shared, everything else is this caller's. Two threads that run at the same time need two
// runners: copy it. cancel() alone may come from any thread.
// Read tests/runtime/runner_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/runtime/bind.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/session.h"

namespace heed {

class Weights;
struct BindOptions;

class Runner {
 public:
  /// threads and pool as for Session.
  explicit Runner(std::shared_ptr<const Executable> executable, int threads = 0, ThreadPool* pool = nullptr);
  /// The same executable and parameters; a session of its own, whose states have not begun.
  Runner(const Runner& other);
  Runner(Runner&&) noexcept = default;
  Runner& operator=(Runner other) noexcept;

  /// Binds a parameter by name for all calls to come; its memory is kept alive if the array owns it.
  void bind(std::string_view name, const AnyArray& array) {
    state().arguments.bind(name, array);
    state().session.parametersChanged();
  }
  /// The same for an array whose axes may come in another order than the graph's.
  void bind(std::string_view name, const AnyArray& array, std::span<const AxisSpec> axes);
  /// Binds all parameters at once; one heed::Error lists every missing and unknown name.
  void bindAll(std::span<const NamedArray> arrays) {
    state().arguments.bindAll(arrays);
    state().session.parametersChanged();
  }
  /// Binds the parameters to a file's tensors, as fit() in weights/weights.h pairs them; all of them or, if it throws,
  /// none.
  void bind(const Weights& weights, const BindOptions& options);

  /// For a graph with states: gives them room and forgets what they held; see Arguments.
  void begin(std::span<const Extent> extents) {
    state().arguments.begin(extents);
    state().session.statesBegun();
  }
  void begin(std::initializer_list<Extent> extents) { begin(std::span(extents.begin(), extents.size())); }
  /// How many tokens each row has been told by the calls that succeeded.
  std::span<const std::int32_t> past() const { return state().arguments.past(); }
  /// Forgets the last tokens of each row: those of padding, or those that were only tried.
  void rewind(std::span<const std::int32_t> lengths) { state().arguments.rewind(lengths); }
  /// Rows padded on the left: the first counts[row] tokens of the calls to come are seen by nobody and not remembered.
  void pad(std::span<const std::int32_t> counts) { state().arguments.pad(counts); }

  /// Runs it into memory of the caller's. Throws heed::Error naming the argument, the axis and both extents.
  void run(std::span<const ArrayView> inputs, std::span<const ArrayView> results) {
    runInto(inputs, [&](const Arguments&) { return results; });
  }
  /// Runs it into new arrays, in the order of the signature's results.
  std::vector<AnyArray> run(std::span<const ArrayView> inputs);

  /// The same with memory made when the extents of the results are known: make(arguments) gives a range of views.
  template <class Make>
  void runInto(std::span<const ArrayView> inputs, Make&& make) {
    Session::Turn turn(state().session);
    state().arguments.inputs(inputs);
    state().arguments.results(make(std::as_const(state().arguments)));
    state().arguments.pack(state().session, *state().executable);
    state().session.call(*state().executable, state().arguments.descriptors());
    state().arguments.finish();
  }

  /// The last call's kernels again, without copies to and from the device: seconds per time. See Device::replay.
  double replay(int times) {
    Session::Turn turn(state().session);
    return state().session.replay(times);
  }

  /// What the last call's kernels take of the device; empty on the CPU.
  std::string explain() { return state().session.explain(); }

  /// A runner that was moved from has nothing to cancel; all else but to be assigned to is a heed::Error.
  void cancel() noexcept {
    if (state_) state_->session.cancel();
  }
  const Executable& executable() const { return *state().executable; }
  const std::shared_ptr<const Executable>& shared() const { return state().executable; }
  const Session& session() const { return state().session; }
  const Arguments& arguments() const { return state().arguments; }

 private:
  struct State {
    std::shared_ptr<const Executable> executable;
    Session session;
    Arguments arguments;
    State(std::shared_ptr<const Executable> e, int threads, ThreadPool* pool)
        : executable(std::move(e)), session(threads, pool), arguments(executable->signature) {}
  };
  State& state() const {
    if (!state_) movedFrom();
    return *state_;
  }
  [[noreturn]] static void movedFrom();

  std::unique_ptr<State> state_;
};

/// What models hold, in bytes: of the parameters bound, shared ones once, what is in memory (of a mapped file, the
/// pages that were read: of a table of words, few); the copies of them that kernels read, once there was a call; their
/// states; arena and scratch, which are those of the largest call so far.
struct Memory {
  std::int64_t bound = 0;  // the parameters, in memory or not; no part of the total
  std::int64_t parameters = 0, packed = 0, states = 0, working = 0;
  std::int64_t total() const { return parameters + packed + states + working; }
};
Memory memoryOf(std::initializer_list<const Runner*> models);

}  // namespace heed
