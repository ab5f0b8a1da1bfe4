// The stages and the passes each is made of.
#include "heed/driver/pipeline.h"

#include "heed/codegen/cpu/pipeline.h"
#include "heed/codegen/gpu/pipeline.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/lower/passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace heed {

// What the user wrote, op for op, with the lines it was written on.
static void graph(OpPassManager&, const Machine&) {}

// The same meaning, said once: constants folded, equal things shared, dead things gone.
static void canonical(OpPassManager& passes, const Machine&) {
  passes.addNestedPass<func::FuncOp>(ir::createUnrollRepeat());
  passes.addNestedPass<func::FuncOp>(fusion::createCanonicalize());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(fusion::createFormSoftmax());
}

// What belongs into one kernel is one op.
static void fused(OpPassManager& passes, const Machine& machine) {
  passes.addNestedPass<func::FuncOp>(fusion::createFormAttention());
  passes.addNestedPass<func::FuncOp>(fusion::createCanonicalize());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(fusion::createFuseEpilogue());
  passes.addNestedPass<func::FuncOp>(fusion::createMergeProducts({.apart = machine.device.has_value()}));
  passes.addNestedPass<func::FuncOp>(fusion::createFuseRows());
}

// Axis names become positions, tensors become buffers, and every buffer has its place in one arena.
static void tiled(OpPassManager& passes, const Machine&) {
  passes.addNestedPass<func::FuncOp>(ir::createLowerToTile());
  passes.addNestedPass<func::FuncOp>(ir::createPlanMemory());
}

// Kernels become loops over vectors, or blocks of threads and calls that launch them.
static void lowered(OpPassManager& passes, const Machine& machine) {
  if (machine.device)
    codegen::buildGpuPipeline(passes, *machine.device);
  else
    codegen::buildCpuPipeline(passes, machine.host);
}

static void llvmDialect(OpPassManager& passes, const Machine& machine) {
  machine.device ? codegen::buildGpuLlvmPipeline(passes) : codegen::buildLlvmPipeline(passes);
}

ArrayRef<Stage> stages() {
  static constexpr Stage all[] = {
      {"graph", "imported from the tape", graph}, {"heed", "canonical", canonical},
      {"fused", "attention formed", fused},       {"tiled", "kernels on buffers, memory planned", tiled},
      {"lowered", "loops and vectors", lowered},  {"llvm", "the LLVM dialect", llvmDialect},
  };
  return all;
}

std::string Machine::name() const {
  if (device) return "cuda:" + device->name();
  return "cpu:" + host.name;
}

std::optional<Machine> machineFor(StringRef name) {
  auto [kind, part] = name.split(':');
  if (part.empty() && kind.starts_with("cpu+")) part = kind.drop_front(3), kind = "cpu";
  Machine machine;
  if (kind == "cuda" && !(machine.device = codegen::deviceFor(part))) return std::nullopt;
  if (kind != "cuda" && kind != "cpu") return std::nullopt;
  std::optional<codegen::Target> host = codegen::targetFor(kind == "cpu" ? part : "");
  if (!host) return std::nullopt;
  machine.host = *host;
  return machine;
}

LogicalResult buildPipeline(OpPassManager& passes, const Machine& machine, StringRef first, StringRef last) {
  bool started = false;
  for (const Stage& stage : stages()) {
    started |= stage.name == first;
    if (started) stage.build(passes, machine);
    if (stage.name == last) return success(started);
  }
  return failure();
}

void registerDialects(DialectRegistry& registry) {
  registry.insert<ir::HeedDialect>();
  codegen::registerCpuDialects(registry);
  codegen::registerGpuDialects(registry);
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> target{*this, "target", llvm::cl::desc(machineNames), llvm::cl::init("cpu")};
  Option<std::string> start{*this, "start", llvm::cl::desc("the first stage to run"), llvm::cl::init("graph")};
  Option<std::string> stop{*this, "stop", llvm::cl::desc("the last stage to run"), llvm::cl::init("llvm")};
};
}  // namespace

void registerPasses() {
  fusion::registerFusionPasses();
  ir::registerLowerPasses();
  codegen::registerCpuPasses();
  codegen::registerGpuPasses();
  registerTransformsPasses();
  PassPipelineRegistration<PipelineOptions>(
      "heed-pipeline", "the stages of heed, up to one of them", [](OpPassManager& passes, const PipelineOptions& o) {
        std::optional<Machine> machine = machineFor(StringRef(o.target));
        if (!machine || failed(buildPipeline(passes, *machine, o.start, o.stop)))
          llvm::report_fatal_error(llvm::Twine("heed-pipeline: target=") + o.target.getValue() + " start=" +
                                       o.start.getValue() + " stop=" + o.stop.getValue() + ": a target is " +
                                       machineNames + "; " + "stages graph, heed, fused, tiled, lowered and llvm",
                                   /*gen_crash_diag=*/false);
      });
}

}  // namespace heed
