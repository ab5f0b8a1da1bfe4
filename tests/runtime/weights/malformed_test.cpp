// Hostile files: every one is refused with a message, none is read beyond its end.
//
// Each file lies against a page that must not be touched.
#include <gtest/gtest.h>

#include "files.h"
#include "guarded.h"
#include "malformed_rows.h"

namespace heed::testing {
namespace {

constexpr char advice[] = "; it is damaged, or not a safetensors file: get it again";
constexpr char json_advice[] = "; it is damaged, or not what its name says: get it again";

/// As verdict(), with a guard page right after the last byte.
std::string guardedVerdict(const std::string& bytes) {
  const std::int64_t size = static_cast<std::int64_t>(bytes.size());
  GuardedPages pages(size, Against::high);
  std::memcpy(pages.data(), bytes.data(), bytes.size());
  return errorOf([&] { parseSafetensors("f", {static_cast<const std::byte*>(pages.data()), bytes.size()}); });
}

const std::string good_header = "{\"__metadata__\":{\"format\":\"pt\"},\"a\":" + tensor("F32", "2,3", "0,24") +
                                ",\"b.weight\":" + tensor("BF16", "4", "24,32") +
                                ",\"s\":" + tensor("I64", "", "32,40") + "}";
const std::string good = fileOf(good_header, 40);

TEST(Malformed, theGoodFileIsGood) { EXPECT_EQ(guardedVerdict(good), ""); }

TEST(Malformed, everyTruncationIsRefused) {
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_NE(guardedVerdict(good.substr(0, n)), "") << n << " bytes";
}

TEST(Malformed, everyTrailingByteIsRefused) {
  for (std::size_t n = 1; n < 20; ++n) EXPECT_NE(guardedVerdict(good + std::string(n, '\0')), "") << n << " bytes";
}

TEST(Malformed, everyOtherHeaderLengthIsRefused) {
  for (std::uint64_t n = 0; n < good.size() + 9; ++n) {
    if (n == good_header.size()) continue;
    EXPECT_NE(guardedVerdict(lengthOf(n) + good.substr(8)), "") << n;
  }
  for (int bit = 8; bit < 64; ++bit)
    EXPECT_NE(guardedVerdict(lengthOf(good_header.size() | 1ull << bit) + good.substr(8)), "") << bit;
}

// A byte of the header lost, doubled or changed: never a crash, and what still is a file is one in all respects.
TEST(Malformed, everyByteOfTheHeaderMatters) {
  int refused = 0, accepted = 0;
  auto tryHeader = [&](const std::string& header) {
    const std::string file = fileOf(header, 40);
    ++(guardedVerdict(file).empty() ? accepted : refused);
  };
  for (std::size_t i = 0; i < good_header.size(); ++i) {
    std::string header = good_header;
    tryHeader(header.erase(i, 1));
    header = good_header;
    tryHeader(header.insert(i, 1, header[i]));
    for (char c : {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', '-', '9', '.', 'e', ' ', '\n', '\x7f', '\xff'}) {
      header = good_header;
      header[i] = c;
      tryHeader(header);
    }
  }
  EXPECT_GT(refused, 2000);
  EXPECT_GT(accepted, 50);  // other names and other metadata are as good
}

TEST(Malformed, anExtentTooLargeIsRefusedWhereverAZeroIs) {
  for (const char* shape :
       {"9223372036854775807,2", "4294967296,4294967296", "0,9223372036854775807,9223372036854775807",
        "9223372036854775807,9223372036854775807,0", "2305843009213693952"})
    EXPECT_NE(guardedVerdict(fileOf("{\"a\":" + tensor("F64", shape, "0,0") + "}")), "") << shape;
}

TEST(Malformed, textThatIsNotUtf8IsRefused) {
  for (const char* text : {"\xff", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                           "\xf4\x90\x80\x80", "\x80", "\xf8\x88\x80\x80\x80", "\\ud800", "\\udc00", "\\ud800\\u0041",
                           "\\u12g4", "\\x41", "\t", "\x01", "\x1f", "\n"}) {
    EXPECT_NE(guardedVerdict(fileOf("{\"" + std::string(text) + "\":" + tensor("U8", "0", "0,0") + "}")), "") << text;
    EXPECT_NE(guardedVerdict(fileOf("{\"__metadata__\":{\"k\":\"" + std::string(text) + "\"}}")), "") << text;
  }
  EXPECT_EQ(guardedVerdict(fileOf("{\"\xf0\x9f\x98\x80 \\ud83d\\ude01 \\u0000\":" + tensor("U8", "0", "0,0") + "}")),
            "");
}

TEST(Malformed, bombsAreRefusedAtOnce) {
  EXPECT_NE(guardedVerdict(fileOf(std::string(1'000'000, '{'))), "");
  EXPECT_NE(guardedVerdict(fileOf("{\"a\":" + std::string(1'000'000, '['))), "");
  std::string deep, shape = "1";
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":", shape += ",1";
  EXPECT_NE(guardedVerdict(fileOf(deep)), "");
  EXPECT_NE(guardedVerdict(fileOf("{\"" + std::string(70'000, 'n') + "\":" + tensor("U8", "0", "0,0") + "}")), "");
  EXPECT_EQ(guardedVerdict(fileOf("{\"a\":" + tensor("U8", shape, "0,1") + "}", 1)), "");
}

TEST(Malformed, eachMistakeHasItsMessage) {
  for (const auto& [header, data, message] : malformed_headers) {
    const std::string text = message;
    const bool json = text.starts_with("its JSON") || text.starts_with("the key");
    EXPECT_EQ(guardedVerdict(fileOf(header, data)), "f: " + text + (json ? json_advice : advice)) << header;
  }
}

TEST(Malformed, lengthsHaveTheirMessages) {
  EXPECT_EQ(verdict(""), std::string("f: it has 0 bytes; the header's length alone takes 8") + advice);
  EXPECT_EQ(verdict(lengthOf(100'000'001)),
            std::string("f: its header has 100000001 bytes; at most 100000000 are read") + advice);
  EXPECT_EQ(verdict(lengthOf(UINT64_MAX)),
            std::string("f: its header has 18446744073709551615 bytes; at most 100000000 are read") + advice);
  EXPECT_EQ(verdict(lengthOf(3) + "{}"),
            std::string("f: its header has 3 bytes; the file has 2 after the length") + advice);
}

}  // namespace
}  // namespace heed::testing
