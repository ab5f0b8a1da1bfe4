// What fusion says, at the user's line.
// RUN: heed-opt %s -heed-form-attention --split-input-file --verify-diagnostics -o /dev/null

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @full_bias(%q: !q, %k: !k, %v: !k,
    // expected-remark@below {{not fused: the kernel reads a tensor of `seq` x `key` elements}}
    %bias: !s) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %b = heed.add %s, %bias : (!s, !s) -> !s
  %w = heed.softmax %b {axis = "key"} : (!s) -> !s
  // expected-remark-re@below {{fused: `softmax` at remarks.mlir:{{[0-9]+}} into one attention kernel, rows along `seq`, keys along `key`, 1 similarity, 1 capture}}
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @only_softmax(%s: !s) -> !s {
  // expected-remark-re@below {{over `key` is stored in full: `return` at remarks.mlir:{{[0-9]+}} is no contraction over its axis}}
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  return %w : !s
}

// -----

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @weights(%q: !q, %k: !k, %v: !k) -> (!q, !s) {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  // expected-remark-re@below {{not fused: `softmax` at remarks.mlir:{{[0-9]+}} over `key` is stored in full: `return` at remarks.mlir:{{[0-9]+}} is no contraction over its axis}}
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  // expected-remark@below {{fused}}
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o, %w : !q, !s
}

// -----

// The product of two softmaxes is a multiple of neither: no kernel has two of them.
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
func.func @two_softmaxes(%a: !s, %b: !s, %v: !k) -> !q {
  // expected-remark@below {{does not end in a contraction of a multiple of this softmax alone}}
  %w = heed.softmax %a {axis = "key"} : (!s) -> !s
  // expected-remark@below {{does not end in a contraction of a multiple of this softmax alone}}
  %u = heed.softmax %b {axis = "key"} : (!s) -> !s
  %d = heed.mul %w, %u : (!s, !s) -> !s
  %o = heed.contract %d, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}
