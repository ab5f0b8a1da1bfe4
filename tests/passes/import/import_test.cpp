// What a tape becomes: ops, names, lines, copies of parameters.
#include "heed/passes/import/import.h"

#include <gtest/gtest.h>

#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "tape.h"

namespace heed::test {
namespace {

struct Imported {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::string errors;
  mlir::ScopedDiagnosticHandler handler{&context, [this](mlir::Diagnostic& d) { errors += d.str() + "\n"; }};
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Imported(const HandTape& tape) : module(importGraph(context, tape.view())) {}
  mlir::func::FuncOp function() { return *module->getOps<mlir::func::FuncOp>().begin(); }
  std::string text() {
    std::string text;
    llvm::raw_string_ostream out(text);
    module->print(out, mlir::OpPrintingFlags().enableDebugInfo(true, true));
    return text;
  }
  std::string nameOf(unsigned argument) {
    return function().getArgAttrOfType<mlir::StringAttr>(argument, "heed.name").str();
  }
};

HandTape sdpa() {
  HandTape tape;
  auto q_ = tape.add("input", {}, {&q}, {text("name", "q")}), k_ = tape.add("input", {}, {&k}, {text("name", "k")});
  auto scores = tape.add("contract", {q_, k_}, {&s}, {axis("axes", depth)}, 0, 42);
  auto half = tape.add("constant", {}, {&one}, {real("value", 0.5)});
  auto scaled = tape.add("mul", {scores, half}, {&s});
  auto weights = tape.add("softmax", {scaled}, {&s}, {axis("axis", key)});
  auto out = tape.add("contract", {weights, k_}, {&q}, {axis("axes", key)});
  tape.add("return", {out, weights}, {}, {text("name", "context"), text("name", "weights")});
  return tape;
}

TEST(Import, AGraphBecomesAFunctionOfItsWords) {
  HandTape tape = sdpa();
  Imported imported(tape);
  ASSERT_TRUE(imported.module) << imported.errors;
  std::string text = imported.text();
  for (const char* piece :
       {"func.func @f", "tensor<?x4xf32, #heed.axes<seq:T, depth>>", "heed.name = \"q\"", "heed.name = \"weights\"",
        "heed.constant 5.000000e-01 : f32", "axes = [\"depth\"]", "axis = \"key\"", "model.cpp:42"})
    EXPECT_NE(text.find(piece), std::string::npos) << piece << "\n" << text;
}

TEST(Import, WhatItMakesCanBeRun) {
  HandTape tape = sdpa();
  Imported imported(tape);
  ir::Reference x({"seq", "depth"}, {1, 4}, 1), y({"key", "depth"}, {1, 4}, 3);
  auto results = ir::interpret(imported.function(), {x, y});
  ASSERT_TRUE(succeeded(results)) << imported.errors;
  EXPECT_EQ((*results)[0].data, (std::vector<double>{3, 3, 3, 3}));
}

/// stem.weight, and in each of 2 blocks a bias and 3 inner weights: a nest of repeats.
HandTape nest() {
  HandTape tape;
  tape.scopes = {{}, {0, "weight", 0}, {0, "blocks", 2}, {2, "bias", 0}, {2, "inner", 3}, {4, "weight", 0}};
  auto x = tape.add("input", {}, {&one}, {text("name", "x")});
  auto weight = tape.add("param", {}, {&one}, {}, 1);
  auto bias = tape.add("param", {}, {&one}, {}, 3), inner = tape.add("param", {}, {&one}, {}, 5);
  auto outerCarry = tape.add("repeat", {x}, {&one}, {integer("count", 2)}, 2);
  auto plus = tape.add("add", {outerCarry, bias}, {&one}, {}, 2);
  auto innerCarry = tape.add("repeat", {plus}, {&one}, {integer("count", 3)}, 4);
  auto times = tape.add("mul", {innerCarry, inner}, {&one}, {}, 4);
  auto more = tape.add("add", {times, weight}, {&one}, {}, 4);
  auto innerEnd = tape.add("yield", {more}, {&one}, {}, 4);
  auto outerEnd = tape.add("yield", {innerEnd}, {&one}, {}, 2);
  tape.add("return", {outerEnd}, {}, {text("name", "y")});
  return tape;
}

TEST(Import, EachCopyOfAParameterIsAnArgumentUnderItsOwnName) {
  HandTape tape = nest();
  Imported imported(tape);
  ASSERT_TRUE(imported.module) << imported.errors;
  std::vector<std::string> names;
  for (unsigned i = 0; i < imported.function().getNumArguments(); ++i) names.push_back(imported.nameOf(i));
  EXPECT_EQ(names,
            (std::vector<std::string>{"x", "weight", "blocks.0.bias", "blocks.1.bias", "blocks.0.inner.0.weight",
                                      "blocks.0.inner.1.weight", "blocks.0.inner.2.weight", "blocks.1.inner.0.weight",
                                      "blocks.1.inner.1.weight", "blocks.1.inner.2.weight"}));
  EXPECT_FALSE(imported.function().getArgAttr(0, "heed.parameter"));
  EXPECT_TRUE(imported.function().getArgAttr(1, "heed.parameter"));
}

TEST(Import, NestedCopiesUseTheirOwnParameters) {
  HandTape tape = nest();
  Imported imported(tape);
  std::vector<ir::Reference> arguments;
  for (double x : {1., 1., 10., 20., 2., 3., 4., 5., 6., 7.}) arguments.emplace_back(x);
  double want = 1;
  for (int block = 0; block < 2; ++block) {
    want += arguments[2 + block].data[0];
    for (int step = 0; step < 3; ++step) want = want * arguments[4 + 3 * block + step].data[0] + 1;
  }
  auto results = ir::interpret(imported.function(), arguments);
  ASSERT_TRUE(succeeded(results)) << imported.errors;
  EXPECT_EQ(results->front().data[0], want);
}

TEST(Import, AnOpKnowsItsModule) {
  HandTape tape = nest();
  Imported imported(tape);
  EXPECT_NE(imported.text().find("blocks.{i}.inner"), std::string::npos) << imported.text();
}

}  // namespace
}  // namespace heed::test
