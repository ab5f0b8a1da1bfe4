// What fusion looks through: casts of narrower floats, repeated weights, an order of axes; and what it says where scores
// are stored.
// RUN: heed-opt %s --heed-pipeline=stop=fused 2>/dev/null | FileCheck %s
// RUN: heed-opt %s --heed-pipeline=stop=fused 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

!q = tensor<?x8xf32, #heed.axes<seq:S, depth>>
!k = tensor<?x8xf32, #heed.axes<key:T, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:S, key:T>>
!hq = tensor<?x8xbf16, #heed.axes<seq:S, depth>>
!hk = tensor<?x8xbf16, #heed.axes<key:T, depth>>

// The kernel computes in f32 and rounds once, so casts around it are its own.
// CHECK-LABEL: @widened(
// CHECK-NEXT:    %[[O:[a-z0-9_]*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 :
// CHECK-SAME:      value(%arg2 : {{.*}} -> tensor<?x8xbf16
// CHECK:         } post {
// CHECK-NOT:     heed.cast
// CHECK:         return %[[O]]
func.func @widened(%q: !hq, %k: !hk, %v: !hk) -> !hq {
  %a = heed.cast %q : (!hq) -> !q
  %b = heed.cast %k : (!hk) -> !k
  %c = heed.cast %v : (!hk) -> !k
  %s = heed.contract %a, %b {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %c {axes = ["key"]} : (!s, !k) -> !q
  %r = heed.cast %o : (!q) -> !hq
  return %r : !hq
}

// Weights repeated along the value's axis are the same weights: depth is no axis of the scores.
// CHECK-LABEL: @repeated(
// CHECK-NEXT:    %[[O:[a-z0-9_]*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 :
// CHECK:         return %[[O]]
!w = tensor<?x?x8xf32, #heed.axes<seq:S, key:T, depth>>
func.func @repeated(%q: !q, %k: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %a = heed.along %w {axis = "depth"} : (!s) -> !w
  %b = heed.along %v {axis = "seq"} : (!k) -> !w
  %p = heed.mul %a, %b : (!w, !w) -> !w
  %o = heed.sum %p {axes = ["key"]} : (!w) -> !q
  return %o : !q
}

// Talking heads: every head's scores are sums of all heads' (arXiv:2003.02436).
// REMARK: not fused: these scores of `seq` x `key` are stored in full, because other scores are sums of them
!hs = tensor<4x?x8xf32, #heed.axes<head, seq:S, depth>>
!ht = tensor<4x?x8xf32, #heed.axes<head, key:T, depth>>
!ss = tensor<4x?x?xf32, #heed.axes<head, seq:S, key:T>>
!st = tensor<?x?x4xf32, #heed.axes<seq:S, key:T, mixed>>
!hm = tensor<4x4xf32, #heed.axes<head, mixed>>
!hv = tensor<4x?x8xf32, #heed.axes<mixed, key:T, depth>>
!ho = tensor<?x4x8xf32, #heed.axes<seq:S, mixed, depth>>
func.func @talking(%q: !hs, %k: !ht, %m: !hm, %v: !hv) -> !ho {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!hs, !ht) -> !ss
  %t = heed.contract %s, %m {axes = ["head"]} : (!ss, !hm) -> !st
  %w = heed.softmax %t {axis = "key"} : (!st) -> !st
  %o = heed.contract %w, %v {axes = ["key"]} : (!st, !hv) -> !ho
  return %o : !ho
}

// Heads and depth lie apart: they are stored side by side at once, and merging them moves nothing.
// CHECK-LABEL: @merged(
// CHECK:         %[[O:[a-z0-9_]*]] = heed.attention
// CHECK-SAME:      -> tensor<?x4x8xf32, #heed.axes<seq:S, head, depth>>
// CHECK-NOT:     heed.permute
// CHECK:         heed.merge %[[O]]
!mo = tensor<4x?x8xf32, #heed.axes<head, seq:S, depth>>
!mm = tensor<?x32xf32, #heed.axes<seq:S, model>>
func.func @merged(%q: !hs, %k: !ht, %v: !ht) -> !mm {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!hs, !ht) -> !ss
  %w = heed.softmax %s {axis = "key"} : (!ss) -> !ss
  %o = heed.contract %w, %v {axes = ["key"]} : (!ss, !ht) -> !mo
  %m = heed.merge %o {parts = ["head", "depth"], axis = "model"} : (!mo) -> !mm
  return %m : !mm
}
