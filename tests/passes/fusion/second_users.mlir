// What else is read of a fused softmax: logsumexp becomes the lse, weights that somebody reads stay a softmax.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize --split-input-file | FileCheck %s

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!l = tensor<?xf32, #heed.axes<seq:T>>

// CHECK-LABEL: @logsumexp
// CHECK:         %[[O:.*]], %[[L:.*]] = heed.attention
// CHECK-NOT:     heed.logsumexp
// CHECK:         return %[[O]], %[[L]]
func.func @logsumexp(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %l = heed.logsumexp %s {axis = "key"} : (!s) -> !l
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o, %l : !q, !l
}

// -----

// The weights are read before the contraction, and returned: stored in full beside the kernel, which needs none of them.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!c = tensor<?x?xi1, #heed.axes<key:K, seq:T>>

// CHECK-LABEL: @weights
// CHECK-DAG:     %[[O:.*]] = heed.attention
// CHECK-DAG:     %[[W:.*]] = heed.softmax
// CHECK-DAG:     %[[N:.*]] = heed.neg %[[W]]
// CHECK:         return %[[O]], %[[W]], %[[N]]
func.func @weights(%q: !q, %k: !k, %v: !k) -> (!q, !s, !s) {
  %inf = heed.constant 0xFF800000 : f32 : tensor<f32>
  %i = heed.index "seq" : tensor<?xi32, #heed.axes<seq:T>>
  %j = heed.index "key" : tensor<?xi32, #heed.axes<key:K>>
  %causal = heed.lt %j, %i : (tensor<?xi32, #heed.axes<key:K>>, tensor<?xi32, #heed.axes<seq:T>>) -> !c
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %m = heed.where %causal, %s, %inf : (!c, !s, tensor<f32>) -> !s
  %w = heed.softmax %m {axis = "key"} : (!s) -> !s
  %n = heed.neg %w : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o, %w, %n : !q, !s, !s
}

// -----

// Two contractions of one softmax are two kernels; no weights are stored.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>

// CHECK-LABEL: @two_values
// CHECK-NOT:     heed.softmax
// CHECK-COUNT-2: heed.attention
// CHECK-NOT:     heed.exp
func.func @two_values(%q: !q, %k: !k, %v: !k, %u: !k) -> (!q, !q) {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  %p = heed.contract %w, %u {axes = ["key"]} : (!s, !k) -> !q
  return %o, %p : !q, !q
}

// -----

// The lse keeps the names that the graph has, though the kernel has others.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!r = tensor<?x?xf32, #heed.axes<row:T, other:K>>
!v = tensor<?x8xf32, #heed.axes<other:K, depth>>
!o = tensor<?x8xf32, #heed.axes<row:T, depth>>
!l = tensor<?xf32, #heed.axes<seq:T>>

// CHECK-LABEL: @renamed
// CHECK:         %[[O:.*]], %[[L:.*]] = heed.attention row("row") key("other")
// CHECK:         %[[R:.*]] = heed.rename %[[L]] {from = "row", to = "seq"}
// CHECK:         return %[[O]], %[[R]]
func.func @renamed(%q: !q, %k: !k, %v: !v) -> (!o, !l) {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %l = heed.logsumexp %s {axis = "key"} : (!s) -> !l
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %a = heed.rename %w {from = "key", to = "other"} : (!s) -> tensor<?x?xf32, #heed.axes<seq:T, other:K>>
  %b = heed.rename %a {from = "seq", to = "row"} : (tensor<?x?xf32, #heed.axes<seq:T, other:K>>) -> !r
  %o = heed.contract %b, %v {axes = ["other"]} : (!r, !v) -> !o
  return %o, %l : !o, !l
}

// -----

// Other axes summed with the key are summed after the kernel.
!q = tensor<?x4x8xf32, #heed.axes<seq:T, heads, depth>>
!k = tensor<?x4x8xf32, #heed.axes<key:K, heads, depth>>
!s = tensor<?x4x?xf32, #heed.axes<seq:T, heads, key:K>>
!o = tensor<?x8xf32, #heed.axes<seq:T, depth>>

// CHECK-LABEL: @summed_heads
// CHECK:         %[[A:.*]] = heed.attention
// CHECK:         heed.sum %[[A]] {axes = ["heads"]}
func.func @summed_heads(%q: !q, %k: !k, %v: !k) -> !o {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key", "heads"]} : (!s, !k) -> !o
  return %o : !o
}
