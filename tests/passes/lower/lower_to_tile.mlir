// RUN: heed-opt %s --split-input-file --heed-lower-to-tile | FileCheck %s

// Inputs, then parameters, then results; axes are gone, the innermost stride is 1.
// CHECK-LABEL: func.func @signature
// CHECK-SAME: memref<?x8xf32, strided<[?, 1], offset: ?>> {heed.name = "x"}
// CHECK-SAME: memref<8xf32, strided<[1], offset: ?>> {heed.name = "w", heed.parameter, tile.constant}
// CHECK-SAME: memref<?x8xf32, strided<[?, 1], offset: ?>> {heed.name = "y", heed.result}
// CHECK: linalg.generic
// CHECK-NOT: memref.alloc
// CHECK: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8xf32, #heed.axes<model>>
func.func @signature(%x: !x {heed.name = "x"}, %w: !w {heed.name = "w", heed.parameter}) -> (!x {heed.name = "y"}) {
  %y = heed.mul %x, %w : (!x, !w) -> !x
  return %y : !x
}

// -----

// A chain of pointwise ops is one loop without buffers in between, and so is the reduction that ends it.
// CHECK-LABEL: func.func @chain
// CHECK: tile.rows
// CHECK: arith.mulf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
// CHECK: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!s = tensor<?xf32, #heed.axes<seq:T>>
func.func @chain(%x: !x) -> !s {
  %0 = heed.mul %x, %x : (!x, !x) -> !x
  %1 = heed.exp %0 : (!x) -> !x
  %2 = heed.sum %1 {axes = ["model"]} : (!x) -> !s
  return %2 : !s
}

// -----

// exp has fewer axes than its user: inside of the loop it would be computed 8 times.
// CHECK-LABEL: func.func @narrow
// CHECK: %[[E:.*]] = memref.alloc
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK-NOT: math.exp
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!s = tensor<?xf32, #heed.axes<seq:T>>
func.func @narrow(%x: !x, %s: !s) -> !x {
  %0 = heed.exp %s : (!s) -> !s
  %1 = heed.mul %x, %0 : (!x, !s) -> !x
  return %1 : !x
}

// -----

// Layout is a matter of maps: no copy for rename, permute, along and split.
// CHECK-LABEL: func.func @views
// CHECK: memref.expand_shape
// CHECK-NOT: memref.alloc
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!h = tensor<?x2x4xf32, #heed.axes<seq:T, heads, depth>>
!p = tensor<2x?x4xf32, #heed.axes<heads, key:T, depth>>
!a = tensor<?x2x?x4xf32, #heed.axes<seq:T, heads, key:T, depth>>
func.func @views(%x: !x) -> !a {
  %0 = heed.split %x {axis = "model", parts = ["heads", "depth"]} : (!x) -> !h
  %1 = heed.rename %0 {from = "seq", to = "key"} : (!h) -> tensor<?x2x4xf32, #heed.axes<key:T, heads, depth>>
  %2 = heed.permute %1 : (tensor<?x2x4xf32, #heed.axes<key:T, heads, depth>>) -> !p
  %3 = heed.along %2 {axis = "seq"} : (!p) -> !a
  %4 = heed.exp %3 : (!a) -> !a
  return %4 : !a
}

// -----

// A part beside parts of 1 is as long as the whole, and computes no extent of its own.
// CHECK-LABEL: func.func @ones
// CHECK-NOT: arith.divui
// CHECK-NOT: arith.muli
// CHECK: return
!a = tensor<?xf32, #heed.axes<a:A>>
!o = tensor<1x?xf32, #heed.axes<one, b:A>>
func.func @ones(%x: !a) -> !a {
  %0 = heed.split %x {axis = "a", parts = ["one", "b"]} : (!a) -> !o
  %1 = heed.exp %0 : (!o) -> !o
  %2 = heed.merge %1 {parts = ["one", "b"], axis = "a"} : (!o) -> !a
  return %2 : !a
}

// -----

// CHECK: #[[L:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK: #[[R:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK: #[[O:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @contract
// CHECK: tile.contract
// CHECK-SAME: indexing_maps = [#[[L]], #[[R]], #[[O]]]
// CHECK-SAME: roles = ["outer", "row", "column", "depth"]
!q = tensor<8x?x64xf32, #heed.axes<heads, seq:T, depth>>
!k = tensor<8x?x64xf32, #heed.axes<heads, key:T, depth>>
!s = tensor<8x?x?xf32, #heed.axes<heads, seq:T, key:T>>
func.func @contract(%q: !q, %k: !k) -> !s {
  %0 = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  return %0 : !s
}

// A repeated block is lowered once, into a loop; its parameters come from lists, its carry changes between two buffers.
// CHECK-LABEL: func.func @repeat
// CHECK-SAME: %{{.*}}: !tile.list<2 of memref<4xf32, {{.*}}>>, %{{.*}}: memref<?x4xf32, {{.*}}> {heed.result}
// CHECK: scf.for %[[COPY:.*]] = {{.*}} iter_args(%[[IN:.*]] = {{.*}}, %[[OUT:.*]] = {{.*}})
// CHECK: tile.item %{{.*}}[%[[COPY]]]
// CHECK: linalg.generic {{.*}} ins(%[[IN]], {{.*}} outs(%[[OUT]]
// CHECK: scf.yield %[[OUT]], %[[IN]]
func.func @repeat(%x: tensor<?x4xf32, #heed.axes<seq:T, model>>, %a: tensor<4xf32, #heed.axes<model>>, %b: tensor<4xf32, #heed.axes<model>>) -> tensor<?x4xf32, #heed.axes<seq:T, model>> {
  %0 = heed.repeat 2 carries(%x : tensor<?x4xf32, #heed.axes<seq:T, model>>) parameters(%a, %b : tensor<4xf32, #heed.axes<model>>, tensor<4xf32, #heed.axes<model>>) -> (tensor<?x4xf32, #heed.axes<seq:T, model>>) {
  ^bb0(%y: tensor<?x4xf32, #heed.axes<seq:T, model>>, %w: tensor<4xf32, #heed.axes<model>>):
    %1 = heed.mul %y, %w : (tensor<?x4xf32, #heed.axes<seq:T, model>>, tensor<4xf32, #heed.axes<model>>) -> tensor<?x4xf32, #heed.axes<seq:T, model>>
    heed.yield %1 : tensor<?x4xf32, #heed.axes<seq:T, model>>
  }
  return %0 : tensor<?x4xf32, #heed.axes<seq:T, model>>
}
