// What a run says, as text or as one JSON object on one line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "llvm/Support/JSON.h"

namespace heed::bench {

using Fields = std::vector<std::pair<std::string, llvm::json::Value>>;

class Report {
 public:
  /// A field of the JSON object; where `text` is not empty, it is what a reader is shown.
  void add(std::string key, llvm::json::Value value, std::string text = {});
  /// The same for several, a reader is shown as key=value.
  void add(const Fields& fields);

  std::string json() const;
  std::string text() const;

 private:
  llvm::json::Object fields_;
  std::vector<std::string> texts_;
};

/// printf into a string.
std::string format(const char* how, ...) __attribute__((format(printf, 1, 2)));

}  // namespace heed::bench
