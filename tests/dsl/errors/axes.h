// The axes that the wrong programs share.
#pragma once

#include "heed/dsl/dsl.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Other : axis<"other"> {};
struct Heads : axis<"heads", 8> {};
struct Depth : axis<"depth", 64> {};
struct Model : axis<"model", 512> {};
struct Hidden : axis<"hidden", 128> {};
struct Vocab : axis<"vocab", 1000> {};
