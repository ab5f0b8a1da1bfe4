// Text that is no graph is one diagnostic at its line, whatever is wrong with it.
#include "heed/passes/import/parse_graph.h"

#include <gtest/gtest.h>

#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::test {
namespace {

std::string errorsOf(const std::string& text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<ir::HeedDialect, mlir::func::FuncDialect>();
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    llvm::raw_string_ostream(errors) << d.getLocation() << ": " << d.str() << "\n";
  });
  bool valid = bool(parseGraph(context, text, "x.mlir"));
  EXPECT_EQ(valid, errors.empty()) << errors;
  return errors;
}

struct Case {
  const char *name, *text, *line, *message;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ParseGraph : public testing::TestWithParam<Case> {};

TEST_P(ParseGraph, WithAMessage) {
  const std::string errors = errorsOf(GetParam().text);
  EXPECT_NE(errors.find(std::string("x.mlir\":") + GetParam().line), std::string::npos) << errors;
  EXPECT_NE(errors.find(GetParam().message), std::string::npos) << errors;
}

#define SPLIT "heed.split %x {axis = \"a\", parts = [\"n\", \"in\"]} : (!a) -> "
#define AXES "!a = tensor<?xf32, #heed.axes<a:A>>\n!n = tensor<?x4xf32, #heed.axes<n:N, in>>\n"

const Case cases[] = {
    {"empty", "", "1", "there is no function"},
    {"comment", "// nothing", "1", "there is no function"},
    {"module", "module {}", "1", "there is no function"},
    {"nested", "module {\n module {\n func.func @g() { return } } }", "2", "`builtin.module` stands where a func.func"},
    {"two", "func.func @g() { return }\nfunc.func @h() { return }", "2", "a second `func.func` stands behind"},
    {"declared", "func.func private @g()", "1", "the function has no body"},
    {"hidden", "\nfunc.func private @g() { return }", "2", "the function is private"},
    {"element", "func.func @g(\n %x: tensor<f64>) { return }", "2", "argument 0 is a 'tensor<f64>'"},
    {"named", "func.func @g(%x: f32 {heed.name = \"scale\"}) { return }", "1", "argument scale is a 'f32'"},
    {"axes", "func.func @g(%x: tensor<4xf32>) { return }", "1", "whose axes have names"},
    {"buffer", "func.func @g(%x: memref<4xf32>) { return }", "1", "as the file 1_graph.mlir of a dump"},
    {"call", "func.func @g() {\n call @g() : () -> ()\n return }", "2", "`func.call` is no op of heed"},
    {"unbound",
     "func.func @g() -> tensor<?xi32, #heed.axes<seq:T>> {\n %x = heed.index \"seq\" : tensor<?xi32, #heed.axes<seq:T>>"
     "\n return %x : tensor<?xi32, #heed.axes<seq:T>> }",
     "2", "index: the extent of axis seq (T) is not known"},
    {"splitToTheSymbolOfAnInput",
     AXES "func.func @g(%x: !a, %y: !n {heed.name = \"y\"}) -> !n {\n %0 = " SPLIT "!n\n return %0 : !n }", "4",
     "split: it computes the extent of axis n (N), which argument y gives already, and the two could differ; a new "
     "axis "
     "needs a symbol of its own; write n:N2?"},
    {"twoSplitsToOneSymbol",
     AXES "func.func @g(%x: !a) -> !n {\n %0 = " SPLIT "!n\n %1 = " SPLIT "!n\n return %1 : !n }", "5",
     "which another split gives already"},
    {"mergeToTheSymbolOfAnInput",
     AXES
     "func.func @g(%x: !n, %y: !a) -> !a {\n %0 = heed.merge %x {parts = [\"n\", \"in\"], axis = \"a\"} : (!n) -> !a"
     "\n return %0 : !a }",
     "4", "merge: it computes the extent of axis a (A), which argument 1 gives already"},
    {"partAsLongAsTheWhole",
     AXES "!p = tensor<?x4xf32, #heed.axes<n:A, in>>\nfunc.func @g(%x: !a) -> !p {\n %0 = " SPLIT
          "!p\n return %0 : !p }",
     "5", "parts [n (A), in (4)] do not multiply up to a (A)"},
};

#undef SPLIT
#undef AXES

INSTANTIATE_TEST_SUITE_P(Text, ParseGraph, testing::ValuesIn(cases), [](auto& info) { return info.param.name; });

TEST(ParseGraph, DeepTextIsRefusedBeforeItIsParsed) {
  const int deep = 200000;
  for (auto [open, close] : {std::pair{'[', ']'}, {'(', ')'}, {'{', '}'}, {'<', '>'}})
    EXPECT_NE(errorsOf("\nfunc.func @g() attributes {a = " + std::string(deep, open) + std::string(deep, close) +
                       "} { return }")
                  .find("x.mlir\":2:1): brackets nest more than"),
              std::string::npos);
}

TEST(ParseGraph, WhatIsNotDeepIsNotRefused) {
  std::string many = "func.func @g() attributes {a = \"", lines;
  for (int i = 0; i < 3000; ++i) many += "[\\\"<", lines += "// ((({{{ \" \n";
  EXPECT_EQ(errorsOf(lines + many + "\"} { return }"), "");
  std::string flat;
  for (int i = 0; i < 3000; ++i) flat += std::string(i ? ", " : "") + "() -> tensor<2x2xf32>";
  EXPECT_EQ(errorsOf("func.func @g() attributes {a = [" + flat + "]} { return }"), "");
  EXPECT_EQ(
      errorsOf("func.func @g() attributes {a = " + std::string(900, '[') + std::string(900, ']') + "} { return }"), "");
}

}  // namespace
}  // namespace heed::test
