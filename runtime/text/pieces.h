// A text in pieces, without an allocation for each.
//
// Invariant: no piece is empty.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::tokens {

class Pieces {
 public:
  void add(std::string_view piece) {
    text_ += piece;
    close();
  }
  /// For a piece that is made in place: what was appended to text() becomes one.
  std::string& text() { return text_; }
  void close() {
    if (text_.size() > (ends_.empty() ? 0 : ends_.back())) ends_.push_back(text_.size());
  }

  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace heed::tokens
