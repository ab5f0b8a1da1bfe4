// traceAtRunTime: the same tracing while the program runs; for modules whose numbers are known only then, for lambdas
// with captures, and for a debugger.
//
// Invariant: gives the graph that trace() gives, except that operands of one operator may be traced in another order,
// which C++ leaves open. Input names must outlive the graph.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <utility>

#include "heed/dsl/trace.h"

namespace heed {
namespace lang {

/// An array of a size known at run time. Not std::vector, whose header costs every user more than this graph does.
template <class T>
class Pooled {
 public:
  explicit Pooled(std::size_t size) : data_(new T[size]{}), size_(size) {}
  Pooled(Pooled&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pooled& operator=(Pooled&&) = delete;
  ~Pooled() { delete[] data_; }

  T* data() { return data_; }
  tape::Pool<T> view() const { return {data_, size_}; }

 private:
  T* data_;
  std::size_t size_;
};

}  // namespace lang

template <class Signature>
class RunTimeGraph {
 public:
  using signature = Signature;

  /// Traces f, which sizes were measured of.
  template <class F>
  RunTimeGraph(const F& f, const lang::Sizes& sizes)
      : name_(lang::graphName<F>()),
        nodes_(sizes.nodes),
        values_(sizes.values),
        operands_(sizes.operands),
        attributes_(sizes.attributes),
        scopes_(sizes.scopes) {
    lang::Recording<F>::run(
        lang::Tape(nodes_.data(), values_.data(), operands_.data(), attributes_.data(), scopes_.data()), f);
  }

  operator GraphView() const {
    return {tape_version, name_, nodes_.view(), values_.view(), operands_.view(), attributes_.view(), scopes_.view()};
  }

  int count(std::string_view op) const { return GraphView(*this).count(op); }

  /// As Graph::parameter(). Throws Mistake.
  int parameter(std::string_view path) const { return lang::parameterAt(*this, path); }

  void nameInputs(std::initializer_list<std::string_view> names) { lang::nameInputs(attributes_.data(), names); }

 private:
  std::string_view name_;
  lang::Pooled<tape::Node> nodes_;
  lang::Pooled<ValueInfo> values_;
  lang::Pooled<std::uint32_t> operands_;
  lang::Pooled<tape::Attribute> attributes_;
  lang::Pooled<tape::Scope> scopes_;
};

/// traceAtRunTime(sdpa, "q", "k", "v"), traceAtRunTime(Mlp{.epsilon = epsilon}, "x"). Runs f twice. Throws Mistake.
template <class F, class... Names>
auto traceAtRunTime(F f, const Names&... names) {
  if constexpr (lang::traceable<F, Names...>()) {
    lang::Sizes sizes = lang::Recording<F>::run(lang::Tape(), f);
    if (sizes.foreignAt)
      throw Mistake("heed: a tensor of no graph, or of another one; a parameter is a member of the traced module");
    if (sizes.largeAt)
      throw Mistake("heed: a number beyond the element type of the tensor beside it; cast the tensor, or write inf");
    using Signature = typename lang::AsTuple<typename lang::SignatureOf<F>::type>::type;
    RunTimeGraph<Signature> graph(f, sizes);
    lang::checkNames({names...});
    graph.nameInputs({names...});
    if (!lang::sharedAxisName(graph).empty())
      throw Mistake("heed: trace: two axis types of one name in one graph; give each its own name");
    if (lang::secondAppend(graph))
      throw Mistake("heed: append: this state has an append already; call its layer once, or give each a State");
    return graph;
  } else {
    return lang::NoGraph{};
  }
}

}  // namespace heed
