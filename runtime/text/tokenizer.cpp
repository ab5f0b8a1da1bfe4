// The way of a text: added tokens, normal form, pieces, model, frame; and back.
//
// Invariant: the parts are read in the order in which they need one another, and none is left unread.
// Read tests/runtime/text/tokenizer_test.cpp.
#include "heed/runtime/text/tokenizer.h"

#include <algorithm>
#include <filesystem>

#include "heed/runtime/error.h"
#include "heed/runtime/text/added.h"
#include "heed/runtime/text/decoding.h"
#include "heed/runtime/text/frame.h"
#include "heed/runtime/text/model.h"
#include "heed/runtime/text/normalize.h"
#include "heed/runtime/text/split.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/mapping.h"

namespace heed {

using namespace tokens;

namespace {

constexpr std::size_t most_text = 1 << 28;

}  // namespace

struct Tokenizer::Parts {
  Normalizer normalize;
  Splitter split;
  std::unique_ptr<Model> model;
  AddedTokens added;
  Frame frame;
  Decoding decoding;

  Parts(const std::string& name, const File& file) : Parts(name, file, Fields(name, "", file.tree)) {}
  Parts(const std::string& name, const File& file, Fields fields)
      : normalize(Normalizer::read(fields)),
        split(Splitter::read(fields)),
        model(readModel(name, file, fields.object("model"))),
        added(name, fields, model->vocabulary(), normalize),
        frame(Frame::read(fields, size())),
        decoding(Decoding::read(fields)) {
    for (const char* key : {"version", "truncation", "padding"}) fields.find(key);
    fields.done();
  }

  std::int32_t size() const { return std::max(model->vocabulary().size(), added.size()); }

  void encode(std::string_view text, bool trusted, std::vector<std::int32_t>& ids) const {
    const auto onToken = [&](std::int32_t id) { ids.push_back(id); };
    const auto onRaw = [&](std::string_view raw, std::size_t begin) {
      const auto onPlain = [&](std::string_view plain, std::size_t at) {
        const Pieces pieces = split(plain, begin == 0 && at == 0);
        for (std::size_t i = 0; i < pieces.size(); ++i) model->encode(pieces[i], ids);
      };
      added.find(normalize(std::string(raw)), true, trusted, onPlain, onToken);
    };
    added.find(text, false, trusted, onRaw, onToken);
  }
};

Tokenizer Tokenizer::parse(const std::string& name, std::string_view json) {
  return Tokenizer(std::make_shared<const Parts>(name, readFile(name, json)));
}

Tokenizer Tokenizer::load(const std::string& given) {
  std::error_code none;
  std::filesystem::path path = given;
  if (std::filesystem::is_directory(path, none)) path /= "tokenizer.json";
  const MappedFile file = mapFile(path);
  return parse(path, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (text.size() > most_text)
    throw Error("encode", "the text has " + std::to_string(text.size()) + " bytes",
                "at most " + std::to_string(most_text) + " are encoded at once", "encode it in parts");
  static const Frame nothing;
  const Frame& frame = options.special ? parts_->frame : nothing;
  const std::size_t around = frame.before.size() + frame.after.size();
  if (options.most < around)
    throw Error("encode", "at most " + std::to_string(options.most) + " ids",
                "those around a text take " + std::to_string(around), "allow more, or {.special = false}");
  std::vector<std::int32_t> ids = frame.before;
  parts_->encode(wellFormed(text), options.trusted, ids);
  ids.resize(std::min(ids.size(), options.most - frame.after.size()));
  ids.insert(ids.end(), frame.after.begin(), frame.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, const DecodeOptions& options) const {
  Decoder decoder(*this, options);
  std::string text;
  for (std::int32_t id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

std::optional<std::int32_t> Tokenizer::id(std::string_view token) const {
  if (const AddedToken* added = parts_->added.at(token)) return added->id;
  return parts_->model->vocabulary().find(token);
}

std::optional<std::string_view> Tokenizer::token(std::int32_t id) const {
  if (const AddedToken* added = parts_->added.at(id)) return added->text;
  return parts_->model->vocabulary().token(id);
}

std::int32_t Tokenizer::size() const { return parts_->size(); }

std::string Tokenizer::Decoder::push(std::int32_t id) {
  const Parts& parts = *tokenizer_.parts_;
  const auto token = tokenizer_.token(id);
  if (!token)
    throw Error("decode", "id " + std::to_string(id),
                "ids of this tokenizer are from 0 to " + std::to_string(tokenizer_.size() - 1),
                "are the ids those of its model?");
  const AddedToken* added = parts.added.at(id);
  if (added && added->special && !options_.special) return {};
  held_ += parts.decoding(*token, added, first_);
  first_ = false;
  // What the text begins with is left out while it may still come.
  while (!begun_ && stripped_ < parts.decoding.strip && held_.starts_with(parts.decoding.stripped)) {
    held_.erase(0, parts.decoding.stripped.size());
    ++stripped_;
  }
  if (!held_.empty()) begun_ = true;
  const std::size_t length = completeLength(held_);
  std::string text = wellFormed(std::string_view(held_).substr(0, length));
  held_.erase(0, length);
  return text;
}

std::string Tokenizer::Decoder::finish() {
  std::string text = wellFormed(held_);
  held_.clear();
  stripped_ = 0;
  first_ = true;
  begun_ = false;
  return text;
}

}  // namespace heed
