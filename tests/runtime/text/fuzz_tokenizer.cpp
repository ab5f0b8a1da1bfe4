// libFuzzer target: any bytes are a tokenizer.json or an error, and a tokenizer encodes and decodes any text.
//
// Invariant: nothing but heed::Error leaves it; ids are below size(); a stream decodes as a whole does.
// Build with -DHEED_FUZZ=ON; run bin/fuzz_tokenizer -max_len=8192 corpus/, begun with fixtures/.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "heed/runtime/error.h"
#include "heed/runtime/text/tokenizer.h"

namespace {

using namespace heed;

void require(bool law) {
  if (!law) std::abort();
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  for (bool flag : {false, true}) {
    const auto ids = tokenizer.encode(text, {.special = flag, .trusted = flag});
    Tokenizer::Decoder decoder(tokenizer, {.special = flag});
    std::string streamed;
    for (std::int32_t id : ids) {
      require(id >= 0 && id < tokenizer.size());
      // A frame may have ids of no token; the text's own are tokens.
      if (tokenizer.token(id))
        streamed += decoder.push(id);
      else
        return;
    }
    require(streamed + decoder.finish() == tokenizer.decode(ids, {.special = flag}));
  }
}

}  // namespace

/// The input is a file, and behind a newline a text to encode.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* end = size ? static_cast<const std::uint8_t*>(std::memchr(data, '\n', size)) : nullptr;
  const std::size_t length = end ? end - data : size;
  // Memory of exactly this size, for the sanitizer to guard.
  const std::string file(reinterpret_cast<const char*>(data), length);
  const std::string text =
      end ? std::string(reinterpret_cast<const char*>(end) + 1, size - length - 1) : "a 漢\xff <s>";
  try {
    use(Tokenizer::parse("fuzz", file), text);
  } catch (const Error&) {
  }
  return 0;
}
