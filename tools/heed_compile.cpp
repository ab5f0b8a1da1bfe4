// heed-compile: a module at stage `graph` (HEED_DUMP writes them) as a bundle, which loadBundle() runs without LLVM.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "heed/driver/bundle.h"
#include "heed/runtime/error.h"

using namespace heed;

int main(int argc, char** argv) {
  CLI::App app("heed-compile: a graph compiled to a file that runs without a compiler");
  std::string input, output, target = "cpu";
  Options options;
  bool quiet = false;
  app.add_option("input", input, "a .mlir file of stage graph; - is standard input")->required();
  app.add_option("-o,--output", output, "the bundle")->required();
  app.add_option("--target", target,
                 "cpu[:amx|avx512bf16|avx512|avx2|baseline][+int8|+int4][+tiles=DIGITS], or cuda:sm_80, cuda:sm_90a, "
                 "cuda:sm_80+tf32, ...");
  app.add_option("--dump", options.dump, "folder for the IR of each stage");
  app.add_flag("-q,--quiet", quiet, "say nothing where all is well");
  CLI11_PARSE(app, argc, argv);
  try {
    options.target = parseTarget(target);
    std::stringstream text;
    std::ifstream file;
    if (input != "-") {
      file.open(input);
      std::error_code none;
      const auto kind = std::filesystem::status(input, none).type();
      using std::filesystem::file_type;
      if (!file || (kind != file_type::regular && kind != file_type::fifo))
        throw Error("heed-compile", input + " cannot be read", "a file is required", "name another");
    }
    text << (input == "-" ? std::cin.rdbuf() : file.rdbuf());
    saveBundle(text.str(), input, options, output);
    auto made = loadBundle(output);  // it must open here, too, where it may not run
    if (!quiet) std::cout << output << ": " << target << "\n" << toString(made->signature) << made->explanation;
    return 0;
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
