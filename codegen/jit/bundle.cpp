#include "heed/codegen/jit/bundle.h"

#include <list>

#include "heed/codegen/jit/backend.h"
#include "heed/codegen/jit/jit.h"
#include "heed/runtime/bundle_about.h"
#include "heed/runtime/seal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SourceMgr.h"

namespace heed::codegen {
namespace {

/// What the services take and give, in the order of bundleServices.
constexpr llvm::StringLiteral types[] = {"void (ptr, ptr, i64, i64, i64, ptr, ptr, ptr)",
                                         "ptr (ptr, i64)",
                                         "ptr (ptr, i64)",
                                         "void (ptr, ptr, ptr, i64, i64, i64, ptr, i64)",
                                         "i64 (ptr)",
                                         "void (ptr, i64, i64, ptr, ptr)",
                                         "ptr (ptr, ptr, i64)",
                                         "ptr (ptr, ptr, i64)",
                                         "ptr (ptr, i32, i64)",
                                         "float (float, float)",
                                         "half (float)",
                                         "float (half)"};
static_assert(std::size(types) == std::size(bundleServices));

/// The table, and a hidden function for each service that calls what the table says. They unwind: services throw.
std::string glue() {
  std::string text = "@heed_services = global [" + std::to_string(std::size(types)) + " x ptr] zeroinitializer\n";
  for (auto [n, type] : llvm::enumerate(types)) {
    auto [result, rest] = type.split(" (");
    llvm::SmallVector<llvm::StringRef> parameters;
    rest.drop_back().split(parameters, ", ");
    std::string list;
    for (auto [i, p] : llvm::enumerate(parameters)) list += (i ? ", " : "") + p.str() + " %a" + std::to_string(i);
    std::string call = "call " + result.str() + " %f(" + list + ")\n";
    bool nothing = result == "void";
    text += "define hidden " + result.str() + " @" + bundleServices[n] + "(" + list + ") uwtable {\n" +
            "  %p = getelementptr ptr, ptr @heed_services, i64 " + std::to_string(n) + "\n  %f = load ptr, ptr %p\n  " +
            (nothing ? call + "  ret void\n}\n" : "%r = " + call + "  ret " + result.str() + " %r\n}\n");
  }
  return text;
}

/// A file that goes away with it.
struct Temporary {
  llvm::SmallString<128> path;
  ~Temporary() {
    if (!path.empty()) llvm::sys::fs::remove(path);
  }
  llvm::Error fill(llvm::StringRef suffix, llvm::StringRef bytes) {
    int descriptor;
    if (auto error = llvm::sys::fs::createTemporaryFile("heed", suffix, descriptor, path))
      return llvm::errorCodeToError(error);
    llvm::raw_fd_ostream out(descriptor, /*shouldClose=*/true);
    out << bytes;
    out.close();
    return out.has_error() ? llvm::errorCodeToError(out.error()) : llvm::Error::success();
  }
};

llvm::Error seal(const std::string& path) {
  auto library = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!library) return llvm::errorCodeToError(library.getError());
  const llvm::StringRef bytes = (*library)->getBuffer();
  std::error_code error;
  llvm::raw_fd_ostream out(path, error, llvm::sys::fs::OF_Append);
  if (error) return llvm::errorCodeToError(error);
  out << sealOf({bytes.data(), bytes.size()});
  out.close();
  error = out.error();
  out.clear_error();
  return llvm::errorCodeToError(error);
}

}  // namespace

llvm::Error writeBundle(const std::string& path, llvm::ArrayRef<std::string> objects, const std::string& about,
                        const Target& target) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic wrong;
  auto module = llvm::parseAssemblyString(glue(), wrong, context);
  if (!module) return backendFailure("bundle: " + wrong.getMessage());
  auto* text = llvm::ConstantDataArray::getString(context, about);
  new llvm::GlobalVariable(*module, text->getType(), /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, text,
                           "heed_bundle");
  auto machine = hostMachineFor(target);
  if (!machine) return machine.takeError();
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple((*machine)->getTargetTriple());
  llvm::SmallVector<char, 0> services;
  if (auto error = generate(*module, **machine, llvm::CodeGenFileType::ObjectFile, services)) return error;

  std::string linker;
  for (const char* name : {"ld.lld", "ld.lld-22", "ld"})
    if (auto found = llvm::sys::findProgramByName(name); linker.empty() && found) linker = *found;
  if (linker.empty())
    return backendFailure("bundle: neither ld.lld nor ld is on PATH; install lld or binutils, which writes libraries");
  std::list<Temporary> code;
  Temporary jumps, names, said;
  for (const std::string& object : objects)
    if (auto error = code.emplace_back().fill("o", object)) return error;
  if (auto error = jumps.fill("o", llvm::StringRef(services.data(), services.size()))) return error;
  if (auto error = names.fill("map", "{ global: heed_*; local: *; };\n")) return error;
  if (auto error = said.fill("txt", "")) return error;
  const std::string exported = ("--version-script=" + names.path).str();
  llvm::SmallVector<llvm::StringRef> arguments{
      linker, "-shared", "--eh-frame-hdr", "--no-undefined", "-Bsymbolic", "-z", "now", "-z", "noexecstack", exported,
      "-o",   path,      jumps.path};
  for (const Temporary& object : code) arguments.push_back(object.path);
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, said.path.str(), said.path.str()};
  std::string error;
  if (llvm::sys::ExecuteAndWait(linker, arguments, std::nullopt, redirects, 0, 0, &error) != 0) {
    auto words = llvm::MemoryBuffer::getFile(said.path);
    return backendFailure("bundle: " + linker + ": " + error + (words ? (*words)->getBuffer() : ""));
  }
  return seal(path);
}

}  // namespace heed::codegen
