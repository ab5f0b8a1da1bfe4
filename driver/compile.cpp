// compile(): import, run the stages, make machine code. What goes wrong becomes one heed::Error and a reproducer.
#include "heed/driver/compile.h"

#include <atomic>
#include <chrono>

#include "heed/codegen/gpu/image.h"
#include "heed/codegen/jit/bundle.h"
#include "heed/codegen/jit/jit.h"
#include "heed/driver/bundle.h"
#include "heed/driver/cache.h"
#include "heed/driver/dump.h"
#include "heed/driver/environment.h"
#include "heed/driver/explain.h"
#include "heed/driver/pipeline.h"
#include "heed/driver/reference.h"
#include "heed/driver/reproducer.h"
#include "heed/driver/signature_of.h"
#include "heed/passes/import/import.h"
#include "heed/passes/import/parse_graph.h"
#include "heed/runtime/bundle_about.h"
#include "heed/runtime/cuda/device.h"
#include "heed/runtime/device_session.h"
#include "heed/runtime/error.h"
#include "heed/runtime/session.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

namespace heed {

static std::atomic<std::int64_t> compiled{0};
std::int64_t compileCount() { return compiled; }

static Machine requireMachine(const std::string& name) {
  if (std::optional<Machine> machine = machineFor(name)) return *machine;
  llvm::StringRef plain = name;
  const bool tf32 = plain.consume_back(codegen::inTf32);
  if (plain.rtrim(':') == "cuda") {
    Machine machine = *machineFor("cpu");
    try {
      machine.device = codegen::deviceOf(cuda::generation());
      machine.device->tf32 = tf32;
    } catch (const Error& error) {
      throw Error("target",
                  std::string("cuda without the generation of the GPU, which cannot be asked: ") + error.what(),
                  "code is for one generation and those after it", "name it: cuda:sm_80, cuda:sm_90a");
    }
    return machine;
  }
  if (tf32 && plain.split(':').first == "cpu")
    throw Error("target", "'" + name + "' was given", "tf32 is for tensor cores: a cuda target is required",
                "cuda:sm_80+tf32, or leave it out, for a CPU multiplies all of f32");
  if (const size_t at = plain.find(codegen::byTiles); at != llvm::StringRef::npos)
    if (auto machine = machineFor(plain.take_front(at)); machine && !machine->device)
      throw Error("target", "'" + name + "' was given",
                  "tiles of " + machine->host.instructionSet().str() + " are " + machine->host.describeTileLines(),
                  "leave them out, or ask heed-bench tune which are quickest");
  if (plain.starts_with("cuda") && (plain.ends_with(codegen::inInt8) || plain.ends_with(codegen::inInt4)))
    throw Error("target", "'" + name + "' was given", "weights in few bits are for a CPU: a cpu target is required",
                "cpu+int8, or leave it out");
  throw Error("target", "'" + name + "' was given", "must be " + machineNames.str());
}

Target parseTarget(std::string_view text) {
  Machine machine = requireMachine(std::string(text));
  if (machine.device) return {"cuda", machine.device->name()};
  text.remove_prefix(std::string_view("cpu").size());
  if (text.starts_with(':')) text.remove_prefix(1);
  return {"cpu", std::string(text)};
}

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// One compilation: its context, its diagnostics, its dumps.
class Compilation {
 public:
  /// What gives the module at stage `graph`; null, with diagnostics, where that is not valid.
  using Source = std::function<OwningOpRef<ModuleOp>(MLIRContext&)>;

  Compilation(Source source, llvm::StringRef name, const Options& options, const Environment& environment)
      : source_(std::move(source)),
        machine_(requireMachine(options.target.kind + ":" + options.target.features)),
        tilesGiven_(llvm::StringRef(options.target.features).contains(codegen::byTiles)),
        dump_(options.dump.empty() ? environment.dump : options.dump, name),
        context_(registry(), MLIRContext::Threading::DISABLED),
        handler_(&context_, [this](Diagnostic& d) { collect(d); }) {
    context_.printOpOnDiagnostic(false);  // the reproducer has it
    module_ = source_(context_);
    if (!module_) throw Error("compile: the graph is not valid: " + llvm::StringRef(errors_).rtrim().str());
    const Signature signature = signatureOf(*module_);
    inputs_ = int(signature.inputs.size()), parameters_ = int(signature.parameters.size());
  }

  /// Where the target does not say which tiles, those that were measured on this CPU.
  void takeKeptTiles(const Cache& cache) {
    if (machine_.device || tilesGiven_) return;
    if (auto kept = codegen::withTiles(machine_.host, cache.tiles(machine_.host).value_or(""))) machine_.host = *kept;
  }

