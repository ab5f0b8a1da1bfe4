// Tokenisers of each published kind: the ids and the texts that the published library gives.
//
// fixtures/make.py made them and says how.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "files.h"
#include "heed/runtime/text/file.h"

namespace heed::testing {
namespace {

const std::string folder = HEED_TEXT_FIXTURES "/";

TEST(Published, idsAndTextsAreThoseOfThePublishedLibrary) {
  std::ifstream stream(folder + "expected.json", std::ios::binary);
  const std::string json(std::istreambuf_iterator<char>(stream), {});
  const tokens::Value expected = tokens::readFile("expected.json", json).tree;
  const tokens::Value &texts = *expected.find("texts"), &kinds = *expected.find("kinds");
  ASSERT_EQ(kinds.values.size(), 10u);
  for (std::size_t k = 0; k < kinds.values.size(); ++k) {
    const Tokenizer tokenizer = Tokenizer::load(folder + kinds.keys[k] + ".json");
    for (std::size_t i = 0; i < texts.values.size(); ++i) {
      const tokens::Value& row = kinds.values[k].values[i];
      std::vector<std::int32_t> ids;
      for (const tokens::Value& id : row.find("ids")->values) ids.push_back(std::stoi(id.text));
      EXPECT_EQ(tokenizer.encode(texts.values[i].text), ids) << kinds.keys[k] << ": " << texts.values[i].text;
      EXPECT_EQ(tokenizer.decode(ids), row.find("text")->text) << kinds.keys[k] << ": " << texts.values[i].text;
    }
  }
}

TEST(Published, whatAByteLevelTokenizerEncodesComesBack) {
  std::mt19937 random(7);
  for (const char* kind : {"gpt2", "llama3", "o200k"}) {
    const Tokenizer tokenizer = Tokenizer::load(folder + kind + ".json");
    for (int i = 0; i < 2000; ++i) {
      const std::string text = randomText(random);
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << kind;
    }
  }
}

TEST(Published, anAffixedTextComesBackFromByteFallback) {
  std::mt19937 random(8);
  for (const char* kind : {"llama2", "gemma", "mistral"}) {
    const Tokenizer tokenizer = Tokenizer::load(folder + kind + ".json");
    for (int i = 0; i < 1000; ++i) {
      // The mark itself decodes to a space, and a Metaspace adds none before one.
      const std::string text = "a" + randomText(random);
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << kind;
    }
  }
}

TEST(Published, aStreamDecodesAsAWholeDoes) {
  std::mt19937 random(9);
  for (const char* kind : {"bert", "gemma", "gpt2", "llama2", "mistral"}) {
    const Tokenizer tokenizer = Tokenizer::load(folder + kind + ".json");
    for (int i = 0; i < 500; ++i) {
      std::vector<std::int32_t> ids(random() % 20);
      for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random() % tokenizer.size());
      Tokenizer::Decoder decoder(tokenizer);
      std::string text;
      for (std::int32_t id : ids) {
        const std::string part = decoder.push(id);
        EXPECT_EQ(tokens::wellFormed(part), part);
        text += part;
      }
      EXPECT_EQ(text + decoder.finish(), tokenizer.decode(ids)) << kind;
    }
  }
}

TEST(Published, aFolderHasItsTokenizer) {
  EXPECT_NE(errorOf([] { Tokenizer::load(folder); }).find("tokenizer.json: open: No such file"), std::string::npos);
}

}  // namespace
}  // namespace heed::testing
