// A graph of f32, kept in bf16: what becomes narrow, what does not, and what is computed.
#include "heed/passes/import/narrow.h"

#include <gtest/gtest.h>

#include "heed/passes/import/import.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "mlir/IR/Verifier.h"
#include "tape.h"

namespace heed::test {
namespace {

TEST(Narrow, ParametersAndWhatIsMadeOfThem) {
  HandTape tape;
  auto x = tape.add("input", {}, {&q}, {text("name", "x")});
  auto w = tape.add("param", {}, {&q}, {});
  auto half = tape.add("constant", {}, {&one}, {real("value", 0.5)});
  auto place = tape.add("mul", {half, half}, {&one});  // of numbers alone
  auto y = tape.add("mul", {tape.add("add", {x, w}, {&q}), place}, {&q});
  tape.add("return", {y}, {}, {text("name", "y")});

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  auto module = importGraph(context, tape.view(), DType::bf16);
  ASSERT_TRUE(module && succeeded(verify(*module)));
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  auto elementOf = [](mlir::Value v) { return ir::elementOf(v.getType()); };
  EXPECT_TRUE(elementOf(function.getArgument(0)).isF32());
  EXPECT_TRUE(elementOf(function.getArgument(1)).isBF16());
  EXPECT_TRUE(ir::elementOf(function.getResultTypes()[0]).isF32());
  for (auto product : function.getOps<ir::MulOp>())
    EXPECT_EQ(elementOf(product.getResult()).isF32(), ir::axesOf(product.getType()).empty());

  ir::Reference ones({"seq", "depth"}, {1, 4}, 1), thin({"seq", "depth"}, {1, 4}, 0x1p-9);
  auto exact = ir::interpret(function, {ones, thin}), naive = ir::interpret(function, {ones, thin}, true);
  EXPECT_EQ((*exact)[0].data[0], .25 * (1 + 0x1p-9));
  EXPECT_EQ((*naive)[0].data[0], .25);  // the sum was rounded to bf16
}

TEST(Narrow, SumsAndWhatIsMadeOfThemStayWide) {
  static constexpr const AxisInfo* axes[] = {&seq};
  static constexpr TypeInfo row{DType::f32, 1, axes};
  HandTape tape;
  auto x = tape.add("param", {}, {&q}, {});
  auto square = tape.add("mul", {x, x}, {&q});
  auto mean = tape.add("mean", {square}, {&row}, {axis("axes", depth)});
  auto root = tape.add("sqrt", {mean}, {&row});
  auto y = tape.add("div", {x, tape.add("along", {root}, {&q}, {axis("axis", depth)})}, {&q});
  tape.add("return", {y}, {}, {text("name", "y")});

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  auto module = importGraph(context, tape.view(), DType::f16);
  ASSERT_TRUE(module && succeeded(verify(*module)));
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  EXPECT_TRUE(ir::elementOf(function.getArgument(0).getType()).isF16());
  function.walk([](ir::MulOp op) { EXPECT_TRUE(ir::elementOf(op.getType()).isF32()); });
  auto naive = ir::interpret(function, {ir::Reference({"seq", "depth"}, {1, 4}, 6000)}, true);
  EXPECT_EQ((*naive)[0].data[0], 1);  // 6000^2 is beyond f16
}

}  // namespace
}  // namespace heed::test