  void run(const Stage& stage) {
    PassManager passes(&context_);
#ifdef HEED_DEV
    passes.enableVerifier(true);
#else
    passes.enableVerifier(false);
#endif
    stage.build(passes, machine_);
    if (failed(passes.run(*module_))) fail(stage.name);
    if (stage.name != "llvm") dump_.stage(stage.name, *module_);  // that one is dumped as LLVM IR
    if (stage.name == "tiled") kernels_ = listKernels(*module_);
    if (stage.name == "lowered") rounded_ = roundedWeights(*module_, inputs_);
  }

  codegen::Compiled emit() {
    codegen::JitOptions options;
    options.llvmText = options.assemblyText = dump_.wanted();
    std::string text, assembly;  // of the device
    if (machine_.device) {
      auto image = codegen::embedImage(*module_, *machine_.device, dump_.wanted());
      if (!image) {
        errors_ += llvm::toString(image.takeError()) + "\n";
        fail("asm");
      }
      text = std::move(image->llvm), assembly = std::move(image->ptx);
    }
    auto compiled = codegen::jit(*module_, machine_.host, options);
    if (!compiled) {
      errors_ += llvm::toString(compiled.takeError()) + "\n";
      fail("asm");
    }
    if (dump_.wanted()) {
      bool device = machine_.device.has_value();
      dump_.stage("llvm", "ll", device ? text : compiled->llvm);
      dump_.stage("asm", device ? "ptx" : "s", device ? assembly : compiled->assembly);
    }
    return std::move(*compiled);
  }

  /// What the passes remarked, after the list of kernels.
  std::string explanation() const {
    std::string text = kernels_.text + remarks_;
    if (int bits = machine_.host.weightBits)
      text += "products read " + std::to_string(rounded_.size()) + " of " + std::to_string(parameters_) +
              " parameters in " + std::to_string(bits) + " bits\n";
    const codegen::Target& host = machine_.host;
    for (auto [n, digit] : llvm::enumerate(host.tiles))
      if (digit != '0') {
        const codegen::TileLine& line = host.tileLines()[n];
        text += "tiles of " + line.name.str() + ": " + line.describe(size_t(digit - '0')) + "\n";
      }
    return text;
  }
  const std::vector<RoundedWeight>& rounded() const { return rounded_; }

  /// For any CPU of the host's kind instead of this one; where a GPU works, for the least of them.
  void forOtherMachines() {
    machine_.host = codegen::portable(machine_.device ? *codegen::targetFor("baseline") : machine_.host);
  }

  ModuleOp module() { return *module_; }
  MLIRContext& context() { return context_; }
  const Machine& machine() const { return machine_; }
  const Kernels& kernels() const { return kernels_; }
  bool dumps() const { return dump_.wanted(); }

 private:
  static const DialectRegistry& registry() {
    static const DialectRegistry all = [] {
      DialectRegistry r;
      registerDialects(r);
      return r;
    }();
    return all;
  }

  void collect(Diagnostic& d) {
    std::string line = userLine(d.getLocation());
    std::string text = (line.empty() ? "" : line + ": ") + d.str();
    for (Diagnostic& note : d.getNotes()) text += "\n  " + userLine(note.getLocation()) + ": " + note.str();
    (d.getSeverity() == DiagnosticSeverity::Error ? errors_ : remarks_) += text + "\n";
  }

  // The stages are deterministic: what the failing one was given is made again, at no cost to those that succeed.
  [[noreturn]] void fail(llvm::StringRef stage) {
    std::string errors = errors_, text;
    if (OwningOpRef<ModuleOp> again = source_(context_)) {
      PassManager passes(&context_);
      for (const Stage& earlier : stages()) {
        if (earlier.name == stage) break;
        earlier.build(passes, machine_);
      }
      (void)passes.run(*again);
      llvm::raw_string_ostream out(text);
      again->print(out, OpPrintingFlags().enableDebugInfo());
    }
    throw Error("compile: stage " + stage.str() + " failed: " + errors + "this is a mistake of heed, not yours; " +
                writeReproducer(text, stage.str(), machine_.name()));
  }

