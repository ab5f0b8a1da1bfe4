// ptxas, where it is: on PATH, or named by HEED_PTXAS.
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

/// What it says of `ptx`; nullopt where there is none.
inline std::optional<Ptxas> assemble(const std::string& ptx, const std::string& chip) {
  const char* named = std::getenv("HEED_PTXAS");
  const std::string ptxas = named ? named : "ptxas";
  int status;
  outputOf(ptxas + " --version", status);
  if (status != 0) return std::nullopt;
  const char* folder = std::getenv("TMPDIR");
  std::string file = std::string(folder ? folder : "/tmp") + "/heed_" + std::to_string(getpid()) + ".ptx";
  std::ofstream(file) << ptx;
  Ptxas result;
  result.said = outputOf(ptxas + " -v -arch=" + chip + " " + file + " -o /dev/null", status);
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

}  // namespace heed::testing
