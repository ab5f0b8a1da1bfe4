// A tape that is not a graph is refused with one clear message, at the user's line.
#include <gtest/gtest.h>

#include <functional>

#include "heed/passes/import/import.h"
#include "heed/passes/ir/heed.h"
#include "tape.h"

namespace heed::test {
namespace {

HandTape small() {
  HandTape tape;
  auto x = tape.add("input", {}, {&q}, {text("name", "x")});
  auto y = tape.add("exp", {x}, {&q}, {}, 0, 7);
  tape.add("return", {y}, {}, {text("name", "y")});
  return tape;
}

constexpr TypeInfo strange{DType(9), 0, nullptr}, wide{DType::f32, 9, qAxes};
constexpr AxisInfo lost{"seq", "", -1};
constexpr const AxisInfo *lostAxes[] = {&lost}, *twice[] = {&seq, &seq};
constexpr TypeInfo loose{DType::f32, 1, lostAxes}, same{DType::f32, 2, twice};
constexpr AxisInfo unheard{"page", "P", -1};
constexpr const AxisInfo* unheardAxes[] = {&seq, &depth, &unheard};
constexpr TypeInfo paged{DType::f32, 3, unheardAxes}, flat{DType::f32, 1, iAxes};

struct Case {
  const char* name;
  std::function<void(HandTape&)> harm;
  const char* message;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Refuse : public testing::TestWithParam<Case> {};

TEST_P(Refuse, WithAMessage) {
  HandTape tape = small();
  GetParam().harm(tape);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    llvm::raw_string_ostream(errors) << d.getLocation() << ": " << d.str() << "\n";
  });
  EXPECT_FALSE(importGraph(context, tape.view()));
  EXPECT_NE(errors.find(GetParam().message), std::string::npos) << errors;
}

const Case cases[] = {
    {"operand", [](HandTape& t) { t.operands[0] = 9; }, "exp: operand 0 is value 9, which no earlier node defines"},
    {"later", [](HandTape& t) { t.operands[0] = 1; }, "exp: operand 0 is value 1"},
    {"range",
     [](HandTape& t) {
       t.nodes[1].operands = {~0u, 2};
     },
     "exp: a range leaves its pool"},
    {"scope", [](HandTape& t) { t.nodes[1].scope = 3; }, "scope 3 does not exist"},
    {"parent",
     [](HandTape& t) {
       t.scopes.push_back({5, "a", 0});
     },
     "scope 1 must have an earlier scope as parent"},
    {"word", [](HandTape& t) { t.nodes[1].op = "expp"; },
     "model.cpp\":7:0): \"expp\": this compiler knows no such word"},
    {"arity", [](HandTape& t) { t.nodes[1].op = "add"; }, "heed.add"},
    {"dtype", [](HandTape& t) { t.values[0].type = &strange; }, "element type 9, which is none"},
    {"rank", [](HandTape& t) { t.values[0].type = &wide; }, "a value has 9 axes; at most 8 are possible"},
    {"symbol", [](HandTape& t) { t.values[0].type = &loose; }, "axis seq has neither extent nor symbol"},
    {"names", [](HandTape& t) { t.values[0].type = &same; }, "two axes of the name seq"},
    {"untyped", [](HandTape& t) { t.values[1].type = nullptr; }, "a value has no type"},
    {"types", [](HandTape& t) { t.values[1].type = &k; }, "heed.exp"},
    {"unheard",
     [](HandTape& t) {
       t.nodes[1].op = "along", t.values[1].type = &paged;
       t.attributes.push_back(axis("axis", unheard));
       t.nodes[1].attributes = {std::uint32_t(t.attributes.size()) - 1, 1};
     },
     "model.cpp\":7:0): along: the extent of axis page (P) is not known, as no input has that axis"},
    {"merged",
     [](HandTape& t) {
       t.nodes[1].op = "merge", t.values[1].type = &flat;
       std::uint32_t begin = t.attributes.size();
       t.attributes.insert(t.attributes.end(), {axis("parts", seq), axis("parts", depth), axis("axis", key)});
       t.nodes[1].attributes = {begin, 3};
     },
     "parts [seq (T), depth (4)] do not multiply up to key (T)"},
    {"unfinished", [](HandTape& t) { t.nodes.pop_back(); }, "the graph has no return"},
    {"after", [](HandTape& t) { t.nodes.push_back(t.nodes[2]); }, "return: stands after return"},
    {"yield", [](HandTape& t) { t.nodes[1].op = "yield"; }, "yield: has no repeat"},
    {"open",
     [](HandTape& t) {
       t.nodes[1].op = "repeat";
       t.nodes[1].scope = 1;
       t.scopes.push_back({0, "layers", 2});
       t.attributes.push_back(integer("count", 2));
       t.nodes[1].attributes = {std::uint32_t(t.attributes.size()) - 1, 1};
     },
     "return: stands inside of a repeat"},
    {"count", [](HandTape& t) { t.nodes[1].op = "repeat"; }, "repeat: must have the count of its scope"},
};

INSTANTIATE_TEST_SUITE_P(Tapes, Refuse, testing::ValuesIn(cases), [](const auto& info) { return info.param.name; });

TEST(Refuse, AnotherVersion) {
  HandTape tape = small();
  GraphView view = tape.view();
  view.version = tape_version + 1;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) { errors += d.str(); });
  EXPECT_FALSE(importGraph(context, view));
  EXPECT_NE(errors.find("this compiler reads version " + std::to_string(tape_version) + "; build both from one heed"),
            std::string::npos)
      << errors;
}

TEST(Refuse, AParameterOfACopyOutsideOfItsRepeat) {
  HandTape tape;
  tape.scopes = {{}, {0, "layers", 2}, {1, "weight", 0}};
  auto weight = tape.add("param", {}, {&q}, {}, 2);
  tape.add("return", {weight}, {}, {text("name", "y")});
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) { errors += d.str(); });
  EXPECT_FALSE(importGraph(context, tape.view()));
  EXPECT_NE(errors.find("parameter layers.{i}.weight has copies; it can be used only inside of its Repeat"),
            std::string::npos)
      << errors;
}

}  // namespace
}  // namespace heed::test
