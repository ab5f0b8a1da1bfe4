// Mistake: what tracing throws. In a constant evaluation the compiler shows the line of the throw, message and all.
//
// Invariant: the message is a literal that begins with "heed: ".
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <exception>

namespace heed {

class Mistake : public std::exception {
 public:
  explicit Mistake(const char* message) : message_(message) {}
  const char* what() const noexcept override { return message_; }

 private:
  const char* message_;
};

}  // namespace heed
