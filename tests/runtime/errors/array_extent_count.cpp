// expect: heed: give one extent per axis, or one per symbolic axis
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

Array<f32, Batch, Heads, Seq, Key> a(1, 2);
