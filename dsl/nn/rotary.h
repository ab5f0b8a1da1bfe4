// Rotary positions: pairs of a query's or key's coordinates turn with the position, so that their product knows only
// how far apart they are (Su et al., RoFormer, arXiv:2104.09864, equation 34).
//
// Invariant: rope(x, position) has the axes of x, and pair n turns by position * base^(-2n/d), scaled.
// Read tests/nn/rotary_test.cpp.
#pragma once

#include "heed/dsl/nn/angle.h"
#include "heed/dsl/nn/pairing.h"
#include "heed/dsl/words/take.h"

namespace heed::nn {

struct Unscaled {
  constexpr double base(double b, double) const { return b; }
  constexpr double slower() const { return 1; }
  constexpr auto operator()(const auto& turns) const { return turns; }
};

/// Position interpolation: positions divided by `factor` (Chen et al., arXiv:2306.15595, equation 4).
struct LinearScaling {
  double factor = 1;
  constexpr double base(double b, double) const { return b; }
  constexpr double slower() const { return factor; }
  constexpr auto operator()(const auto& turns) const { return turns; }
};

/// NTK-aware: base * factor^(d/(d-2)), so that the fastest pair stays and the slowest is interpolated (Peng et al.,
/// YaRN, arXiv:2309.00071, definition 1).
struct NtkScaling {
  double factor = 1;
  constexpr double base(double b, double d) const { return b * lang::power(factor, d / (d - 2)); }
  constexpr double slower() const { return 1; }
  constexpr auto operator()(const auto& turns) const { return turns; }
};

/// Llama 3.1: a pair that turns more than `high` times over the original length stays, one that turns less than `low`
/// times is slowed by `factor`, between them both are mixed (Grattafiori et al., arXiv:2407.21783; its reference code).
struct Llama3Scaling {
  double factor = 8, low = 1, high = 4, length = 8192;
  constexpr double base(double b, double) const { return b; }
  constexpr double slower() const { return 1; }
  constexpr auto operator()(const auto& turns) const {
    auto keep = min(max((cast<f32>(turns) * (length * 0x1p-32) - low) / (high - low), 0), 1);
    auto slowed = cast<i32>(floor(cast<f32>(turns) * (keep + (1 - keep) / factor) + 0.5));
    return where(keep < 1, slowed, turns);  // f32 is enough for what is slow
  }
};

template <class Depth, template <class> class Pairing = HalfSplit, class Scaling = Unscaled>
struct Rotary {
  double base = 10000;
  Scaling scaling{};

  /// x: queries or keys, before they meet. position: position<Seq>(), or an i32 tensor.
  template <lang::AnyTensor X, lang::Shaped P>
  constexpr auto operator()(const X& x, const P& position, tape::Place place = lang::caller()) const {
    constexpr bool even = Depth::extent > 0 && Depth::extent % 2 == 0;
    constexpr bool hasDepth = lang::has<Depth, lang::AxesOf<X>>;
    constexpr bool placed = lang::subset<lang::AxesOf<P>, lang::AxesOf<X>>;
    static_assert(even, "heed: nn::Rotary<Depth>: Depth needs a static, even extent");
    static_assert(hasDepth, "heed: nn::Rotary<Depth>(x, position): x has no axis Depth");
    static_assert(placed, "heed: nn::Rotary<Depth>(x, position): position has an axis that x does not have");
    if constexpr (even && hasDepth && placed) {
      lang::UserLine line(x.tape, place);
      if (!(scaling.slower() > 0)) throw Mistake("heed: nn::Rotary: the factor of its scaling is above 0");
      using Pairs = Pairing<Depth>;
      using D = lang::ElementOf<X>;
      constexpr double d = double(Depth::extent);
      auto i = lang::bind(x.tape, index<Depth>());
      auto turns = scaling(lang::geometricTurns(Pairs::pair(i), int(d / 2), 1 / (2 * lang::pi * scaling.slower()),
                                                lang::power(scaling.base(base, d), -2 / d)));
      auto angle = lang::radians(along<Depth>(lang::bind(x.tape, position)) * turns);
      X partner = take<Depth>(x, Pairs::partner(i));
      return X(x * cast<D>(cos(angle)) + partner * cast<D>(where(Pairs::isFirst(i), -sin(angle), sin(angle))));
    } else {
      return lang::Fault{};
    }
  }
};

}  // namespace heed::nn
