// Tokenisers: text to the ids a model reads, and its ids back to text.
//
//   const Tokenizer tokenizer = Tokenizer::load("gpt2/tokenizer.json");   // or the folder
//   std::vector<std::int32_t> ids = tokenizer.encode("Attention is all you need.");
//   std::string text = tokenizer.decode(ids);
//   Tokenizer::Decoder decoder(tokenizer);                                // a stream, token by token
//   std::cout << decoder.push(id) << std::flush;
//
// Invariant: a Tokenizer never changes once it is loaded: copies share it, any number of threads use it.
// Read tests/runtime/text/tokenizer_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

struct EncodeOptions {
  /// Put the special tokens around the text that the model expects, as [CLS] and [SEP].
  bool special = true;
  /// A special token that is spelled out in the text is that token. False: it is text like any other, for text that
  /// comes from a stranger.
  bool trusted = true;
  /// At most so many ids; the text's last ones are left out, not those around it.
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

struct DecodeOptions {
  /// Show special tokens, as they are spelled.
  bool special = false;
};

class Tokenizer {
 public:
  class Decoder;

  /// Reads a tokenizer.json, the published format of Hugging Face's tokenizers, or a folder that has one: byte-level
  /// BPE (GPT-2, Llama 3, Qwen), BPE with byte fallback (Llama 2, Mistral, Gemma) and WordPiece (BERT, MiniLM). Its
  /// truncation and padding are left to the caller. Throws heed::Error naming the file for whatever is not known, since
  /// it could change every id; the file may be hostile.
  static Tokenizer load(const std::string& path);
  /// The same for a file in memory, which messages call `name`.
  static Tokenizer parse(const std::string& name, std::string_view json);

  /// The ids of a text, at most 2^28 bytes. What of it is not UTF-8 is read as U+FFFD; a character that the model can
  /// not say is its unknown token, or nothing if it has none.
  std::vector<std::int32_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// The text of ids. Bytes that are not UTF-8 become U+FFFD. Throws heed::Error for an id that is of no token.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const;

  /// The id of a token as the vocabulary spells it, or null.
  std::optional<std::int32_t> id(std::string_view token) const;
  /// The token as the vocabulary spells it, or null.
  std::optional<std::string_view> token(std::int32_t id) const;
  /// One more than the largest id; ids need not be dense.
  std::int32_t size() const;

 private:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

/// Decodes a stream. What push() gives, one after the other, and then finish(), is what decode() gives for all ids.
class Tokenizer::Decoder {
 public:
  explicit Decoder(Tokenizer tokenizer, const DecodeOptions& options = {})
      : tokenizer_(std::move(tokenizer)), options_(options) {}

  /// The text that is complete with this token: a character whose last bytes are still to come is held back. Throws
  /// heed::Error for an id that is of no token, and is as it was.
  std::string push(std::int32_t id);
  /// What was held back, as U+FFFD; the next token begins a new text.
  std::string finish();

 private:
  Tokenizer tokenizer_;
  DecodeOptions options_;
  std::string held_;
  std::size_t stripped_ = 0;
  bool first_ = true, begun_ = false;
};

}  // namespace heed
