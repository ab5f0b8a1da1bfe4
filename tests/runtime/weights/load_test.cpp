// Loading: mapped and shared, whatever becomes of the Weights or of the file's name.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <numeric>

#include "files.h"
#include "heed/runtime/resident.h"
#include "heed/runtime/weights/mapping.h"

namespace heed::testing {
namespace {

using Vector = Array<const f32, Seq>;

std::int64_t mappings(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  std::int64_t count = 0;
  while (std::getline(maps, line)) count += line.find(path) != std::string::npos;
  return count;
}

TEST(Load, anArrayOutlivesItsWeights) {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  const Array<f32, Seq> w{1, 2, 3};
  save(path, {{"w", w.any()}});
  Vector kept;
  {
    const Weights weights = load(path);
    kept = Vector::from(weights.array("w", {"w", DType::f32, {axisSpec<Seq>()}}));
    EXPECT_EQ(kept.data(), reinterpret_cast<const float*>(weights.at("w").data));
  }
  EXPECT_EQ(mappings(path), 1);
  std::filesystem::remove(path);
  EXPECT_EQ(kept(2), 3);
  kept = Vector();
  EXPECT_EQ(mappings(path), 0);
}

TEST(Load, pagesOfAFileCanBeLetGoOf) {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  Array<f32, Seq> w(1 << 16), own(1 << 16);
  for (std::int64_t i = 0; i < 1 << 16; ++i) w(i) = own(i) = float(i);
  save(path, {{"w", w.any()}});
  const Weights weights = load(path);
  const AnyArray mapped = weights.array("w", {"w", DType::f32, {axisSpec<Seq>()}});
  const auto* numbers = static_cast<const float*>(mapped.view.data);
  auto read = [&] { return std::accumulate(numbers, numbers + (1 << 16), 0.0); };
  const double sum = read();
  EXPECT_GE(residentBytes(byteRange(mapped.view)), 4 << 16);
  letGo(mapped.memory, byteRange(mapped.view));
  EXPECT_LE(residentBytes(byteRange(mapped.view)), 2 * 4096);
  EXPECT_EQ(read(), sum);
  letGo(own.any().memory, byteRange(own.any().view));
  EXPECT_EQ(own(1000), 1000);  // memory of no file stays
}

TEST(Load, savingOverAFileThatIsInUseLeavesItAlone) {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  save(path, {{"w", Array<f32, Seq>{1, 2, 3}.any()}});
  const Weights before = load(path);
  Weights twice;
  twice.add("w", before.at("w"));
  twice.add("v", Array<f32, Seq>{9}.any());
  save(path, twice);
  EXPECT_EQ((before.array<f32, Seq>("w")(2)), 3);
  EXPECT_EQ((load(path).array<f32, Seq>("w")(2)), 3);
  EXPECT_EQ((load(path).array<f32, Seq>("v")(0)), 9);
}

TEST(Load, whatIsNoFileIsRefusedWithoutWaiting) {
  const Folder folder;
  EXPECT_EQ(errorOf([&] { load(folder.path("none.safetensors")); }),
            folder.path("none.safetensors") +
                ": open: No such file or directory; a file that can be read is required; check the path");
  mkfifo(folder.path("pipe.safetensors").c_str(), 0600);
  EXPECT_EQ(errorOf([&] { load(folder.path("pipe.safetensors")); }),
            folder.path("pipe.safetensors") +
                ": it is not a regular file; only a regular file can be mapped; check the path");
  EXPECT_EQ(errorOf([&] { load(folder.put("empty.safetensors", "")); }),
            folder.path("empty.safetensors") +
                ": it has 0 bytes; the header's length alone takes 8; it is damaged, or "
                "not a safetensors file: get it again");
}

TEST(Load, aFolderHasOneModel) {
  const Folder folder;
  const std::string file = fileOf("{\"w\":" + tensor("U8", "1", "0,1") + "}", 1);
  EXPECT_EQ(errorOf([&] { load(folder.path()); }),
            folder.path() +
                ": a folder with 0 .safetensors files; it must have model.safetensors.index.json, "
                "model.safetensors, or one other; name the file");
  folder.put("a.safetensors", file);
  EXPECT_EQ(load(folder.path()).size(), 1u);
  folder.put("b.safetensors", fileOf("{}"));
  EXPECT_NE(errorOf([&] { load(folder.path()); }).find("2 .safetensors files"), std::string::npos);
  folder.put("model.safetensors", fileOf("{}"));
  EXPECT_EQ(load(folder.path()).size(), 0u);
}

TEST(Load, tensorsThatAreNotAlignedAreCopied) {
  const Folder folder;
  const std::string header = "{\"b\":" + tensor("U8", "1", "0,1") + ",\"w\":" + tensor("F32", "1", "1,5") + "}";
  const float value = 1.5f;
  std::string file = fileOf(header, 1) + std::string(reinterpret_cast<const char*>(&value), 4);
  const Weights weights = load(folder.put("w.safetensors", file));
  EXPECT_EQ((weights.array<f32, Seq>("w")(0)), 1.5f);
}

TEST(Load, moreThanFourGigabytes) {
  const Folder folder;
  const std::int64_t count = 3ll << 29, bytes = count * 4;  // 6 GiB of zeros that take no room, then a scalar
  const std::string header = "{\"w\":" + tensor("F32", std::to_string(count), "0," + std::to_string(bytes)) +
                             ",\"last\":" + tensor("F32", "", std::to_string(bytes) + "," + std::to_string(bytes + 4)) +
                             "}";
  std::string start = fileOf(header + std::string((64 - (header.size() + 8) % 64) % 64, ' '));
  const std::string path = folder.put("large.safetensors", start);
  const float value = 2.5f;
  const int file = open(path.c_str(), O_WRONLY);
  const bool room = pwrite(file, &value, 4, static_cast<off_t>(start.size()) + bytes) == 4;
  close(file);
  ASSERT_TRUE(room) << "the temporary folder takes no sparse file of 6 GiB; set TMPDIR to one that does";
  const Weights weights = load(path);
  EXPECT_EQ((weights.array<f32>("last")()), 2.5f);
  const auto w = weights.array<f32, Seq>("w");
  EXPECT_EQ(w.extent<Seq>(), count);
  EXPECT_EQ(w(count - 1), 0);
}

}  // namespace
}  // namespace heed::testing
