// The axes that the tests of the layers share: small, and no powers of two where that could hide a mistake.
#pragma once

#include "check.h"
#include "heed/dsl/dsl.h"

namespace heed::test {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Mem : axis<"mem"> {};
struct Heads : axis<"heads", 3> {};
struct Depth : axis<"depth", 8> {};
struct Model : axis<"model", 24> {};
struct Hidden : axis<"hidden", 40> {};
struct Vocab : axis<"vocab", 29> {};
struct Classes : axis<"classes", 5> {};

using X = Tensor<f32, Batch, Seq, Model>;

/// Batches and lengths of two sorts: few of everything, and more than one tile.
inline const std::vector<Extents> sizes{{{"batch", 1}, {"seq", 3}, {"mem", 4}},
                                        {{"batch", 2}, {"seq", 37}, {"mem", 21}}};

}  // namespace heed::test
