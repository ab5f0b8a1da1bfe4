// Saving: deterministic, all or nothing.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "files.h"

namespace heed::testing {
namespace {

const Array<f32, Seq, Depth> w{1, 2, 3, 4, 5, 6};

TEST(Save, theOrderOfAddingDoesNotMatter) {
  const Array<bf16, Depth> b{1, 2, 3};
  const Folder folder;
  save(folder.path("1"), {{"w", w.any()}, {"b", b.any()}});
  save(folder.path("2"), {{"b", b.any()}, {"w", w.any()}});
  EXPECT_EQ(folder.get("1"), folder.get("2"));
  save(folder.path("3"), load(folder.path("1")));
  EXPECT_EQ(folder.get("1"), folder.get("3"));
}

TEST(Save, aViewWithGapsIsSavedRowMajor) {
  const auto columns = w.reordered<Depth, Seq>();
  const Folder folder;
  save(folder.path("w.safetensors"), {{"w", columns.any()}});
  const auto loaded = load(folder.path("w.safetensors")).array<f32, Depth, Seq>("w");
  EXPECT_EQ(loaded(2, 0), 3);
  EXPECT_EQ(loaded(0, 1), 4);
}

TEST(Save, theFileMayBeReadAsAnyNewFileMay) {
  const Folder folder;
  save(folder.path("w"), {{"w", w.any()}});
  folder.put("other", "");
  struct stat saved, other;
  stat(folder.path("w").c_str(), &saved);
  stat(folder.path("other").c_str(), &other);
  EXPECT_EQ(saved.st_mode, other.st_mode);
}

TEST(Save, aFailureLeavesTheOldFileAndNothingElse) {
  const Folder folder;
  const std::string path = folder.put("w", "old");
  const Array<f32, Seq> large(1 << 20);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{}, small{};
  getrlimit(RLIMIT_FSIZE, &before);
  small = {1 << 16, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = errorOf([&] { save(path, {{"w", large.any()}}); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error, path +
                       ": write: File too large; a place that can be written is required; check the folder and its "
                       "free space");
  EXPECT_EQ(folder.get("w"), "old");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(Save, aNameMustBeUtf8AndNotTheFormatsOwn) {
  const Folder folder;
  EXPECT_EQ(errorOf([&] {
              save("f", {{"__metadata__", w.any()}});
            }),
            "f: a tensor is named __metadata__; the format keeps that name for itself; rename it");
  EXPECT_NE(errorOf([&] { save(folder.path("f"), {{"\xff", w.any()}}); }), "");
  EXPECT_NE(errorOf([&] { save(folder.path("f"), {{std::string(70000, 'x'), w.any()}}); }), "");
  EXPECT_NE(errorOf([&] {
              save(folder.path("no/f"), {{"w", w.any()}});
            }).find("create: No such file"),
            std::string::npos);
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
}  // namespace heed::testing
