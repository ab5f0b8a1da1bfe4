// Constants fold, and ops that compute nothing go.
// RUN: heed-opt %s -heed-canonicalize | FileCheck %s

!x = tensor<?xf32, #heed.axes<seq:T>>
!y = tensor<?xf32, #heed.axes<key:T>>
!s = tensor<?x4xf32, #heed.axes<seq:T, depth>>
!1 = tensor<f32>

// CHECK-LABEL: @constants
// CHECK:         %[[C:.*]] = heed.constant 1.250000e-01
// CHECK-NEXT:    %[[R:.*]] = heed.mul %arg0, %[[C]]
// CHECK-NEXT:    return %[[R]]
func.func @constants(%x: !x) -> !x {
  %n = heed.constant 64 : i32 : tensor<i32>
  %d = heed.cast %n : (tensor<i32>) -> !1
  %r = heed.sqrt %d : (!1) -> !1
  %y = heed.div %x, %r : (!x, !1) -> !x
  return %y : !x
}

// CHECK-LABEL: @identities
// CHECK-NEXT:    return %arg0
func.func @identities(%x: !x, %m: tensor<?xi1, #heed.axes<seq:T>>) -> !x {
  %one = heed.constant 1.0 : f32 : !1
  %zero = heed.constant 0.0 : f32 : !1
  %yes = heed.constant true : tensor<i1>
  %a = heed.mul %one, %x : (!1, !x) -> !x
  %b = heed.add %a, %zero : (!x, !1) -> !x
  %c = heed.sub %b, %zero : (!x, !1) -> !x
  %d = heed.neg %c : (!x) -> !x
  %e = heed.neg %d : (!x) -> !x
  %f = heed.where %yes, %e, %zero : (tensor<i1>, !x, !1) -> !x
  %g = heed.cast %f : (!x) -> !x
  %h = heed.rename %g {from = "seq", to = "key"} : (!x) -> !y
  %i = heed.rename %h {from = "key", to = "seq"} : (!y) -> !x
  return %i : !x
}

// A value that must repeat is not the value itself.
// CHECK-LABEL: @repeats
// CHECK:         heed.where
func.func @repeats(%x: !x, %m: tensor<4xi1, #heed.axes<depth>>) -> !s {
  %s = heed.where %m, %x, %x : (tensor<4xi1, #heed.axes<depth>>, !x, !x) -> !s
  return %s : !s
}

// CHECK-LABEL: @double_negation
// CHECK-NEXT:    return %arg0
func.func @double_negation(%m: tensor<?xi1, #heed.axes<seq:T>>) -> tensor<?xi1, #heed.axes<seq:T>> {
  %n = heed.not %m : (tensor<?xi1, #heed.axes<seq:T>>) -> tensor<?xi1, #heed.axes<seq:T>>
  %o = heed.not %n : (tensor<?xi1, #heed.axes<seq:T>>) -> tensor<?xi1, #heed.axes<seq:T>>
  return %o : tensor<?xi1, #heed.axes<seq:T>>
}

// A division by 3 stays: its reciprocal is not exact.
// CHECK-LABEL: @third
// CHECK:         heed.div
func.func @third(%x: !x) -> !x {
  %c = heed.constant 3.0 : f32 : !1
  %y = heed.div %x, %c : (!x, !1) -> !x
  return %y : !x
}

// Permutes become one; two equal ops become one.
// CHECK-LABEL: @layout
// CHECK-NEXT:    %[[E:.*]] = heed.exp %arg0
// CHECK-NEXT:    return %[[E]], %[[E]]
func.func @layout(%s: !s) -> (!s, !s) {
  %p = heed.permute %s : (!s) -> tensor<4x?xf32, #heed.axes<depth, seq:T>>
  %q = heed.permute %p : (tensor<4x?xf32, #heed.axes<depth, seq:T>>) -> !s
  %e = heed.exp %q : (!s) -> !s
  %f = heed.exp %s : (!s) -> !s
  return %e, %f : !s, !s
}
