// The graph as Hana types, and modules as Hana structs.
#include <gtest/gtest.h>

#include <boost/hana/at_key.hpp>
#include <boost/hana/count_if.hpp>
#include <boost/hana/equal.hpp>
#include <boost/hana/filter.hpp>
#include <boost/hana/front.hpp>
#include <boost/hana/keys.hpp>
#include <boost/hana/size.hpp>

#include "heed/dsl/hana_struct.h"
#include "model.h"

namespace heed::test {
namespace {

namespace hana = boost::hana;

constexpr auto f(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k, Tensor<f32, Key, Depth> v) {
  return contract<Key>(softmax<Key>(contract<Depth>(q, k)), v);
}
constexpr auto graph = trace<f>("q", "k", "v");

static_assert(hana::size(typed<graph>) == hana::size_c<7>);
static_assert(hana::count_if(typed<graph>, is<op::contract>) == hana::size_c<2>);

// A question to the graph that the C++ compiler answers: does softmax read a contraction, and a contraction softmax?
using Softmax = decltype(+hana::front(hana::filter(typed<graph>, is<op::softmax>)))::type;
static_assert(Softmax::operands == hana::make_tuple(hana::size_c<3>));
static_assert(decltype(+typed<graph>[hana::size_c<3>])::type::op == op::contract);
static_assert(decltype(+typed<graph>[hana::size_c<5>])::type::operands ==
              hana::make_tuple(hana::size_c<Softmax::position>, hana::size_c<2>));

struct Layer {
  nn::LayerNorm<Model> norm{};
  nn::Linear<Model, Hidden> up{};
  int window = 128;
};
static_assert(hana::Struct<Layer>::value);
static_assert(hana::keys(Layer{}) ==
              hana::make_tuple(BOOST_HANA_STRING("norm"), BOOST_HANA_STRING("up"), BOOST_HANA_STRING("window")));

TEST(Typed, ReadsAndWritesFieldsByKey) {
  Layer layer;
  hana::at_key(layer, BOOST_HANA_STRING("window")) = 64;
  EXPECT_EQ(layer.window, 64);
}

}  // namespace
}  // namespace heed::test
