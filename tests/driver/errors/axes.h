// The axes that the wrong programs share, and the header that a user includes.
#pragma once

#include "heed/heed.h"

using namespace heed;

struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};
struct Depth : axis<"depth", 64> {};
struct Model : axis<"model", 512> {};
