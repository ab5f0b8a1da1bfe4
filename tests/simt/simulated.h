// Graphs and modules compiled for a GPU, whose kernels the interpreter runs: the whole way but for the last step, PTX.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "device.h"
#include "heed/codegen/jit/jit.h"
#include "heed/dsl/tape.h"
#include "heed/runtime/executable.h"
#include "mlir/IR/MLIRContext.h"

namespace heed::simt {

/// Host code, and the kernels that it launches.
struct Code {
  codegen::Compiled host;
  std::shared_ptr<Program> program;  // keeps what it interprets alive
  std::unique_ptr<Device> open() const { return std::make_unique<Simulated>(program); }
};

/// `module` at the tiled stage, compiled for a chip such as "sm_80", with so many multiprocessors or, 0, as many as it
/// has. Throws std::runtime_error with the diagnostics.
Code compileTiled(mlir::OwningOpRef<mlir::ModuleOp> module, std::shared_ptr<mlir::MLIRContext> context,
                  const std::string& chip = "sm_80", int multiprocessors = 0);
/// The same for the text of one.
Code compileTiled(const std::string& text, const std::string& chip = "sm_80", int multiprocessors = 0);

/// The PTX of its kernels.
std::string ptxOf(const std::string& text, const std::string& chip);

/// What a session's device is, for the kernels of a program.
using Opened = std::function<std::unique_ptr<Device>(std::shared_ptr<Program>)>;

/// A graph as compile() would give it for cuda, on a simulated device if `open` is none.
struct Compiled {
  std::shared_ptr<const Executable> executable;
  std::shared_ptr<Program> program;
  int attentions = 0;  // fused kernels
};
Compiled compile(const GraphView& graph, const std::string& chip = "sm_80", Opened open = {});

}  // namespace heed::simt
