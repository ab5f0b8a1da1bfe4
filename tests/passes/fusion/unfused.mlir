// What is a kernel of its own behind another one, which scores are stored, and why.
// RUN: heed-opt %s -heed-fuse-epilogue -heed-fuse-rows --split-input-file --verify-diagnostics -o /dev/null

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
func.func @second_user(%x: !x, %w: !w) -> (!h, !h) {
  %s = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  // expected-remark-re@below {{not fused: `exp` at {{.*}} is a kernel of its own behind `contract` at {{.*}}: `return` at {{.*}} needs its operand too}}
  %e = heed.exp %s : (!h) -> !h
  return %s, %e : !h, !h
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!k = tensor<?xf32, #heed.axes<key:K>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @another_axis(%x: !x, %k: !k) -> !s {
  %m = heed.sum %x {axes = ["model"]} : (!x) -> !r
  %a = heed.along %m {axis = "key"} : (!r) -> !s
  // expected-remark-re@below {{not fused: `add` {{.*}} behind `rows` {{.*}}: it repeats its operand along `key`}}
  %e = heed.add %a, %k : (!s, !k) -> !s
  return %e : !s
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!n = tensor<?x8xi32, #heed.axes<seq:T, hidden>>
func.func @truncated(%x: !x, %w: !w) -> !n {
  %s = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  // expected-remark-re@below {{not fused: `cast` {{.*}}: its result has another element type}}
  %e = heed.cast %s : (!h) -> !n
  return %e : !n
}

// -----

// Attention without a softmax is two products; a layer of two parameters is none, nor are two products of a fixed size.
!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
func.func @no_softmax(%q: !q, %k: !k, %v: !k) -> !q {
  // expected-remark-re@below {{not fused: `contract` at {{.*}} is stored in full: no softmax stands between it and `contract` at {{.*}}}}
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.tanh %s : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!v = tensor<?x4xf32, #heed.axes<key:K, value>>
!s = tensor<8x4xf32, #heed.axes<depth, value>>
!o = tensor<?x4xf32, #heed.axes<seq:T, value>>
func.func @linear(%q: !q, %k: !k, %v: !v) -> !o {
  %s = heed.contract %k, %v {axes = ["key"]} : (!k, !v) -> !s
  %o = heed.contract %q, %s {axes = ["depth"]} : (!q, !s) -> !o
  return %o : !o
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x?xf32, #heed.axes<model, hidden:H>>
!h = tensor<?x?xf32, #heed.axes<seq:T, hidden:H>>
func.func @layer(%x: !x, %up: !w {heed.parameter}, %down: !w {heed.parameter}) -> !x {
  %s = heed.contract %x, %up {axes = ["model"]} : (!x, !w) -> !h
  %a = heed.tanh %s : (!h) -> !h
  %o = heed.contract %a, %down {axes = ["hidden"]} : (!h, !w) -> !x
  return %o : !x
}
