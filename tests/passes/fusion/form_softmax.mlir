// Each way of writing softmax by hand is one softmax, and with a contraction behind it one attention.
// RUN: heed-opt %s -heed-form-softmax 2>/dev/null | FileCheck %s
// RUN: heed-opt %s --heed-pipeline=stop=fused 2>/dev/null | FileCheck %s --check-prefix=FUSED
// RUN: heed-opt %s -heed-form-softmax 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: read as softmax over `key`: where no key is left it gives 0, the formula NaN

!s = tensor<?x?xf32, #heed.axes<seq:S, key:T>>
!t = tensor<?x?xf32, #heed.axes<key:T, seq:S>>
!m = tensor<?x?xi1, #heed.axes<seq:S, key:T>>
!r = tensor<?xf32, #heed.axes<seq:S>>
!k = tensor<?xf32, #heed.axes<key:T>>
!v = tensor<?x8xf32, #heed.axes<key:T, depth>>
!o = tensor<?x8xf32, #heed.axes<seq:S, depth>>
!ov = tensor<8x?xf32, #heed.axes<depth, seq:S>>
!1 = tensor<f32>

// CHECK-LABEL: @plain(
// CHECK-NEXT:    %[[W:.*]] = heed.softmax %arg0 {axis = "key"}
// CHECK-NEXT:    return %[[W]]
func.func @plain(%x: !s) -> !s {
  %e = heed.exp %x : (!s) -> !s
  %t = heed.sum %e {axes = ["key"]} : (!s) -> !r
  %w = heed.div %e, %t : (!s, !r) -> !s
  return %w : !s
}

// CHECK-LABEL: @shifted(
// CHECK:         %[[W:.*]] = heed.softmax %arg0 {axis = "key"}
// CHECK-NEXT:    return %[[W]]
// FUSED-LABEL: @shifted(
// FUSED-NOT:     heed.exp
// FUSED-LABEL: @inverse(
func.func @shifted(%x: !s) -> !s {
  %m = heed.amax %x {axes = ["key"]} : (!s) -> !r
  %d = heed.sub %x, %m : (!s, !r) -> !s
  %e = heed.exp %d : (!s) -> !s
  %t = heed.sum %e {axes = ["key"]} : (!s) -> !r
  %w = heed.div %e, %t : (!s, !r) -> !s
  return %w : !s
}

// CHECK-LABEL: @inverse(
// CHECK-NEXT:    %[[W:.*]] = heed.softmax %arg0 {axis = "key"}
// CHECK-NEXT:    return %[[W]]
func.func @inverse(%x: !s) -> !s {
  %e = heed.exp %x : (!s) -> !s
  %t = heed.sum %e {axes = ["key"]} : (!s) -> !r
  %one = heed.constant 1.0 : f32 : !1
  %i = heed.div %one, %t : (!1, !r) -> !r
  %w = heed.mul %i, %e : (!r, !s) -> !s
  return %w : !s
}

// The formula of those who mean no attention.
// CHECK-LABEL: @of_logsumexp(
// CHECK-NOT:     heed.softmax
// CHECK:         heed.exp
// FUSED-LABEL: @of_logsumexp(
func.func @of_logsumexp(%x: !s) -> !s {
  %l = heed.logsumexp %x {axis = "key"} : (!s) -> !r
  %d = heed.sub %x, %l : (!s, !r) -> !s
  %e = heed.exp %d : (!s) -> !s
  return %e : !s
}

// What is masked after exp is left alone.
// CHECK-LABEL: @masked(
// CHECK-NOT:     heed.softmax
// CHECK:         heed.div
func.func @masked(%x: !s, %m: !m) -> !s {
  %zero = heed.constant 0.0 : f32 : !1
  %e = heed.exp %x : (!s) -> !s
  %a = heed.where %m, %e, %zero : (!m, !s, !1) -> !s
  %t = heed.sum %a {axes = ["key"]} : (!s) -> !r
  %w = heed.div %a, %t : (!s, !r) -> !s
  return %w : !s
}

// FUSED-LABEL: @after_contraction(
// FUSED-NOT:     heed.exp
// FUSED:         heed.attention
// FUSED-NOT:     heed.{{(sum|div|softmax)}}
// FUSED:         return
func.func @after_contraction(%q: !o, %k: !v, %v: !v) -> !o {
  %x = heed.contract %q, %k {axes = ["depth"]} : (!o, !v) -> !s
  %m = heed.amax %x {axes = ["key"]} : (!s) -> !r
  %d = heed.sub %x, %m : (!s, !r) -> !s
  %e = heed.exp %d : (!s) -> !s
  %t = heed.sum %e {axes = ["key"]} : (!s) -> !r
  %n = heed.contract %e, %v {axes = ["key"]} : (!s, !v) -> !o
  %o = heed.div %n, %t : (!o, !r) -> !o
  return %o : !o
}

// The result in another order of axes is stored in that order.
// FUSED-LABEL: @permuted(
// FUSED:         %[[O:.*]] = heed.attention
// FUSED-NOT:     heed.permute
// FUSED:         return %[[O]]
func.func @permuted(%q: !o, %k: !v, %v: !v) -> !o {
  %x = heed.contract %q, %k {axes = ["depth"]} : (!o, !v) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %n = heed.contract %v, %w {axes = ["key"]} : (!v, !s) -> !ov
  %o = heed.permute %n : (!ov) -> !o
  return %o : !o
}

// These are no softmax: the sum of other exponentials, along another axis, and a shift by another value's maximum.
// CHECK-LABEL: @others(
// CHECK-COUNT-3: heed.div
// CHECK-NOT:     heed.softmax
func.func @others(%x: !s, %y: !s) -> (!s, !s, !s) {
  %e = heed.exp %x : (!s) -> !s
  %f = heed.exp %y : (!s) -> !s
  %t = heed.sum %f {axes = ["key"]} : (!s) -> !r
  %a = heed.div %e, %t : (!s, !r) -> !s
  %u = heed.sum %e {axes = ["key", "seq"]} : (!s) -> !1
  %b = heed.div %e, %u : (!s, !1) -> !s
  %z = heed.sum %x {axes = ["key"]} : (!s) -> !r
  %c = heed.div %x, %z : (!s, !r) -> !s
  return %a, %b, %c : !s, !s, !s
}
