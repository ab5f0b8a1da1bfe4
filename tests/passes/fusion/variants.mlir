// Variants that no compiler file names: each is one heed.attention, with its mask in keep.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize --split-input-file | FileCheck %s

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:T, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:T>>
!m = tensor<?x?xi1, #heed.axes<seq:T, key:T>>
!i = tensor<?xi32, #heed.axes<seq:T>>
!j = tensor<?xi32, #heed.axes<key:T>>

// Documents: the ids of queries and keys are two captures, one of them a renamed view.
// CHECK-LABEL: @documents
// CHECK:         %[[D:.*]] = heed.rename %arg3 {from = "seq", to = "key"}
// CHECK:         heed.attention {{.*}} captures(%arg3, %[[D]] : {{.*}})
// CHECK:         keep {
// CHECK-NEXT:    ^bb0(%[[I:.*]]: i32, %[[J:.*]]: i32):
// CHECK-NEXT:      %[[E:.*]] = heed.eq %[[I]], %[[J]]
// CHECK-NEXT:      heed.yield %[[E]]
func.func @documents(%q: !q, %k: !k, %v: !k, %doc: !i) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : tensor<f32>
  %dk = heed.rename %doc {from = "seq", to = "key"} : (!i) -> !j
  %m = heed.eq %doc, %dk : (!i, !j) -> !m
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, tensor<f32>) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// Prefix-LM with a window: only the prefix length is read.
// CHECK-LABEL: @prefix_window
// CHECK:         heed.attention {{.*}} captures(%arg3 : tensor<i32>)
// CHECK:         keep {
// CHECK:           heed.or
func.func @prefix_window(%q: !q, %k: !k, %v: !k, %prefix: tensor<i32>) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : tensor<f32>
  %width = heed.constant 3 : i32 : tensor<i32>
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %causal = heed.le %j, %i : (!j, !i) -> !m
  %d = heed.sub %i, %j : (!i, !j) -> tensor<?x?xi32, #heed.axes<seq:T, key:T>>
  %near = heed.lt %d, %width : (tensor<?x?xi32, #heed.axes<seq:T, key:T>>, tensor<i32>) -> !m
  %window = heed.and %causal, %near : (!m, !m) -> !m
  %before = heed.lt %j, %prefix : (!j, tensor<i32>) -> tensor<?xi1, #heed.axes<key:T>>
  %m = heed.or %window, %before : (!m, tensor<?xi1, #heed.axes<key:T>>) -> !m
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, tensor<f32>) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// Decoupled rotary: two similarities, the keys of one shared by all heads.
!q = tensor<2x?x8xf32, #heed.axes<heads, seq:T, depth>>
!k = tensor<2x?x8xf32, #heed.axes<heads, key:K, depth>>
!r = tensor<2x?x4xf32, #heed.axes<heads, seq:T, rope>>
!p = tensor<?x4xf32, #heed.axes<key:K, rope>>
!s = tensor<2x?x?xf32, #heed.axes<heads, seq:T, key:K>>

// CHECK-LABEL: @decoupled_rotary
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1, %arg3, %arg4
// CHECK-SAME:      contracted = {{\[\[}}"depth"], ["rope"]], similarity = array<i64: 0, 0, 1, 1>
func.func @decoupled_rotary(%q: !q, %k: !k, %v: !k, %r: !r, %p: !p) -> !q {
  %c = heed.constant 0.125 : f32 : tensor<f32>
  %a = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %b = heed.contract %r, %p {axes = ["rope"]} : (!r, !p) -> !s
  %s = heed.add %a, %b : (!s, !s) -> !s
  %t = heed.mul %s, %c : (!s, tensor<f32>) -> !s
  %w = heed.softmax %t {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// bf16 tensors: regions compute in f32, the kernel stores the result rounded.
!q = tensor<?x8xbf16, #heed.axes<seq:T, depth>>
!k = tensor<?x8xbf16, #heed.axes<key:K, depth>>
!s = tensor<?x?xbf16, #heed.axes<seq:T, key:K>>

// CHECK-LABEL: @bf16
// CHECK:         %[[O:.*]] = heed.attention
// CHECK:         ^bb0(%[[Q:.*]]: bf16, %[[K:.*]]: bf16):
// CHECK-NEXT:      %[[QF:.*]] = heed.cast %[[Q]] : (bf16) -> f32
// CHECK-NEXT:      %[[KF:.*]] = heed.cast %[[K]] : (bf16) -> f32
// CHECK-NEXT:      heed.mul %[[QF]], %[[KF]] : (f32, f32) -> f32
// CHECK:         return %[[O]] : tensor<?x8xbf16
func.func @bf16(%q: !q, %k: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// The weights are gated along an axis that the similarity sums over: that one gets another name.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!g = tensor<?x?x8xf32, #heed.axes<seq:T, key:K, depth>>

// CHECK-LABEL: @gated
// CHECK:         heed.attention
// CHECK-SAME:      contracted = {{\[\[}}"depth_"]]
// CHECK:         weigh {
func.func @gated(%q: !q, %k: !k, %v: !k, %gate: tensor<8xf32, #heed.axes<depth>>) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %g = heed.mul %w, %gate : (!s, tensor<8xf32, #heed.axes<depth>>) -> !g
  %o = heed.contract %g, %v {axes = ["key"]} : (!g, !k) -> !q
  return %o : !q
}
