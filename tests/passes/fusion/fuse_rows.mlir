// Reductions along one axis and what is elementwise around them are one walk along each row.
// RUN: heed-opt %s -heed-fuse-epilogue -heed-fuse-rows --split-input-file | FileCheck %s

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!w = tensor<8xf32, #heed.axes<model>>
!1 = tensor<f32>

// CHECK-LABEL: @layer_norm
// CHECK:         %[[R:.*]] = heed.rows "model"
// CHECK-NEXT:      heed.mean
// CHECK:           heed.rsqrt
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[R]]
func.func @layer_norm(%x: !x, %w: !w, %b: !w) -> !x {
  %e = heed.constant 1.0e-05 : f32 : !1
  %m = heed.mean %x {axes = ["model"]} : (!x) -> !r
  %d = heed.sub %x, %m : (!x, !r) -> !x
  %q = heed.mul %d, %d : (!x, !x) -> !x
  %v = heed.mean %q {axes = ["model"]} : (!x) -> !r
  %u = heed.add %v, %e : (!r, !1) -> !r
  %s = heed.rsqrt %u : (!r) -> !r
  %y = heed.mul %d, %s : (!x, !r) -> !x
  %z = heed.mul %y, %w : (!x, !w) -> !x
  %o = heed.add %z, %b : (!x, !w) -> !x
  return %o : !x
}

// A residual that is read later is one more result. The ops of another axis stay outside.
// CHECK-LABEL: @residual
// CHECK:         %[[R:.*]]:2 = heed.rows "model"
// CHECK-NEXT:      heed.add
// CHECK:           heed.yield
// CHECK:         heed.rows "seq"
// CHECK-NEXT:      heed.sum %[[R]]#
func.func @residual(%x: !x, %y: !x) -> (!x, !w) {
  %s = heed.add %x, %y : (!x, !x) -> !x
  %p = heed.softmax %s {axis = "model"} : (!x) -> !x
  %t = heed.sum %p {axes = ["seq"]} : (!x) -> !w
  return %s, %t : !x, !w
}

// -----

// The product waits for a contraction of the norm, which waits for the rows: it is no part of them.
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
// CHECK-LABEL: @cycle
// CHECK:         %[[R:.*]] = heed.rows "model"
// CHECK:           heed.sub
// CHECK-NEXT:      heed.yield
// CHECK:         %[[E:.*]] = heed.epilogue
// CHECK-NEXT:      heed.contract %[[R]]
// CHECK-NEXT:      heed.exp
// CHECK:         heed.mul %[[R]]
func.func @cycle(%x: !x, %w: !w) -> !x {
  %m = heed.amax %x {axes = ["model"]} : (!x) -> !r
  %d = heed.sub %x, %m : (!x, !r) -> !x
  %c = heed.contract %d, %w {axes = ["model"]} : (!x, !w) -> !h
  %e = heed.exp %c : (!h) -> !h
  %n = heed.rename %e {from = "hidden", to = "model"} : (!h) -> !x
  %o = heed.mul %d, %n : (!x, !x) -> !x
  return %o : !x
}
