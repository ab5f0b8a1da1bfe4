// ptxas and nvdisasm, where they are: on PATH, or named by HEED_PTXAS and HEED_NVDISASM.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

namespace heed::testing {

struct Ptxas {
  bool accepted = false;
  int kernels = 0, clean = 0;  // clean: neither stack nor spills
  std::string said;
  /// "255 registers, 32 registers": of each kernel.
  std::string registers() const {
    std::string all;
    for (std::size_t at = said.find("Used "); at != std::string::npos; at = said.find("Used ", at + 1))
      all += (all.empty() ? "" : ", ") + said.substr(at + 5, said.find(',', at) - at - 5);
    return all;
  }
};

inline std::string outputOf(const std::string& command, int& status) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) text += char(c);
  status = pipe ? pclose(pipe) : -1;
  return text;
}

/// A program by its name, or by that of the environment variable; nullopt where there is none.
inline std::optional<std::string> program(const char* name, const char* variable) {
  const char* named = std::getenv(variable);
  int status;
  outputOf((named ? named : name) + std::string(" --version"), status);
  return status == 0 ? std::optional<std::string>(named ? named : name) : std::nullopt;
}

/// A file name of this process.
inline std::string temporary(const char* end) {
  const char* folder = std::getenv("TMPDIR");
  return std::string(folder ? folder : "/tmp") + "/heed_" + std::to_string(getpid()) + end;
}

/// What ptxas says of `ptx`; nullopt where there is none. The machine code goes to `cubin`.
inline std::optional<Ptxas> assemble(const std::string& ptx, const std::string& chip,
                                     const std::string& cubin = "/dev/null") {
  const std::optional<std::string> ptxas = program("ptxas", "HEED_PTXAS");
  if (!ptxas) return std::nullopt;
  const std::string file = temporary(".ptx");
  std::ofstream(file) << ptx;
  Ptxas result;
  int status;
  result.said = outputOf(*ptxas + " -v -arch=" + chip + " " + file + " -o " + cubin, status);
  std::remove(file.c_str());
  auto count = [&](const char* of) {
    int n = 0;
    for (std::size_t at = result.said.find(of); at != std::string::npos; at = result.said.find(of, at + 1)) ++n;
    return n;
  };
  result.accepted = status == 0 && count("warning") == 0 && count("C75") == 0;
  result.kernels = count("Function properties");
  result.clean = count("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads");
  return result;
}

/// The machine code of `ptx` as text; nullopt where ptxas or nvdisasm is missing.
inline std::optional<std::string> machineCode(const std::string& ptx, const std::string& chip) {
  const std::optional<std::string> nvdisasm = program("nvdisasm", "HEED_NVDISASM");
  const std::string cubin = temporary(".cubin");
  if (!nvdisasm || !assemble(ptx, chip, cubin)) return std::nullopt;
  int status;
  std::string text = outputOf(*nvdisasm + " -c " + cubin, status);
  std::remove(cubin.c_str());
  return status == 0 ? std::optional(text) : std::nullopt;
}

}  // namespace heed::testing
