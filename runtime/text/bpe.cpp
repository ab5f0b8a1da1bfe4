// Byte-pair encoding: of all neighbours, the pair of lowest rank becomes one symbol, the leftmost first, until none
// can.
//
// Invariant: a candidate in the heap is good while the pair at its place has its rank; each merge adds two at most.
// Read tests/runtime/text/model_test.cpp.
#include <algorithm>
#include <array>
#include <functional>
#include <queue>

#include "heed/runtime/text/model.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

constexpr std::int32_t none = -1;

/// Which pairs merge, by left and then right id.
class Merges {
 public:
  struct Merge {
    std::int32_t left, right, rank, whole;
  };

  explicit Merges(std::vector<Merge> merges = {}) : merges_(std::move(merges)) {
    std::sort(merges_.begin(), merges_.end(), before);
  }
  /// Null if the pair does not merge.
  const Merge* find(std::int32_t left, std::int32_t right) const {
    const Merge pair{left, right, 0, 0};
    const auto found = std::lower_bound(merges_.begin(), merges_.end(), pair, before);
    return found != merges_.end() && !before(pair, *found) ? &*found : nullptr;
  }
  /// A pair that merges in two ways; null if there is none.
  const Merge* twice() const {
    const auto found =
        std::adjacent_find(merges_.begin(), merges_.end(), [](auto& l, auto& r) { return !before(l, r); });
    return found == merges_.end() ? nullptr : &*found;
  }

 private:
  static bool before(const Merge& l, const Merge& r) { return l.left != r.left ? l.left < r.left : l.right < r.right; }

  std::vector<Merge> merges_;
};

struct Options {
  std::int32_t unknown = none;  // none: a character that is no token is left out
  bool fuse_unknown = false;    // several in a row are one
  bool ignore_merges = false;   // a piece that is a token is that token, whatever the merges would make of it
  std::array<std::int32_t, 256>
      bytes;  // the tokens of bytes, for characters that are none; `none` if there are not all
};

class Bpe : public Model {
 public:
  Bpe(Vocabulary vocabulary, Merges merges, Options options)
      : Model(std::move(vocabulary)), merges_(std::move(merges)), options_(options) {}

  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const override {
    if (options_.ignore_merges)
      if (const auto id = vocabulary().find(piece)) return ids.push_back(*id);
    std::vector<Symbol> symbols = split(piece);
    merge(symbols);
    for (std::int32_t i = symbols.empty() ? none : 0; i != none; i = symbols[i].next) ids.push_back(symbols[i].id);
  }

 private:
  struct Symbol {
    std::int32_t id, previous, next;
    std::int32_t rank = none, whole = none;  // of the pair that begins here
  };

  std::vector<Symbol> split(std::string_view piece) const {
    std::vector<Symbol> symbols;
    bool was_unknown = false;
    const auto add = [&](std::int32_t id) {
      const auto i = static_cast<std::int32_t>(symbols.size());
      symbols.push_back({id, i - 1, i + 1});
    };
    for (std::size_t begin = 0, end = 0; begin < piece.size(); begin = end) {
      next(piece, end);
      const std::string_view character = piece.substr(begin, end - begin);
      const auto id = vocabulary().find(character);
      const bool unknown = !id && options_.bytes[0] == none;
      if (id)
        add(*id);
      else if (!unknown)
        for (char byte : character) add(options_.bytes[static_cast<unsigned char>(byte)]);
      else if (options_.unknown != none && !(was_unknown && options_.fuse_unknown))
        add(options_.unknown);
      was_unknown = unknown;
    }
    if (!symbols.empty()) symbols.back().next = none;
    return symbols;
  }

  void merge(std::vector<Symbol>& symbols) const {
    // Rank above place, so that the least is the leftmost pair of lowest rank.
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> candidates;
    const auto consider = [&](std::int32_t i) {
      if (i == none) return;
      Symbol& left = symbols[i];
      const Merges::Merge* merge = left.next == none ? nullptr : merges_.find(left.id, symbols[left.next].id);
      left.rank = merge ? merge->rank : none;
      if (!merge) return;
      left.whole = merge->whole;
      candidates.push(static_cast<std::uint64_t>(merge->rank) << 32 | static_cast<std::uint32_t>(i));
    };
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(symbols.size()); ++i) consider(i);
    while (!candidates.empty()) {
      const auto i = static_cast<std::int32_t>(candidates.top() & 0xffffffff);
      const auto rank = static_cast<std::int32_t>(candidates.top() >> 32);
      candidates.pop();
      Symbol& left = symbols[i];
      if (left.rank != rank) continue;
      Symbol& right = symbols[left.next];
      right.rank = none;
      left.id = left.whole;
      left.next = right.next;
      if (left.next != none) symbols[left.next].previous = i;
      consider(i);
      consider(left.previous);
    }
  }

  Merges merges_;
  Options options_;
};

std::string mergeOf(const File& file, std::size_t rank) {
  return "merge " + std::to_string(rank) + ", " + shown(file.merges[rank].first) + " " +
         shown(file.merges[rank].second) + ",";
}

Merges readMerges(const File& file, const Vocabulary& vocabulary, const Fields& fields) {
  std::vector<Merges::Merge> merges;
  merges.reserve(file.merges.size());
  for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
    const auto& [left, right] = file.merges[rank];
    const auto id = [&](const std::string& token) {
      const auto found = vocabulary.find(token);
      if (!found) fields.fail(mergeOf(file, rank) + " needs " + shown(token), "it must be in the vocabulary");
      return *found;
    };
    merges.push_back({id(left), id(right), static_cast<std::int32_t>(rank), id(left + right)});
  }
  Merges table(std::move(merges));
  if (const Merges::Merge* twice = table.twice())
    fields.fail(mergeOf(file, twice->rank) + " comes twice", "a pair has one rank");
  return table;
}

std::array<std::int32_t, 256> byteTokens(const Vocabulary& vocabulary, const Fields& fields) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::array<std::int32_t, 256> tokens;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string token = {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
    const auto id = vocabulary.find(token);
    if (!id) fields.fail("byte_fallback needs " + shown(token), "all 256 bytes must be in the vocabulary");
    tokens[byte] = *id;
  }
  return tokens;
}

}  // namespace

std::unique_ptr<Model> readBpe(const std::string& name, const File& file, Fields& fields) {
  Vocabulary vocabulary(name, file.vocab);
  Options options;
  const std::string unknown = fields.text("unk_token", "");
  if (!unknown.empty()) {
    const auto id = vocabulary.find(unknown);
    if (!id) fields.fail("unk_token is " + shown(unknown), "it must be in the vocabulary");
    options.unknown = *id;
  }
  options.fuse_unknown = fields.flag("fuse_unk", false);
  options.ignore_merges = fields.flag("ignore_merges", false);
  options.bytes.fill(none);
  if (fields.flag("byte_fallback", false)) options.bytes = byteTokens(vocabulary, fields);
  if (const Value* dropout = fields.find("dropout"); dropout && dropout->text != "0" && dropout->text != "0.0")
    fields.fail("dropout is " + dropout->shown(), "null is required: the same text must give the same ids",
                "set it to null; it is for training");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const std::string text = fields.text(affix, ""); !text.empty())
      fields.fail(std::string(affix) + " is " + shown(text), "BPE is known without one", "take another model");
  fields.list("merges");
  fields.done();
  Merges merges = readMerges(file, vocabulary, fields);
  return std::make_unique<Bpe>(std::move(vocabulary), std::move(merges), options);
}

}  // namespace heed::tokens
