#include "simulated.h"

#include "heed/codegen/cpu/pipeline.h"
#include "heed/codegen/gpu/image.h"
#include "heed/codegen/gpu/passes.h"
#include "heed/codegen/gpu/pipeline.h"
#include "heed/codegen/tile/tile.h"
#include "heed/driver/pipeline.h"
#include "heed/driver/signature_of.h"
#include "heed/passes/import/import.h"
#include "heed/runtime/device_session.h"
#include "heed/runtime/session.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace heed::simt {

using namespace mlir;

namespace {

std::shared_ptr<MLIRContext> newContext() {
  DialectRegistry registry;
  registerDialects(registry);
  return std::make_shared<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
}

/// Collects what is wrong and throws it.
struct Messages {
  std::string text;
  ScopedDiagnosticHandler handler;
  explicit Messages(MLIRContext& context) : handler(&context, [this](Diagnostic& d) { text += d.str() + "\n"; }) {}
  void require(bool good) const {
    if (!good) throw std::runtime_error(text);
  }
};

}  // namespace

Code compileTiled(OwningOpRef<ModuleOp> module, std::shared_ptr<MLIRContext> context, const std::string& chip,
                  int multiprocessors) {
  Messages messages(*context);
  std::optional<codegen::Device> device = codegen::deviceFor(chip);
  if (!device) throw std::runtime_error(chip + " is no chip");
  device->processors = multiprocessors;
  PassManager lower(context.get()), rest(context.get());
  codegen::buildGpuPipeline(lower, *device);
  messages.require(succeeded(lower.run(*module)));

  // The kernels stay behind at this stage; their PTX is not needed, so the host's constant is empty.
  auto kernels = module->lookupSymbol<ModuleOp>(codegen::gpu::deviceModule);
  OwningOpRef<ModuleOp> kept;
  if (kernels) {
    kernels->remove();
    kept = OwningOpRef<ModuleOp>(kernels);
    auto image = module->lookupSymbol<LLVM::GlobalOp>(codegen::gpu::deviceImage);
    image.setLinkage(LLVM::Linkage::Internal);
    image.setValueAttr(StringAttr::get(context.get(), ""));
  } else {
    kept = ModuleOp::create(UnknownLoc::get(context.get()));
  }
  codegen::buildLlvmPipeline(rest);
  messages.require(succeeded(rest.run(*module)));
  auto host = codegen::jit(*module, *codegen::targetFor());
  if (!host) throw std::runtime_error(llvm::toString(host.takeError()));

  struct Kept {
    std::shared_ptr<MLIRContext> context;
    OwningOpRef<ModuleOp> module;
    Program program;
  };
  ModuleOp interpreted = *kept;
  auto all = std::shared_ptr<Kept>(new Kept{context, std::move(kept), Program(interpreted)});
  return {std::move(*host), std::shared_ptr<Program>(all, &all->program)};
}

Code compileTiled(const std::string& text, const std::string& chip, int multiprocessors) {
  auto context = newContext();
  Messages messages(*context);
  auto module = parseSourceString<ModuleOp>(text, context.get());
  messages.require(bool(module));
  return compileTiled(std::move(module), context, chip, multiprocessors);
}

std::string ptxOf(const std::string& text, const std::string& chip) {
  auto context = newContext();
  Messages messages(*context);
  auto module = parseSourceString<ModuleOp>(text, context.get());
  messages.require(bool(module));
  PassManager passes(context.get());
  codegen::Device device = *codegen::deviceFor(chip);
  codegen::buildGpuPipeline(passes, device);
  codegen::buildGpuLlvmPipeline(passes);
  messages.require(succeeded(passes.run(*module)));
  auto image = codegen::embedImage(*module, device);
  if (!image) throw std::runtime_error(llvm::toString(image.takeError()));
  return image->ptx;
}

Compiled compile(const GraphView& graph, const std::string& chip, Opened open) {
  if (!open) open = [](std::shared_ptr<Program> program) { return std::make_unique<Simulated>(std::move(program)); };
  auto context = newContext();
  auto messages = std::make_unique<Messages>(*context);
  OwningOpRef<ModuleOp> module = importGraph(*context, graph);
  messages->require(bool(module));
  auto executable = std::make_shared<Executable>();
  executable->signature = signatureOf(*module);
  Machine machine = *machineFor("cuda:" + chip);
  PassManager passes(context.get());
  messages->require(succeeded(buildPipeline(passes, machine, "graph", "tiled")) && succeeded(passes.run(*module)));
  Compiled compiled;
  module->walk([&](tile::AttentionOp) { ++compiled.attentions; });
  messages.reset();
  Code code = compileTiled(std::move(module), context, chip);
  executable->code = code.host.code;
  executable->call = deviceCall(code.host.entry, executable->signature,
                                [open, program = code.program] { return open(program); });
  compiled.executable = executable;
  compiled.program = code.program;
  return compiled;
}

}  // namespace heed::simt
