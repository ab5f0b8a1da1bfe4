// The steps of the CPU pipeline that an attention kernel needs, timed one by one.
#include "heed/tests/codegen/attention/compile_kernel.h"

#include <time.h>

#include <stdexcept>

#include "heed/codegen/cpu/math/passes.h"
#include "heed/codegen/cpu/outline.h"
#include "heed/codegen/jit/passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

namespace heed::testing {

using namespace mlir;

/// Milliseconds of processor time since the last call: what others do on the machine does not count.
static double lap() {
  static double last = 0;
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  double now = 1e3 * t.tv_sec + 1e-6 * t.tv_nsec;
  return now - std::exchange(last, now);
}

CompiledKernel compileKernel(const std::string& text, const codegen::Target& target,
                             const codegen::TileLowerAttentionOptions& options, const codegen::JitOptions& jit,
                             bool keepLowered) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, tile::TileDialect, ub::UBDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic& d) { messages += d.str() + "\n"; });
  auto check = [&](bool good) {
    if (!good) throw std::runtime_error(messages);
  };

  CompiledKernel result;
  lap();
  auto module = parseSourceString<ModuleOp>(text, &context);
  check(bool(module));
  result.parseMs = lap();
  PassManager emit(&context);
  emit.addNestedPass<func::FuncOp>(codegen::createTileLowerAttention(options));
  check(succeeded(emit.run(*module)));
  result.emitMs = lap();
  if (keepLowered) llvm::raw_string_ostream(result.lowered) << *module;
  lap();
  PassManager lower(&context);
  lower.addPass(codegen::createTileAddSession());
  lower.addPass(codegen::createTileOutlineParallel());
  lower.addPass(codegen::createExpandMath({target.fma, target.avx512}));
  lower.addPass(codegen::createEmitEntry());
  lower.addPass(codegen::createToLlvm());
  check(succeeded(lower.run(*module)));
  result.lowerMs = lap();
  auto code = codegen::jit(*module, target, jit);
  result.jitMs = lap();
  if (!code) throw std::runtime_error(llvm::toString(code.takeError()));
  result.code = std::move(*code);
  return result;
}

}  // namespace heed::testing