  Source source_;
  Machine machine_;
  bool tilesGiven_;
  Dump dump_;
  MLIRContext context_;
  std::string errors_, remarks_;
  ScopedDiagnosticHandler handler_;
  OwningOpRef<ModuleOp> module_;
  Kernels kernels_;
  int inputs_, parameters_;
  std::vector<RoundedWeight> rounded_;
};

std::int64_t bytesOf(const std::vector<std::string>& objects) {
  std::int64_t bytes = 0;
  for (const std::string& object : objects) bytes += std::int64_t(object.size());
  return bytes;
}

/// The code of the cache if it has it; a folder of dumps must be filled, so then it is made anew. `made` says of what.
codegen::Compiled compiledOrCached(Compilation& compilation, const Cache& cache, CacheEntry& made) {
  std::string key = cache.enabled() ? Cache::keyOf(compilation.module(), compilation.machine()) : "";
  if (cache.enabled() && !compilation.dumps())
    if (auto entry = cache.find(key)) {
      auto code = codegen::link(entry->objects);
      if (code) return made = std::move(*entry), std::move(*code);
      llvm::consumeError(code.takeError());
    }
  for (const Stage& stage : stages()) compilation.run(stage);
  codegen::Compiled code = compilation.emit();
  ++compiled;
  made = {compilation.kernels().attention, compilation.explanation(), compilation.rounded(), code.objects};
  if (cache.enabled()) cache.keep(key, made);
  return code;
}

void requireFloat(DType element) {
  if (element == DType::f32 || element == DType::bf16 || element == DType::f16) return;
  throw Error("compile", "element is " + std::string(dtypeName(element)), "f32, bf16 or f16 is required",
              "a model of real numbers is kept in one of these");
}

Compilation::Source importOf(const GraphView& graph, const Options& options) {
  requireFloat(options.element);
  return [&graph, element = options.element](MLIRContext& context) { return importGraph(context, graph, element); };
}

void saveCompiled(Compilation&& compilation, const std::string& path) {
  compilation.forOtherMachines();
  BundleAbout about;
  about.target = compilation.machine().name();
  if (auto device = compilation.machine().device) about.device = {device->generation, device->exact, device->ptx()};
  about.signature = signatureOf(compilation.module());
  for (const Stage& stage : stages()) compilation.run(stage);
  codegen::Compiled code = compilation.emit();
  about.kernels = compilation.kernels().attention, about.explanation = compilation.explanation();
  about.rounded = compilation.rounded();
  about.code_bytes = bytesOf(code.objects);
  if (llvm::Error error = codegen::writeBundle(path, code.objects, about.write(), compilation.machine().host))
    throw Error("bundle " + path, llvm::toString(std::move(error)), "a file that can be written", "see above");
}

}  // namespace

void saveBundle(const GraphView& graph, const Options& options, const std::string& path) {
  saveCompiled(Compilation(importOf(graph, options), llvm::StringRef(graph.name), options, readEnvironment()), path);
}

void saveBundle(const std::string& text, const std::string& name, const Options& options, const std::string& path) {
  auto parse = [&](MLIRContext& context) { return parseGraph(context, text, name); };
  saveCompiled(Compilation(parse, name, options, readEnvironment()), path);
}

std::shared_ptr<const Executable> compile(const GraphView& graph, const Options& options) {
  double start = now();
  Environment environment = readEnvironment();
  auto executable = std::make_shared<Executable>();
  Compilation compilation(importOf(graph, options), llvm::StringRef(graph.name), options, environment);
  executable->signature = signatureOf(compilation.module());

  std::shared_ptr<const ReferenceCode> reference;
  if (environment.interpret || environment.verify) reference = referenceOf(graph, options.element);

  CacheEntry made;
  if (!environment.interpret) {
    const Cache cache(environment.cache);
    compilation.takeKeptTiles(cache);
    codegen::Compiled code = compiledOrCached(compilation, cache, made);
    executable->code = code.code;
    if (auto device = compilation.machine().device)
      executable->call = deviceCall(code.entry, executable->signature, [device = *device] {
        return cuda::open({device.generation, device.exact, device.ptx()});
      });
    else
      executable->call = [entry = code.entry](Session& session, void** arguments) { entry(&session, arguments); };
    executable->pack = [pack = code.pack](Session& session, std::int64_t argument, void* weight, void* memory) {
      return pack(&session, argument, weight, memory);
    };
  }
  if (environment.interpret) executable->call = interpretCall(reference);
  if (environment.verify) {
    auto device = compilation.machine().device;
    executable->call =
        verifyCall(reference, options.element, std::move(executable->call), device && device->tf32, made.rounded);
  }

  executable->rounded = made.rounded;
  if (options.explain) executable->explanation = made.explanation;
  executable->statistics = {now() - start, made.kernels, bytesOf(made.objects),
                            llvm::StringRef(compilation.machine().name()).split(':').second.str()};
  return executable;
}

}  // namespace heed
