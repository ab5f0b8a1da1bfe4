// A context belongs to one thread, so each part but the first is read from bitcode into a context of its own; of the
// functions only those of the part are read.
#include "heed/codegen/jit/parallel.h"

#include <optional>
#include <thread>

#include "heed/codegen/jit/backend.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace heed::codegen {
namespace {

constexpr unsigned worthAThread = 600;  // instructions: about twenty milliseconds

using Shares = llvm::StringMap<unsigned>;  // the part of each function that has a body

/// The longest functions first, each to the part that has the least.
Shares sharesOf(const llvm::Module& module, unsigned threads, unsigned& parts) {
  llvm::SmallVector<std::pair<unsigned, llvm::StringRef>> functions;
  unsigned total = 0;
  for (const llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    functions.push_back({function.getInstructionCount(), function.getName()});
    total += functions.back().first;
  }
  parts = std::max(1u, std::min({threads, unsigned(functions.size()), total / worthAThread}));
  llvm::stable_sort(functions, [](const auto& x, const auto& y) { return x.first > y.first; });
  llvm::SmallVector<unsigned> loads(parts);
  Shares shares;
  for (auto [instructions, name] : functions) {
    auto least = llvm::min_element(loads);
    *least += instructions;
    shares[name] = least - loads.begin();
  }
  return shares;
}

/// A constant that only the module's functions know: each part has those it uses.
bool isCopied(const llvm::GlobalVariable& global) { return global.hasLocalLinkage() && global.isConstant(); }

/// What one part asks another for must have a name that both know.
void shareSymbols(llvm::Module& module) {
  for (llvm::GlobalValue& value : module.global_values()) {
    auto* global = llvm::dyn_cast<llvm::GlobalVariable>(&value);
    if (!value.hasLocalLinkage() || (global && isCopied(*global))) continue;
    value.setLinkage(llvm::GlobalValue::ExternalLinkage);
    value.setDSOLocal(false);  // another part's code may lie more than 2 GiB away
  }
}

/// Leaves the functions of a part and what they use; the first part has the globals that all share.
llvm::Error keep(llvm::Module& module, const Shares& shares, unsigned part) {
  for (llvm::Function& function : module)
    if (auto share = shares.find(function.getName()); share != shares.end() && share->second != part)
      function.deleteBody();
  if (auto error = module.materializeAll()) return error;
  for (llvm::GlobalVariable& global : llvm::make_early_inc_range(module.globals())) {
    global.removeDeadConstantUsers();
    if (global.use_empty() && (part > 0 || isCopied(global)))
      global.eraseFromParent();
    else if (part > 0 && !isCopied(global))
      global.setInitializer(nullptr);
  }
  return llvm::Error::success();
}

llvm::Error objectOf(llvm::Module& module, const BackEnd& backEnd, std::string& object) {
  auto machine = backEnd.machine();
  if (!machine) return machine.takeError();
  llvm::SmallVector<char, 0> bytes;
  if (auto error = generate(module, **machine, llvm::CodeGenFileType::ObjectFile, bytes, backEnd.addresses))
    return error;
  object.assign(bytes.begin(), bytes.end());
  return llvm::Error::success();
}

/// The same of a part that is read from bitcode.
llvm::Error objectOf(llvm::MemoryBufferRef bitcode, const Shares& shares, unsigned part, const BackEnd& backEnd,
                     std::string& object) {
  llvm::LLVMContext context;
  auto module = llvm::getLazyBitcodeModule(bitcode, context);
  if (!module) return module.takeError();
  if (auto error = keep(**module, shares, part)) return error;
  return objectOf(**module, backEnd, object);
}

}  // namespace

llvm::Expected<std::vector<std::string>> generateObjects(std::unique_ptr<llvm::Module> module, const BackEnd& backEnd,
                                                         unsigned threads) {
  unsigned parts;
  const Shares shares = sharesOf(*module, threads, parts);
  std::vector<std::string> objects(parts);
  std::vector<std::optional<llvm::Error>> errors(parts);
  llvm::SmallVector<char, 0> bitcode;
  if (parts > 1) {
    shareSymbols(*module);
    llvm::raw_svector_ostream stream(bitcode);
    llvm::WriteBitcodeToFile(*module, stream);
  }
  {
    std::vector<std::jthread> others;
    for (unsigned part = 1; part < parts; ++part)
      others.emplace_back([&, part] {
        llvm::MemoryBufferRef all({bitcode.data(), bitcode.size()}, "heed");
        errors[part] = objectOf(all, shares, part, backEnd, objects[part]);
      });
    if (parts > 1) llvm::cantFail(keep(*module, shares, 0));  // all of it is in memory
    errors[0] = objectOf(*module, backEnd, objects[0]);
  }
  llvm::Error all = llvm::Error::success();
  for (auto& error : errors) all = llvm::joinErrors(std::move(all), std::move(*error));
  if (all) return all;
  return objects;
}

}  // namespace heed::codegen
