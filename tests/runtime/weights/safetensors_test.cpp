// Round trips: what is saved is what is loaded, for every element type and rank.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "files.h"

namespace heed::testing {
namespace {

/// Bytes 0, 1, 0, 1, ...: good for every type, BOOL too.
Weight made(const StoredType& type, std::vector<std::int64_t> shape) {
  const std::int64_t bytes = storedBytes(type, shape).value();
  std::shared_ptr<std::byte[]> memory(new std::byte[bytes + 1]);
  for (std::int64_t i = 0; i < bytes; ++i) memory[i] = std::byte(i % 2);
  return {&type, std::move(shape), memory.get(), bytes, memory};
}

bool same(const Weight& l, const Weight& r) {
  return l.type == r.type && l.shape == r.shape && l.bytes == r.bytes && std::equal(l.data, l.data + l.bytes, r.data);
}

TEST(Safetensors, everyTypeAndRankComesBack) {
  Weights all;
  for (const StoredType& type : storedTypes())
    for (int rank = 0; rank <= 6; ++rank) {
      std::vector<std::int64_t> shape{8, 3, 1, 2, 5, 4};
      shape.resize(rank);
      if (storedBytes(type, shape)) all.add(std::string(type.name) + "." + std::to_string(rank), made(type, shape));
      shape.push_back(0);
      all.add(std::string(type.name) + "." + std::to_string(rank) + ".empty", made(type, shape));
    }
  all.metadata = {{"format", "pt"}, {"quote\"", "line\nbreak \xc3\xa9"}};
  const Folder folder;
  save(folder.path("all.safetensors"), all);
  const Weights loaded = load(folder.path("all.safetensors"));
  ASSERT_EQ(loaded.size(), all.size());
  ASSERT_GT(loaded.size(), 22u * 13);
  for (const auto& [name, weight] : all) EXPECT_TRUE(same(weight, loaded.at(name))) << name;
  EXPECT_EQ(loaded.metadata, all.metadata);
}

TEST(Safetensors, arraysOfEveryDtypeComeBack) {
  const Array<f32, Depth> floats{1.5f, -2, 3e30f};
  const Array<f16, Depth> halves{float16(1.5f), float16(-2), float16(65504)};
  const Array<bf16, Depth> brains{bfloat16(1.5f), bfloat16(-2), bfloat16(3e30f)};
  const Array<i32, Depth> wholes{1, -2, 2147483647};
  const Array<i1, Depth> bits{true, false, true};
  const Array<f32> scalar({}, {42});
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  save(path, {{"f", floats.any()},
              {"h", halves.any()},
              {"b", brains.any()},
              {"i", wholes.any()},
              {"1", bits.any()},
              {"s", scalar.any()}});
  const Weights loaded = load(path);
  EXPECT_EQ((loaded.array<f32, Depth>("f")(2)), 3e30f);
  EXPECT_EQ((loaded.array<f16, Depth>("h")(2)), 65504);
  EXPECT_EQ((loaded.array<bf16, Depth>("b")(1)), -2);
  EXPECT_EQ((loaded.array<i32, Depth>("i")(2)), 2147483647);
  EXPECT_EQ((loaded.array<i1, Depth>("1")(2)), true);
  EXPECT_EQ((loaded.array<f32>("s")()), 42);
}

TEST(Safetensors, hostileNamesComeBackToo) {
  Weights all;
  for (const std::string& name :
       {std::string(), std::string("a\0b", 3), std::string("\"\\/\n\t\x01\x7f"),
        std::string("\xe6\xb3\xa8\xe6\x84\x8f"), std::string(65536, 'x'), std::string("../up")})
    all.add(name, made(storedType(DType::f32), {2}));
  const Folder folder;
  save(folder.path("n.safetensors"), all);
  const Weights loaded = load(folder.path("n.safetensors"));
  for (const auto& [name, weight] : all) EXPECT_TRUE(loaded.contains(name)) << shown(name);
}

TEST(Safetensors, theHeaderIsAsTheFormatHasIt) {
  Weights weights;
  weights.add("w", made(storedType(DType::f32), {2, 3}));
  weights.add("v", made(storedType(DType::bf16), {5}));
  weights.add("a", made(storedType(DType::f32), {}));
  const Folder folder;
  save(folder.path("w.safetensors"), weights);
  const std::string bytes = folder.get("w.safetensors");
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
      R"("v":{"dtype":"BF16","shape":[5],"data_offsets":[28,38]}})";
  EXPECT_EQ(bytes.substr(8, header.size()), header);
  EXPECT_EQ(bytes.substr(0, 8), lengthOf(bytes.size() - 38 - 8));
  EXPECT_EQ((bytes.size() - 38) % 64, 0u);
  EXPECT_EQ(bytes.find_first_not_of(' ', 8 + header.size()), bytes.size() - 38);
}

TEST(Safetensors, typesHaveTheWidthsOfTheFormat) {
  std::set<std::string_view> names;
  for (const StoredType& type : storedTypes()) {
    EXPECT_TRUE(names.insert(type.name).second);
    EXPECT_EQ(storedType(type.name), &type);
    if (!type.dtype) continue;
    EXPECT_EQ(type.bits, 8 * elementBytes(*type.dtype));
    EXPECT_EQ(&storedType(*type.dtype), &type);
  }
  for (const char* name : {"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32", "F32",
                           "F64", "I64", "U64"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(storedType("f32"), nullptr);
  EXPECT_EQ(storedBytes(*storedType("F4"), std::vector<std::int64_t>{3, 2}), 3);
  EXPECT_EQ(storedBytes(*storedType("F6_E2M3"), std::vector<std::int64_t>{4}), 3);
  EXPECT_EQ(storedBytes(*storedType("F4"), std::vector<std::int64_t>{3}), std::nullopt);
}

}  // namespace
}  // namespace heed::testing
