// What is a kernel of its own behind another one, and why.
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
