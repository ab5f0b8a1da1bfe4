// What weighs like a softmax and is none, and what to write instead.
// RUN: heed-opt %s -heed-form-softmax -heed-form-attention --split-input-file --verify-diagnostics -o /dev/null

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!r = tensor<?xf32, #heed.axes<seq:T>>
func.func @of_logsumexp(%q: !q, %k: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %l = heed.logsumexp %s {axis = "key"} : (!s) -> !r
  %d = heed.sub %s, %l : (!s, !r) -> !s
  %w = heed.exp %d : (!s) -> !s
  // expected-remark-re@below {{not fused: the weights that `contract` at exponentials.mlir:{{[0-9]+}} takes of `exp` at exponentials.mlir:{{[0-9]+}} are stored in full: `logsumexp` at exponentials.mlir:{{[0-9]+}} is taken off in its exponent, which is not read as a softmax; write softmax over `key` of the scores}}
  %o = heed.contract %w, %k {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
func.func @one_more_in_the_sum(%s: !s, %k: !k) -> !q {
  %one = heed.constant 1.0 : f32 : tensor<f32>
  %e = heed.exp %s : (!s) -> !s
  %t = heed.sum %e {axes = ["key"]} : (!s) -> !r
  %u = heed.add %t, %one : (!r, tensor<f32>) -> !r
  %w = heed.div %e, %u : (!s, !r) -> !s
  // expected-remark@below {{what they are divided by is not their own sum alone; write softmax over `key`}}
  %o = heed.contract %w, %k {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// Divided after the contraction, under another name of the axis, with a mask on the exponentials.
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, kk:K>>
!n = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!m = tensor<?x?xi1, #heed.axes<seq:T, kk:K>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
func.func @masked(%s: !s, %m: !m, %k: !k) -> !q {
  %zero = heed.constant 0.0 : f32 : tensor<f32>
  %e = heed.exp %s : (!s) -> !s
  %h = heed.where %m, %e, %zero : (!m, !s, tensor<f32>) -> !s
  %t = heed.sum %h {axes = ["kk"]} : (!s) -> !r
  %w = heed.rename %h {from = "kk", to = "key"} : (!s) -> !n
  // expected-remark-re@below {{`where` at {{.*}} hides exponentials, where a softmax hides scores by -inf; write softmax over `key`}}
  %p = heed.contract %w, %k {axes = ["key"]} : (!n, !k) -> !q
  %o = heed.div %p, %t : (!q, !r) -> !q
  return %o : !q
}

// -----

// Nobody takes their sum: it was forgotten, or is meant to be none.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @nobody_sums(%q: !q, %k: !k, %scale: tensor<f32>) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %e = heed.exp %s : (!s) -> !s
  %w = heed.mul %e, %scale : (!s, tensor<f32>) -> !s
  // expected-remark-re@below {{not fused: the weights that `contract` at exponentials.mlir:{{[0-9]+}} takes of `exp` at exponentials.mlir:{{[0-9]+}} are stored in full: nothing divides them by their sum; write softmax over `key` of the scores, times exp(logsumexp) of them where no mean is meant}}
  %o = heed.contract %w, %k {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!p = tensor<?x?x8xf32, #heed.axes<seq:T, key:K, depth>>
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
func.func @as_a_sum(%s: !s, %k: !k) -> !q {
  %e = heed.exp %s : (!s) -> !s
  %a = heed.along %e {axis = "depth"} : (!s) -> !p
  %p = heed.mul %a, %k : (!p, !k) -> !p
  // expected-remark@below {{nothing divides them by their sum; write softmax over `key`}}
  %o = heed.sum %p {axes = ["key"]} : (!p) -> !q
  return %o : !q
}

// -----

// An activation of a layer, and weights that all rows share: neither has a sum that was forgotten.
!x = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!w = tensor<8x4xf32, #heed.axes<hidden, model>>
!y = tensor<?x4xf32, #heed.axes<seq:T, model>>
!h = tensor<8xf32, #heed.axes<hidden>>
func.func @layer(%x: !x, %w: !w {heed.parameter}, %h: !h) -> (!y, tensor<?xf32, #heed.axes<seq:T>>) {
  %e = heed.exp %x : (!x) -> !x
  %y = heed.contract %e, %w {axes = ["hidden"]} : (!x, !w) -> !y
  %f = heed.exp %h : (!h) -> !h
  %z = heed.contract %f, %x {axes = ["hidden"]} : (!h, !x) -> tensor<?xf32, #heed.axes<seq:T>>
  return %y, %z : !y, tensor<?xf32, #heed.axes<seq:T>>
}

// -----

// A gate holds exponentials too, and experts are weighed along two axes: neither is attention.
!x = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!w = tensor<8x4xf32, #heed.axes<hidden, model>>
!y = tensor<?x4xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
func.func @gate(%x: !x, %w: !w) -> (!y, !r) {
  %one = heed.constant 1.0 : f32 : tensor<f32>
  %n = heed.neg %x : (!x) -> !x
  %e = heed.exp %n : (!x) -> !x
  %u = heed.add %e, %one : (!x, tensor<f32>) -> !x
  %g = heed.div %x, %u : (!x, !x) -> !x
  %t = heed.sum %g {axes = ["hidden"]} : (!x) -> !r
  %o = heed.contract %g, %w {axes = ["hidden"]} : (!x, !w) -> !y
  return %o, %t : !y, !r
}

// -----

!l = tensor<?x3xf32, #heed.axes<seq:T, experts>>
!h = tensor<?x3x8xf32, #heed.axes<seq:T, experts, hidden>>
!w = tensor<3x8x4xf32, #heed.axes<experts, hidden, model>>
!y = tensor<?x4xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
func.func @experts(%logits: !l, %inner: !h, %down: !w) -> !y {
  %l = heed.logsumexp %logits {axis = "experts"} : (!l) -> !r
  %d = heed.sub %logits, %l : (!l, !r) -> !l
  %e = heed.exp %d : (!l) -> !l
  %h = heed.mul %inner, %e : (!h, !l) -> !h
  %o = heed.contract %h, %down {axes = ["experts", "hidden"]} : (!h, !w) -> !y
  return %o : !y
}
