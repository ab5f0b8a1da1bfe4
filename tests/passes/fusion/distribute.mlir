// A difference or sum of softmaxes, contracted, becomes one of attentions; what somebody else reads stays.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize --split-input-file | FileCheck %s

!q = tensor<?x64xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x64xf32, #heed.axes<key:M, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:M>>
!n = tensor<f32>

// The attention of the Differential Transformer.
// CHECK-LABEL: @difference
// CHECK:         %[[A:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) value(%arg4
// CHECK:         %[[B:.*]] = heed.attention row("seq") key("key") similar(%arg2, %arg3 : {{.*}}) value(%arg4
// CHECK:         %[[C:.*]] = heed.mul %[[B]], %arg5
// CHECK:         heed.sub %[[A]], %[[C]]
// CHECK-NOT:     heed.softmax
func.func @difference(%q: !q, %k: !k, %r: !q, %l: !k, %v: !k, %lambda: !n) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.contract %r, %l {axes = ["depth"]} : (!q, !k) -> !s
  %a = heed.softmax %s {axis = "key"} : (!s) -> !s
  %b = heed.softmax %t {axis = "key"} : (!s) -> !s
  %c = heed.mul %b, %lambda : (!s, !n) -> !s
  %w = heed.sub %a, %c : (!s, !s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!q = tensor<?x64xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x64xf32, #heed.axes<key:M, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:M>>
!t = tensor<?x?xf32, #heed.axes<key:M, seq:T>>

// Three, one of them in another layout, and the weights on the right.
// CHECK-LABEL: @three
// CHECK-COUNT-2: heed.attention
// CHECK:         heed.add %out, %out_0
// CHECK:         heed.attention
// CHECK:         heed.add
// CHECK-NOT:     heed.softmax
func.func @three(%q: !q, %k: !k, %l: !k, %m: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.contract %q, %l {axes = ["depth"]} : (!q, !k) -> !s
  %u = heed.contract %m, %q {axes = ["depth"]} : (!k, !q) -> !t
  %a = heed.softmax %s {axis = "key"} : (!s) -> !s
  %b = heed.softmax %t {axis = "key"} : (!s) -> !s
  %c = heed.softmax %u {axis = "key"} : (!t) -> !t
  %x = heed.add %a, %b : (!s, !s) -> !s
  %w = heed.add %x, %c : (!s, !t) -> !s
  %o = heed.contract %v, %w {axes = ["key"]} : (!k, !s) -> tensor<64x?xf32, #heed.axes<depth, seq:T>>
  %p = heed.permute %o : (tensor<64x?xf32, #heed.axes<depth, seq:T>>) -> !q
  return %p : !q
}

// -----

!q = tensor<?x64xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x64xf32, #heed.axes<key:M, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:M>>

// The difference is a result itself: it is stored anyway.
// CHECK-LABEL: @stored
// CHECK-COUNT-2: heed.softmax
// CHECK:         heed.contract %{{.*}}, %arg3
// CHECK-NOT:     heed.attention
func.func @stored(%q: !q, %k: !k, %l: !k, %v: !k) -> (!q, !s) {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.contract %q, %l {axes = ["depth"]} : (!q, !k) -> !s
  %a = heed.softmax %s {axis = "key"} : (!s) -> !s
  %b = heed.softmax %t {axis = "key"} : (!s) -> !s
  %w = heed.sub %a, %b : (!s, !s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o, %w : !q, !s
}

// -----

!q = tensor<?x64xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x64xf32, #heed.axes<key:M, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:M>>

// A product of two softmaxes is a multiple of neither.
// CHECK-LABEL: @product
// CHECK-COUNT-2: heed.softmax
// CHECK-NOT:     heed.attention
func.func @product(%q: !q, %k: !k, %l: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.contract %q, %l {axes = ["depth"]} : (!q, !k) -> !s
  %a = heed.softmax %s {axis = "key"} : (!s) -> !s
  %b = heed.softmax %t {axis = "key"} : (!s) -> !s
  %p = heed.mul %a, %b : (!s, !s) -> !s
  %w = heed.add %a, %p : (!s, !s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!q = tensor<?x64xbf16, #heed.axes<seq:T, depth>>
!k = tensor<?x64xbf16, #heed.axes<key:M, depth>>
!s = tensor<?x?xbf16, #heed.axes<seq:T, key:M>>

// Of narrow numbers the difference is taken before it is rounded.
// CHECK-LABEL: @narrow
// CHECK:         %[[A:.*]] = heed.attention {{.*}} value(%arg3 : tensor<?x64xbf16
// CHECK:         %[[B:.*]] = heed.attention {{.*}} value(%arg3 : tensor<?x64xbf16
// CHECK:         %[[D:.*]] = heed.sub %[[A]], %[[B]] : (tensor<?x64xf32
// CHECK:         heed.cast %[[D]] : {{.*}}xbf16
// CHECK-NOT:     heed.softmax
func.func @narrow(%q: !q, %k: !k, %l: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.contract %q, %l {axes = ["depth"]} : (!q, !k) -> !s
  %a = heed.softmax %s {axis = "key"} : (!s) -> !s
  %b = heed.softmax %t {axis = "key"} : (!s) -> !s
  %w = heed.sub %a, %b : (!s, !s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}
