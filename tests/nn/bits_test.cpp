// Products of words, bit by bit against 64-bit arithmetic.
#include "heed/dsl/nn/bits.h"

#include <gtest/gtest.h>

#include "axes.h"

namespace heed::test {
namespace {

using Words = Tensor<i32, Seq>;

std::uint32_t bits(double x) { return std::uint32_t(std::int64_t(x)); }
double asWord(std::uint64_t x) { return std::int32_t(std::uint32_t(x)); }

constexpr Words spread(Words x) { return x * lang::asWord(0x9E3779B9u); }  // all 32 bits of small numbers
constexpr auto products(Words x, Words y) {
  lang::UserLine line(x.tape, lang::caller());
  Words a = spread(x), b = spread(y);
  return results(lang::mulHigh(a, b), Words(a * b), lang::mulHigh(a, 0xD2511F53u), Words(a ^ b));
}

TEST(Bits, ProductsOfWords) {
  static constexpr auto g = trace<products>("x", "y");
  expectMeaning(g, sizes,
                [](const Given& in) {
                  std::vector<Values> out(4, in["x"]);
                  for (int i = 0; i < in["x"].extent(0); ++i) {
                    std::uint64_t a = bits(in["x"](i)) * 0x9E3779B9u, b = bits(in["y"](i)) * 0x9E3779B9u;
                    out[0](i) = asWord(a * b >> 32);
                    out[1](i) = asWord(a * b);
                    out[2](i) = asWord(a * 0xD2511F53u >> 32);
                    out[3](i) = asWord(a ^ b);
                  }
                  return out;
                },
                {.tolerance = 0});
}

}  // namespace
}  // namespace heed::test
