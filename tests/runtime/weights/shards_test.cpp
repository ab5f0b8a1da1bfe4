// Sharded models: an index, the files beside it, and everything the two can disagree about.
#include <gtest/gtest.h>

#include "files.h"

namespace heed::testing {
namespace {

constexpr char index_name[] = "model.safetensors.index.json";
constexpr char advice[] = "; it is damaged, or not the index of a sharded model: get it again";

/// Two shards: "1" has w, "2" has v.
struct Model {
  Folder folder;
  Model() {
    save(folder.path("1.safetensors"), {{"w", Array<f32, Seq>{1, 2}.any()}});
    save(folder.path("2.safetensors"), {{"v", Array<f32, Seq>{3, 4}.any()}});
  }
  std::string index(const std::string& map) const {
    return folder.put(index_name,
                      "{\"metadata\":{\"total_size\":16,\"x\":[{\"y\":null}]},\"weight_map\":{" + map + "}}");
  }
  std::string fault(const std::string& map) const {
    const std::string path = index(map), error = errorOf([&] { load(path); });
    return error.starts_with(path + ": ") ? error.substr(path.size() + 2) : error;
  }
};

TEST(Shards, areOneModel) {
  const Model model;
  const std::string path = model.index(R"("w":"1.safetensors","v":"2.safetensors")");
  for (const std::string& name : {path, model.folder.path()}) {
    const Weights weights = load(name);
    EXPECT_EQ(weights.size(), 2u);
    EXPECT_EQ((weights.array<f32, Seq>("w")(1)), 2);
    EXPECT_EQ((weights.array<f32, Seq>("v")(1)), 4);
  }
}

TEST(Shards, namesCannotLeaveTheFolder) {
  const Model model;
  for (const char* name :
       {"../1.safetensors", "/etc/passwd", "a/b", "a\\\\b", "..", ".", "", ".hidden", "a\\u0000b", "a\\nb"})
    EXPECT_NE(
        model.fault("\"w\":\"" + std::string(name) + "\"").find("a shard is the plain name of a file beside the index"),
        std::string::npos)
        << name;
  EXPECT_EQ(
      model.fault(R"("w":"../1.safetensors")"),
      std::string("tensor \"w\" is in \"../1.safetensors\"; a shard is the plain name of a file beside the index") +
          advice);
}

TEST(Shards, missingOnesAreListed) {
  const Model model;
  EXPECT_EQ(model.fault(R"("w":"1.safetensors","a":"3.safetensors","b":"4.safetensors")"),
            "2 missing beside it: \"3.safetensors\", \"4.safetensors\"; all 3 shards are required; get the rest of the "
            "model");
}

TEST(Shards, indexAndShardsMustAgree) {
  const Model model;
  EXPECT_EQ(
      model.fault(R"("w":"1.safetensors","v":"1.safetensors")"),
      "tensor \"v\" should be in \"1.safetensors\"; the file has 1 tensors and not this one; index and shards must "
      "be of one model");
  EXPECT_EQ(
      model.fault(R"("w":"2.safetensors")"),
      "\"2.safetensors\" holds tensor \"v\"; the index has no such tensor; index and shards must be of one model");
  EXPECT_EQ(
      model.fault(R"("w":"2.safetensors","v":"1.safetensors")"),
      "\"1.safetensors\" holds tensor \"w\"; the index has it in \"2.safetensors\"; index and shards must be of one "
      "model");
  save(model.folder.path("2.safetensors"), {{"v", Array<f32, Seq>{3}.any()}, {"w", Array<f32, Seq>{3}.any()}});
  EXPECT_EQ(
      model.fault(R"("w":"1.safetensors","v":"2.safetensors")"),
      "\"2.safetensors\" holds tensor \"w\"; the index has it in \"1.safetensors\"; index and shards must be of one "
      "model");
}

TEST(Shards, aBrokenShardIsNamed) {
  const Model model;
  model.folder.put("2.safetensors", "junk");
  EXPECT_TRUE(model.fault(R"("w":"1.safetensors","v":"2.safetensors")")
                  .starts_with(model.folder.path("2.safetensors") + ": it has 4 bytes"));
}

TEST(Shards, anIndexIsReadAsCarefullyAsAFile) {
  const Folder folder;
  const auto fault = [&](const std::string& text) {
    const std::string path = folder.put(index_name, text);
    return errorOf([&] { load(path); }).substr(path.size() + 2);
  };
  EXPECT_EQ(fault("{}"), std::string("it has no weight_map; an object from tensors to files is required") + advice);
  EXPECT_EQ(fault("[]"), std::string("it is a list; an index is a JSON object") + advice);
  EXPECT_EQ(fault(R"({"weight_map":[]})"),
            std::string("its weight_map is a list; it maps tensors to the names of files") + advice);
  EXPECT_EQ(
      fault(R"({"weight_map":{"w":1}})"),
      std::string("its weight_map has a number for tensor \"w\"; it maps tensors to the names of files") + advice);
  EXPECT_EQ(
      fault(R"({"weight_map":{"w":{}}})"),
      std::string("its weight_map has an object for tensor \"w\"; it maps tensors to the names of files") + advice);
  EXPECT_NE(fault(R"({"weight_map":{"w":"a","w":"b"}})").find("the key \"w\" comes twice"), std::string::npos);
  EXPECT_NE(fault(R"({"weight_map":{},"weight_map":{}})").find("the key \"weight_map\" comes twice"),
            std::string::npos);
  EXPECT_NE(fault(R"({"metadata":{"a":[{"b":1,"b":1}]},"weight_map":{}})").find("the key \"b\" comes twice"),
            std::string::npos);
  for (const std::string& text :
       {std::string(), std::string("{"), std::string(100'000, '['), std::string("{\"weight_map\":{}}}"),
        std::string("\xff"), std::string("\"x\""), std::string("1"), std::string("null")})
    EXPECT_NE(fault(text), "") << text.substr(0, 20);
  EXPECT_EQ(load(folder.put(index_name, "{\"weight_map\":{}}")).size(), 0u);
}

}  // namespace
}  // namespace heed::testing
