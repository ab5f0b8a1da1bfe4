// What is computed from each sum of a contraction belongs to its kernel.
// RUN: heed-opt %s -heed-fuse-epilogue --split-input-file | FileCheck %s

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!h = tensor<?x16xf32, #heed.axes<seq:T, hidden>>
!w = tensor<8x16xf32, #heed.axes<model, hidden>>
!b = tensor<16xf32, #heed.axes<hidden>>
!1 = tensor<f32>

// Bias and GELU: the biased sum is used twice, inside.
// CHECK-LABEL: @feed_forward
// CHECK:         %[[R:.*]] = heed.epilogue
// CHECK-NEXT:      heed.contract
// CHECK-NEXT:      heed.add
// CHECK:           heed.erf
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[R]]
func.func @feed_forward(%x: !x, %w: !w, %b: !b) -> !h {
  %half = heed.constant 0.5 : f32 : !1
  %s = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  %y = heed.add %s, %b : (!h, !b) -> !h
  %g = heed.mul %half, %y : (!1, !h) -> !h
  %e = heed.erf %y : (!h) -> !h
  %r = heed.mul %g, %e : (!h, !h) -> !h
  return %r : !h
}

// The product of two contractions is stored by the later one.
// CHECK-LABEL: @gate
// CHECK:         %[[U:.*]] = heed.contract %arg0, %arg2
// CHECK:         heed.epilogue
// CHECK-NEXT:      heed.contract %arg0, %arg1
// CHECK-NEXT:      heed.tanh
// CHECK-NEXT:      heed.mul %{{.*}}, %[[U]]
func.func @gate(%x: !x, %w: !w, %v: !w) -> !h {
  %a = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  %u = heed.contract %x, %v {axes = ["model"]} : (!x, !w) -> !h
  %t = heed.tanh %a : (!h) -> !h
  %r = heed.mul %t, %u : (!h, !h) -> !h
  return %r : !h
}

// -----

// The residual is read later, by a norm and by the next residual: it is what is stored. Nothing that waits for the mean
// may come along.
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!r = tensor<?xf32, #heed.axes<seq:T>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
// CHECK-LABEL: @residual
// CHECK:         %[[X:.*]] = heed.epilogue
// CHECK-NEXT:      heed.contract
// CHECK-NEXT:      heed.add %arg0
// CHECK-NEXT:      heed.yield
// CHECK:         %[[M:.*]] = heed.mean %[[X]]
// CHECK:         %[[Y:.*]] = heed.sub %[[X]], %[[M]]
// CHECK:         heed.epilogue
// CHECK-NEXT:      heed.contract %[[Y]]
// CHECK-NEXT:      heed.add
// CHECK-NEXT:      heed.yield
func.func @residual(%x: !h, %a: !x, %w: !w, %v: tensor<8x8xf32, #heed.axes<hidden, other>>) -> tensor<?x8xf32, #heed.axes<seq:T, hidden>> {
  %s = heed.contract %a, %w {axes = ["model"]} : (!x, !w) -> !h
  %x1 = heed.add %x, %s : (!h, !h) -> !h
  %m = heed.mean %x1 {axes = ["hidden"]} : (!h) -> !r
  %y = heed.sub %x1, %m : (!h, !r) -> !h
  %o = heed.contract %y, %v {axes = ["hidden"]} : (!h, tensor<8x8xf32, #heed.axes<hidden, other>>) -> tensor<?x8xf32, #heed.axes<seq:T, other>>
  %n = heed.rename %x1 {from = "hidden", to = "other"} : (!h) -> tensor<?x8xf32, #heed.axes<seq:T, other>>
  %x2 = heed.add %n, %o : (tensor<?x8xf32, #heed.axes<seq:T, other>>, tensor<?x8xf32, #heed.axes<seq:T, other>>) -> tensor<?x8xf32, #heed.axes<seq:T, other>>
  %r = heed.rename %x2 {from = "other", to = "hidden"} : (tensor<?x8xf32, #heed.axes<seq:T, other>>) -> !h
  return %r : !h
}

// -----

// Two values to store, another axis: not this kernel's.
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!k = tensor<?x8x?xf32, #heed.axes<seq:T, hidden, key:K>>
// CHECK-LABEL: @refused
// CHECK-NOT:     heed.epilogue
func.func @refused(%x: !x, %w: !w, %v: !w, %p: tensor<?xf32, #heed.axes<key:K>>) -> (!h, !h, !k) {
  %s = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  %e = heed.exp %s : (!h) -> !h
  %t = heed.contract %x, %v {axes = ["model"]} : (!x, !w) -> !h
  %a = heed.along %t {axis = "key"} : (!h) -> !k
  %b = heed.add %a, %p : (!k, tensor<?xf32, #heed.axes<key:K>>) -> !k
  return %s, %e, %b : !h, !h, !k
}

// -----

// A cast is an epilogue like others.
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!n = tensor<?x8xbf16, #heed.axes<seq:T, hidden>>
// CHECK-LABEL: @narrowed
// CHECK:         heed.epilogue
// CHECK-NEXT:      heed.contract
// CHECK-NEXT:      heed.cast
func.func @narrowed(%x: !x, %w: !w) -> !n {
  %q = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
  %c = heed.cast %q : (!h) -> !n
  return %c : !n
}
