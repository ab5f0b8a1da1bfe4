#include "report.h"

#include <cstdarg>
#include <cstdio>

#include "llvm/Support/raw_ostream.h"

namespace heed::bench {

void Report::add(std::string key, llvm::json::Value value, std::string text) {
  if (!text.empty()) texts_.push_back(std::move(text));
  fields_[key] = std::move(value);
}

void Report::add(const Fields& fields) {
  std::string text;
  for (const auto& [key, value] : fields) {
    llvm::raw_string_ostream out(text);
    out << (text.empty() ? "" : " ") << key << '=';
    if (auto string = value.getAsString())
      out << *string;
    else
      out << value;
    fields_[key] = value;
  }
  texts_.push_back(std::move(text));
}

std::string Report::json() const {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(llvm::json::Object(fields_));
  return text;
}

std::string Report::text() const {
  std::string all;
  for (const std::string& text : texts_) all += (all.empty() ? "" : "  ") + text;
  return all;
}

std::string format(const char* how, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, how);
  std::vsnprintf(text, sizeof text, how, arguments);
  va_end(arguments);
  return text;
}

}  // namespace heed::bench
