// expect: heed: nn::Rotary<Depth>: Depth needs a static, even extent
#include "axes.h"

struct Odd : axis<"odd", 7> {};
struct Net {
  nn::Rotary<Odd> rope;
  constexpr auto operator()(Tensor<f32, Seq, Odd> x) const { return rope(x, position<Seq>()); }
};
constexpr auto g = trace(Net{}, "x");
