// RUN: heed-opt %s --heed-lower-to-tile | FileCheck %s

// The depth of q and k and the depth of v are two axes, and so two dims.
// CHECK-DAG: #[[Q:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3)>
// CHECK-DAG: #[[V:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d4)>
// CHECK-DAG: #[[O:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>
// CHECK-LABEL: func.func @causal
// CHECK: "tile.attention"
// CHECK-DAG: indexing_maps = [#[[Q]], #[[K]], #[[V]], #[[O]]]
// CHECK-DAG: roles = ["outer", "row", "key", "depth", "value"]
// CHECK: tile.index
// CHECK-SAME: 1
// CHECK: tile.index
// CHECK-SAME: 2
// CHECK: arith.cmpi sle
// CHECK-NOT: heed.
!q = tensor<8x?x64xf32, #heed.axes<heads, seq:T, depth>>
!k = tensor<8x?x64xf32, #heed.axes<heads, key:T, depth>>
func.func @causal(%q: !q, %k: !k, %v: !k) -> !q {
  %o = heed.attention row("seq") key("key") similar(%q, %k : !q, !k) value(%v : !k)
      {similarity = array<i64: 0, 0>, contracted = [["depth"]]} -> !q
    bodies {
    ^bb0(%a: f32, %b: f32):
      %x = heed.mul %a, %b : (f32, f32) -> f32
      heed.yield %x : f32
    } post {
    ^bb0(%s: f32):
      heed.yield %s : f32
    } keep {
      %i = heed.index "seq" : i32
      %j = heed.index "key" : i32
      %m = heed.le %j, %i : (i32, i32) -> i1
      heed.yield %m : i1
    }
  return %o : !q
}
