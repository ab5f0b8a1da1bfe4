// The text is words with a space behind each; a word is its length, a colon, and itself. A seal ends the file: what a
// damaged library does when it is opened cannot be known.
#include "heed/runtime/bundle.h"

#include <dlfcn.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "heed/runtime/bundle_about.h"
#include "heed/runtime/device_session.h"
#include "heed/runtime/error.h"
#include "heed/runtime/processor.h"
#include "heed/runtime/seal.h"
#include "heed/runtime/session.h"

// libgcc's conversions of f16, for CPUs that lack them.
extern "C" {
_Float16 __truncsfhf2(float);
float __extendhfsf2(_Float16);
}

namespace heed {
namespace {

constexpr const char* magic = "heed bundle 4";  // changes with the text and with abi.h

class Writer {
 public:
  void word(const std::string& x) { text_ += std::to_string(x.size()) + ":" + x + " "; }
  void number(std::int64_t x) { word(std::to_string(x)); }
  void axis(const AxisSpec& a) { word(a.name), word(a.symbol), number(a.extent); }
  void tensor(const TensorSpec& spec) {
    word(spec.name), number(std::int64_t(spec.dtype)), number(spec.rank());
    for (const AxisSpec& a : spec.axes) axis(a);
    number(std::int64_t(spec.tables.size()));
    for (const TableSpec& table : spec.tables) word(table.name), axis(table.rows);
  }
  void tensors(const std::vector<TensorSpec>& all) {
    number(std::int64_t(all.size()));
    for (const TensorSpec& spec : all) tensor(spec);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  Reader(const std::string& path, std::string_view text) : path_(path), text_(text) {}
  std::string word() {
    char* end = nullptr;
    const std::string head(text_.substr(0, 24));
    const auto size = std::strtoull(head.c_str(), &end, 10);
    const auto used = std::size_t(end - head.c_str());
    if (used == 0 || *end != ':' || size > text_.size() || used + 1 + size >= text_.size()) bad();
    std::string x(text_.substr(used + 1, size));
    text_.remove_prefix(used + 2 + size);
    return x;
  }
  std::int64_t number(std::int64_t least = 0, std::int64_t most = INT64_MAX) {
    const std::string x = word();
    char* end = nullptr;
    const std::int64_t n = std::strtoll(x.c_str(), &end, 10);
    if (x.empty() || *end || n < least || n > most) bad();
    return n;
  }
  AxisSpec axis() {
    AxisSpec a;
    a.name = word(), a.symbol = word(), a.extent = number(-1);
    return a;
  }
  TensorSpec tensor() {
    TensorSpec spec;
    spec.name = word(), spec.dtype = DType(number(0, 16));
    spec.axes.resize(std::size_t(number(0, abi::max_rank)));
    for (AxisSpec& a : spec.axes) a = axis();
    for (std::int64_t n = number(); n > 0; --n) {
      std::string name = word();
      spec.tables.push_back({std::move(name), axis()});
    }
    return spec;
  }
  std::vector<TensorSpec> tensors() {
    std::vector<TensorSpec> all;
    for (std::int64_t n = number(); n > 0; --n) all.push_back(tensor());
    return all;
  }
  [[noreturn]] void bad() const {
    throw Error("bundle " + path_, "what it says of itself is broken", "a file that heed-compile wrote is required",
                "compile it again");
  }

 private:
  const std::string& path_;
  std::string_view text_;
};

[[noreturn]] void refuseVersion(const std::string& path, const std::string& version) {
  throw Error("bundle " + path, "it is of version \"" + version + "\"", std::string(magic) + " is required",
              "compile it again with this heed");
}

/// The version that a file from before there were seals says it is of, or "".
std::string versionWithoutSeal(std::string_view file) {
  if (hasSeal(file)) return "";
  for (const std::string& version : {std::string("heed bundle 1"), std::string("heed bundle 2")})
    if (file.find(std::to_string(version.size()) + ":" + version) != file.npos) return version;
  return "";
}

/// Nothing of the file is opened as a library before.
void requireWhole(const std::string& path) {
  std::stringstream bytes;
  std::error_code none;
  std::ifstream file(path, std::ios::binary);
  if (file && std::filesystem::is_regular_file(path, none)) bytes << file.rdbuf();
  if (!bytes.good() || bytes.view().empty())
    throw Error("bundle " + path, "it cannot be opened, or is empty", "a file that heed-compile wrote is required",
                "name another");
  if (unsealed(bytes.view())) return;
  if (std::string version = versionWithoutSeal(bytes.view()); !version.empty()) refuseVersion(path, version);
  throw Error("bundle " + path, "it is not whole: it was cut short or changed, or is no bundle",
              "each byte must be as heed-compile wrote it", "copy it again, or compile it again");
}

}  // namespace

std::string BundleAbout::write() const {
  Writer w;
  w.word(magic), w.word(target);
  w.number(device.generation), w.number(device.exact), w.number(device.ptx);
  w.tensors(signature.inputs), w.tensors(signature.parameters), w.tensors(signature.results);
  w.number(std::int64_t(signature.states.size()));
  for (const StateSpec& state : signature.states) w.tensor(state.tensor), w.word(state.tokens), w.number(state.memory);
  w.number(kernels), w.number(code_bytes), w.word(explanation);
  w.number(std::int64_t(rounded.size()));
  for (const RoundedWeight& weight : rounded) {
    w.number(weight.parameter), w.number(weight.bits), w.number(std::int64_t(weight.multiplied));
    w.number(std::int64_t(weight.axes.size()));
    for (int axis : weight.axes) w.number(axis);
  }
  return std::move(w).text();
}

BundleAbout BundleAbout::read(const std::string& path, std::string_view text) {
  Reader r(path, text);
  if (std::string version = r.word(); version != magic) refuseVersion(path, version);
  BundleAbout about;
  about.target = r.word();
  about.device.generation = int(r.number(0, 1000)), about.device.exact = r.number(0, 1) != 0;
  about.device.ptx = int(r.number(0, 1000));
  about.signature.inputs = r.tensors(), about.signature.parameters = r.tensors(), about.signature.results = r.tensors();
  for (std::int64_t n = r.number(); n > 0; --n) {
    StateSpec state{r.tensor(), r.word()};
    state.memory = int(r.number(-1, abi::max_rank));
    about.signature.states.push_back(std::move(state));
  }
  about.kernels = int(r.number(0, INT32_MAX)), about.code_bytes = r.number(), about.explanation = r.word();
  const auto& parameters = about.signature.parameters;
  for (std::int64_t n = r.number(); n > 0; --n) {
    RoundedWeight& weight = about.rounded.emplace_back();
    weight.parameter = int(r.number(0, std::int64_t(parameters.size()) - 1));
    weight.bits = int(r.number(4, 8)), weight.multiplied = DType(r.number(0, 16));
    const std::int64_t rank = parameters[std::size_t(weight.parameter)].rank();
    for (std::int64_t axes = r.number(1, rank); axes > 0; --axes) weight.axes.push_back(int(r.number(0, rank - 1)));
  }
  return about;
}

std::shared_ptr<const Executable> loadBundle(const std::string& path) {
  // A name without a folder would be looked for where libraries are.
  const std::string file = path.find('/') == path.npos ? "./" + path : path;
  requireWhole(path);
  std::shared_ptr<void> library(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL), [](void* x) { x ? dlclose(x) : 0; });
  if (!library)
    throw Error("bundle " + path, std::string("it cannot be opened: ") + dlerror(),
                "a file that heed-compile wrote for this kind of machine is required", "name another");
  auto find = [&](const char* symbol) {
    void* at = dlsym(library.get(), symbol);
    if (!at)
      throw Error("bundle " + path, std::string("it has no ") + symbol, "a file that heed-compile wrote is required",
                  "name another");
    return at;
  };
  BundleAbout about = BundleAbout::read(path, static_cast<const char*>(find("heed_bundle")));
  if (about.target.starts_with("cpu:") && !processorRuns(about.target))
    throw Error("bundle " + path, "it is for " + about.target, "this CPU lacks instructions of that",
                "compile it for cpu:avx2 or cpu:baseline");
  const auto fmod32 = static_cast<float (*)(float, float)>(&::fmodf);
  void* const services[] = {reinterpret_cast<void*>(&abi::heed_tensor_map),
                            reinterpret_cast<void*>(&abi::heed_arena),
                            reinterpret_cast<void*>(&abi::heed_shared),
                            reinterpret_cast<void*>(&abi::heed_launch),
                            reinterpret_cast<void*>(&abi::heed_workers),
                            reinterpret_cast<void*>(&abi::heed_parallel),
                            reinterpret_cast<void*>(&std::memcpy),
                            reinterpret_cast<void*>(&std::memmove),
                            reinterpret_cast<void*>(&std::memset),
                            reinterpret_cast<void*>(fmod32),
                            reinterpret_cast<void*>(&__truncsfhf2),
                            reinterpret_cast<void*>(&__extendhfsf2)};
  static_assert(std::size(services) == std::size(bundleServices));
  std::memcpy(find("heed_services"), services, sizeof services);

  auto executable = std::make_shared<Executable>();
  const auto entry = reinterpret_cast<abi::Entry>(find("heed_entry"));
  const auto pack = reinterpret_cast<abi::Pack>(find("heed_pack"));
  executable->signature = about.signature;
  executable->code = library;
  executable->explanation = about.explanation;
  executable->rounded = about.rounded;
  executable->statistics = {0, about.kernels, about.code_bytes, about.target.substr(about.target.find(':') + 1)};
  executable->pack = [pack](Session& session, std::int64_t argument, void* weight, void* memory) {
    return pack(&session, argument, weight, memory);
  };
  if (about.device.generation)
    executable->call = deviceCall(entry, about.signature, [code = about.device] { return cuda::open(code); });
  else
    executable->call = [entry](Session& session, void** arguments) { entry(&session, arguments); };
  return executable;
}

}  // namespace heed
