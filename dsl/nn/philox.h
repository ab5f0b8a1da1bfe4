// Philox4x32-10: 128 random bits that are a function of a counter and a key (Salmon et al., Parallel Random Numbers: As
// Easy as 1, 2, 3, SC 2011, section 3.3). No state, so any order and any number of threads gives the same numbers.
//
// Invariant: equal to the published test vectors, bit by bit, on every target.
// Read tests/nn/dropout_test.cpp.
#pragma once

#include "heed/dsl/nn/bits.h"

namespace heed::lang {

template <class T>
struct PhiloxCounter {
  T word[4];
};

/// Seed: an i32 tensor whose axes are among T's.
template <AnyTensor T, AnyTensor Seed>
constexpr PhiloxCounter<T> philox(PhiloxCounter<T> counter, const Seed& seed, std::uint32_t stream) {
  auto& [a, b, c, d] = counter.word;
  std::uint32_t weyl = 0;
  for (int round = 0; round < 10; ++round, weyl += 0x9E3779B9, stream += 0xBB67AE85) {
    T highA = mulHigh(a, 0xD2511F53u), lowA = a * asWord(0xD2511F53);
    T highC = mulHigh(c, 0xCD9E8D57u), lowC = c * asWord(0xCD9E8D57);
    a = highC ^ b ^ (seed + asWord(weyl));
    b = lowC;
    c = highA ^ d ^ asWord(stream);
    d = lowA;
  }
  return counter;
}

}  // namespace heed::lang
