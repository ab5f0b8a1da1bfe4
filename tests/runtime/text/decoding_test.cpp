// Decoders, one by one, and what a stream holds back.
#include <gtest/gtest.h>

#include "files.h"

namespace heed::testing {
namespace {

/// The text of these tokens.
std::string decoded(const std::string& decoder, const std::vector<std::string>& tokens) {
  std::string vocab = "{";
  std::vector<std::int32_t> ids;
  for (const std::string& token : tokens) {
    vocab += (ids.empty() ? "" : ",") + jsonString(token) + ":" + std::to_string(ids.size());
    ids.push_back(static_cast<std::int32_t>(ids.size()));
  }
  return Json{.model = bpe(vocab + "}"), .decoder = decoder}.load().decode(ids);
}
const std::string llama2 = R"({"type":"Sequence","decoders":[
    {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
    {"type":"Strip","content":" ","start":1,"stop":0}]})";

TEST(Decoding, withoutADecoderThereAreSpacesBetween) { EXPECT_EQ(decoded("null", {"a", "b"}), "a b"); }

TEST(Decoding, bytesAcrossTokens) {
  EXPECT_EQ(decoded(R"({"type":"ByteLevel"})", {"Ġa", "ðŁ", "Ĳ", "Ł"}), " a🐟");
  EXPECT_EQ(decoded(R"({"type":"ByteLevel"})", {"ðŁ", "a", "漢"}), "\ufffda漢");
  EXPECT_EQ(decoded(llama2, {"▁▁a▁", "<0xE6>", "<0xBC>", "<0xA2>", "<0xE5>", "b"}), " a 漢\ufffdb");
  EXPECT_EQ(decoded(llama2, {"▁", "▁a", "<0xZZ>", "<0x4a>"}), " a<0xZZ>J");
}

TEST(Decoding, wordPieces) {
  const std::string clean = R"({"type":"WordPiece","prefix":"##","cleanup":true})";
  EXPECT_EQ(decoded(clean, {"un", "##able", "to", ",", "'s", "##!"}), "unable to,'s!");
  EXPECT_EQ(decoded(R"({"type":"WordPiece","prefix":"##","cleanup":false})", {"##a", ","}), "##a ,");
}

TEST(Decoding, metaspace) {
  EXPECT_EQ(decoded(R"({"type":"Metaspace","replacement":"▁"})", {"▁a", "▁b▁"}), "a b ");
  EXPECT_EQ(decoded(R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"never"})", {"▁a", "▁b"}), " a b");
}

TEST(Decoding, aStreamHoldsBackWhatIsNotComplete) {
  const Tokenizer t = Json{}.load();
  Tokenizer::Decoder decoder(t);
  std::vector<std::string> parts;
  for (unsigned char byte : std::string("a🐟\xf0\x9f!")) parts.push_back(decoder.push(byte));
  EXPECT_EQ(parts, (std::vector<std::string>{"a", "", "", "", "🐟", "", "", "\ufffd!"}));
  EXPECT_EQ(decoder.push(0xe6), "");
  EXPECT_EQ(decoder.finish(), "\ufffd");
  EXPECT_EQ(decoder.finish(), "");
}

TEST(Decoding, anIdOfNoTokenChangesNothing) {
  Tokenizer::Decoder decoder(Json{}.load());
  decoder.push(0xc3);
  for (std::int32_t id : {-1, 256, INT32_MAX, INT32_MIN})
    EXPECT_EQ(errorOf([&] { decoder.push(id); }),
              "decode: id " + std::to_string(id) +
                  "; ids of this tokenizer are from 0 to 255; are the ids those of its model?");
  EXPECT_EQ(decoder.push(0xa9), "é");
}

TEST(Decoding, aFileCannotMultiplyAToken) {
  std::string steps;
  for (int i = 0; i < 60; ++i)
    steps += std::string(i ? "," : "") + R"({"type":"Replace","pattern":{"String":"a"},"content":"aa"})";
  EXPECT_EQ(
      errorOf([&] { decoded(R"({"type":"Sequence","decoders":[)" + steps + "]}", {"a"}); }),
      "the decoder: it makes 2097152 bytes of one token; at most 1048576 may become of one; its file is not one to "
      "trust");
}

}  // namespace
}  // namespace heed::testing
