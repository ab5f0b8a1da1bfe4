// For tests: the text of a module at the tiled stage, compiled and called on plain arrays.
//
// Every array ends at a page that may not be touched, so reading or writing past it stops the test.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "heed/codegen/cpu/pipeline.h"
#include "heed/codegen/jit/jit.h"
#include "heed/runtime/session.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace heed::testing {

/// Memory for `bytes`, flush against a guard page.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) {
    std::size_t page = ::sysconf(_SC_PAGESIZE);
    length_ = (bytes + page - 1) / page * page + 2 * page;
    start_ = static_cast<char*>(::mmap(nullptr, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    if (length_ > 2 * page) ::mprotect(start_ + page, length_ - 2 * page, PROT_READ | PROT_WRITE);
    data_ = start_ + length_ - page - bytes;
  }
  ~Guarded() { ::munmap(start_, length_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  void* data() const { return data_; }

 private:
  std::size_t length_;
  char *start_, *data_;
};

/// An array with the strides of the order in which its dims lie in memory (`order[0]` slowest; empty: row-major), and
/// `pad` unused elements after each run of the fastest dim.
template <class T>
class Tensor {
 public:
  explicit Tensor(std::vector<std::int64_t> sizes, std::vector<int> order = {}, std::int64_t pad = 0)
      : sizes_(std::move(sizes)), strides_(sizes_.size()) {
    if (order.empty())
      for (std::size_t d = 0; d < sizes_.size(); ++d) order.push_back(int(d));
    std::int64_t stride = 1;
    for (std::size_t n = order.size(); n-- > 0;) {
      strides_[order[n]] = stride;
      stride *= sizes_[order[n]];
      if (n + 1 == order.size()) stride += pad;
    }
    // The last run needs no padding behind it.
    std::int64_t elements = 1;
    for (std::size_t d = 0; d < sizes_.size(); ++d) elements += (sizes_[d] - 1) * strides_[d];
    for (auto size : sizes_)
      if (size == 0) elements = 0;
    memory_ = std::make_unique<Guarded>(elements * sizeof(T));
    std::memset(memory_->data(), 0, elements * sizeof(T));
    descriptor_ = {reinterpret_cast<std::int64_t>(memory_->data()), reinterpret_cast<std::int64_t>(memory_->data()), 0};
    descriptor_.insert(descriptor_.end(), sizes_.begin(), sizes_.end());
    descriptor_.insert(descriptor_.end(), strides_.begin(), strides_.end());
  }

  T& operator[](std::vector<std::int64_t> at) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < at.size(); ++d) offset += at[d] * strides_[d];
    return static_cast<T*>(memory_->data())[offset];
  }
  std::int64_t size(int dim) const { return sizes_[dim]; }
  void* descriptor() { return descriptor_.data(); }

  /// Visits every index.
  template <class F>
  void each(F visit) {
    for (auto size : sizes_)
      if (size == 0) return;
    std::vector<std::int64_t> at(sizes_.size());
    for (;;) {
      visit(at, (*this)[at]);
      std::size_t d = at.size();
      while (d > 0 && ++at[d - 1] == sizes_[d - 1]) at[--d] = 0;
      if (d == 0) return;
    }
  }

 private:
  std::vector<std::int64_t> sizes_, strides_, descriptor_;
  std::unique_ptr<Guarded> memory_;
};

/// A compiled module. Throws with the diagnostics when the text does not compile.
class CompiledText {
 public:
  explicit CompiledText(const std::string& text, const codegen::Target& target = *codegen::targetFor(),
                        const codegen::JitOptions& options = {}) {
    mlir::DialectRegistry registry;
    codegen::registerCpuDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) { messages += d.str() + "\n"; });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    mlir::PassManager pm(&context);
    codegen::buildCpuPipeline(pm, target);
    codegen::buildLlvmPipeline(pm);
    if (!module || failed(pm.run(*module))) throw std::runtime_error(messages);
    auto compiled = codegen::jit(*module, target, options);
    if (!compiled) throw std::runtime_error(llvm::toString(compiled.takeError()));
    code = std::move(*compiled);
  }

  template <class... Tensors>
  void operator()(Tensors&... tensors) const {
    heed::Session session(threads);
    void* arguments[] = {tensors.descriptor()...};
    code.entry(&session, arguments);
  }

  codegen::Compiled code;
  int threads = 2;
};

}  // namespace heed::testing
