// Bodies of repeats and their parameters. Test: tests/passes/import/import_test.cpp.
#include "heed/passes/import/repeats.h"

#include "heed/passes/import/module_path.h"

using namespace mlir;

namespace heed {

mlir::Value Repeats::resolve(const Key& key, size_t depth) {
  if (depth == 0) {
    auto argument = arguments_.find(key);
    return argument == arguments_.end() ? mlir::Value() : argument->second;
  }
  Open& body = open_[depth - 1];
  SmallVector<std::uint32_t> counted = countedScopes(graph_, key.first->scope);
  auto mine = llvm::find(counted, body.scope);
  if (mine == counted.end()) return resolve(key, depth - 1);
  if (mlir::Value known = body.arguments[key]) return known;
  Key copy = key;
  copy.second[mine - counted.begin()] = 0;
  mlir::Value outside = resolve(copy, depth - 1);
  if (!outside) return {};
  body.parameters.push_back(key);
  return body.arguments[key] = body.block->addArgument(outside.getType(), outside.getLoc());
}

mlir::Value Repeats::parameter(const tape::Node* param) {
  return resolve({param, Copies(countedScopes(graph_, param->scope).size(), -1)}, open_.size());
}

ValueRange Repeats::open(const tape::Node& node, ValueRange carries, Location loc) {
  auto body = std::make_unique<Region>();
  Block& block = body->emplaceBlock();
  for (mlir::Value carry : carries) block.addArgument(carry.getType(), carry.getLoc());
  open_.push_back({node.scope, std::move(body), &block, llvm::to_vector(carries), loc, {}, {}});
  return block.getArguments();
}

ValueRange Repeats::close(ValueRange next, Location loc, OpBuilder& builder, Block& function) {
  builder.setInsertionPointToEnd(open_.back().block);
  ir::YieldOp::create(builder, loc, next);
  Open body = std::move(open_.back());
  open_.pop_back();

  std::int64_t count = graph_.scopes[body.scope].count;
  SmallVector<mlir::Value> parameters;
  for (const Key& key : body.parameters) {
    SmallVector<std::uint32_t> counted = countedScopes(graph_, key.first->scope);
    Key copy = key;
    for (std::int32_t& i = copy.second[llvm::find(counted, body.scope) - counted.begin()] = 0; i < count; ++i)
      parameters.push_back(resolve(copy, open_.size()));
  }
  builder.setInsertionPointToEnd(open_.empty() ? &function : open_.back().block);
  auto repeat =
      ir::RepeatOp::create(builder, body.loc, ValueRange(body.carries).getTypes(), body.carries, parameters, count);
  repeat.getBody().takeBody(*body.body);
  return repeat.getResults();
}

}  // namespace heed
