// expect: heed: softmax<Axis>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

auto run(Array<f32, Seq, Model>& x, Array<f32, Seq, Model>& y) { return softmax<Model>(x); }
