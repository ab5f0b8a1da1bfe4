// Which products of one tensor are one kernel, and what is said of the others.
// RUN: heed-opt %s -heed-fuse-epilogue -heed-merge-products --split-input-file --verify-diagnostics | FileCheck %s
// RUN: heed-opt %s -heed-merge-products=apart --split-input-file 2>&1 | FileCheck %s --check-prefix=APART

// APART: are 3 products of one tensor: a kernel of this target reads one weight
// APART-NOT: heed.products

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<2x4x8xf32, #heed.axes<heads, depth, model>>
!v = tensor<4x8xf32, #heed.axes<depth, model>>
!q = tensor<?x2x4xf32, #heed.axes<seq:T, heads, depth>>
!k = tensor<?x4xf32, #heed.axes<seq:T, depth>>
!b = tensor<4xf32, #heed.axes<depth>>

// Queries with heads of their own, keys with a bias; what reads the queries early comes behind.
// CHECK-LABEL: func.func @queries_keys_values
// CHECK-NEXT: %[[P:.*]]:3 = heed.products
// CHECK-NEXT: heed.contract %arg0, %arg1
// CHECK-NEXT: heed.epilogue
// CHECK-NEXT: heed.contract %arg0, %arg2
// CHECK: heed.contract %arg3, %arg0
// CHECK: heed.yield
// CHECK: heed.sum %[[P]]#0
// CHECK: return %{{.*}}, %[[P]]#1, %[[P]]#2
func.func @queries_keys_values(%x: !x, %wq: !w {heed.parameter}, %wk: !v {heed.parameter}, %wv: !v {heed.parameter}, %b: !b) -> (!k, !k, !k) {
  // expected-remark-re@below {{merged: `contract` at {{.*}}, `contract` at {{.*}} and `contract` at {{.*}} into one product}}
  %q = heed.contract %x, %wq {axes = ["model"]} : (!x, !w) -> !q
  %s = heed.sum %q {axes = ["heads"]} : (!q) -> !k
  %k = heed.contract %x, %wk {axes = ["model"]} : (!x, !v) -> !k
  %y = heed.add %k, %b : (!k, !b) -> !k
  %m = heed.exp %s : (!k) -> !k
  %v = heed.contract %wv, %x {axes = ["model"]} : (!v, !x) -> !k
  return %m, %y, %v : !k, !k, !k
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<16x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x16xf32, #heed.axes<seq:T, hidden>>

// The gate reads the other product in its epilogue, element by element.
// CHECK-LABEL: func.func @gate_and_up
// CHECK-NEXT: %[[P:.*]] = heed.products
// CHECK-NEXT: %[[U:.*]] = heed.contract %arg0, %arg2
// CHECK-NEXT: %[[G:.*]] = heed.epilogue
// CHECK: heed.mul %{{.*}}, %[[U]]
// CHECK: heed.yield %[[G]]
// CHECK: return %[[P]]
func.func @gate_and_up(%x: !x, %wg: !w {heed.parameter}, %wu: !w {heed.parameter}) -> !h {
  %g = heed.contract %x, %wg {axes = ["model"]} : (!x, !w) -> !h
  %t = heed.tanh %g : (!h) -> !h
  // expected-remark@below {{into one product}}
  %u = heed.contract %x, %wu {axes = ["model"]} : (!x, !w) -> !h
  %r = heed.mul %t, %u : (!h, !h) -> !h
  return %r : !h
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>

// CHECK-LABEL: func.func @weights_that_are_none
// CHECK-NOT: heed.products
func.func @weights_that_are_none(%x: !x, %a: !w {heed.parameter}, %y: !w) -> (!h, !h) {
  %a0 = heed.contract %x, %a {axes = ["model"]} : (!x, !w) -> !h
  %b0 = heed.contract %x, %y {axes = ["model"]} : (!x, !w) -> !h
  return %a0, %b0 : !h, !h
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!t = tensor<?xf32, #heed.axes<seq:T>>

// CHECK-LABEL: func.func @waits
// CHECK-NOT: heed.products
func.func @waits(%x: !x, %a: !w {heed.parameter}, %b: !w {heed.parameter}) -> !h {
  // expected-remark-re@below {{not merged: {{.*}} are 2 products of one tensor: {{.*}} waits for what is made from another one}}
  %a0 = heed.contract %x, %a {axes = ["model"]} : (!x, !w) -> !h
  %s = heed.sum %a0 {axes = ["hidden"]} : (!h) -> !t
  %b0 = heed.contract %x, %b {axes = ["model"]} : (!x, !w) -> !h
  %r = heed.mul %b0, %s : (!h, !t) -> !h
  return %r : !h
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
!p = tensor<8x?xf32, #heed.axes<hidden, seq:T>>

// CHECK-LABEL: func.func @lanes
// CHECK-NOT: heed.products
func.func @lanes(%x: !x, %a: !w {heed.parameter}, %b: !w {heed.parameter}) -> (!h, !p) {
  // expected-remark-re@below {{2 products of one tensor: {{.*}}: the innermost axis of its result is not of the other operand}}
  %a0 = heed.contract %x, %a {axes = ["model"]} : (!x, !w) -> !h
  %b0 = heed.contract %x, %b {axes = ["model"]} : (!x, !w) -> !p
  return %a0, %b0 : !h, !p
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x8xf32, #heed.axes<hidden, model>>
!d = tensor<8x8xf32, #heed.axes<model, hidden>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>

// A product behind the second kernel that follows from the others: merged, its result would wait for both.
// CHECK-LABEL: func.func @behind
// CHECK: heed.products
// CHECK: heed.contract %{{.*}}, %arg3
// CHECK: heed.contract %{{.*}}, %arg4
// CHECK: heed.contract %arg0, %arg4
func.func @behind(%x: !x, %a: !w {heed.parameter}, %b: !w {heed.parameter}, %c: !d {heed.parameter}, %d: !w {heed.parameter}) -> (!h, !h, !h) {
  // expected-remark@below {{into one product}}
  // expected-remark-re@below {{not merged: {{.*}} are 3 products of one tensor: {{.*}} comes behind `contract` at {{.*}}, for which the other results would wait too}}
  %a0 = heed.contract %x, %a {axes = ["model"]} : (!x, !w) -> !h
  %b0 = heed.contract %x, %b {axes = ["model"]} : (!x, !w) -> !h
  %c0 = heed.contract %b0, %c {axes = ["hidden"]} : (!h, !d) -> !x
  %e0 = heed.contract %c0, %d {axes = ["model"]} : (!x, !w) -> !h
  %d0 = heed.contract %x, %d {axes = ["model"]} : (!x, !w) -> !h
  return %a0, %e0, %d0 : !h, !h, !h
}

// -----

!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!y = tensor<?x8xf32, #heed.axes<row:T, model>>
!w = tensor<8x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x8xf32, #heed.axes<seq:T, hidden>>

// Each pair alone could be one kernel; both cannot.
// CHECK-LABEL: func.func @crosswise
// CHECK: heed.products
// CHECK-NOT: heed.products
func.func @crosswise(%x: !x, %y: !x, %a: !w {heed.parameter}, %b: !w {heed.parameter}, %c: !w {heed.parameter}, %d: !w {heed.parameter}) -> (!h, !h) {
  %b1 = heed.contract %y, %b {axes = ["model"]} : (!x, !w) -> !h
  // expected-remark-re@below {{not merged: {{.*}} waits for what is made from another one}}
  %a1 = heed.contract %x, %a {axes = ["model"]} : (!x, !w) -> !h
  // expected-remark@below {{into one product}}
  %b2 = heed.contract %y, %d {axes = ["model"]} : (!x, !w) -> !h
  %r = heed.mul %b2, %a1 : (!h, !h) -> !h
  %a2 = heed.contract %x, %c {axes = ["model"]} : (!x, !w) -> !h
  %s = heed.mul %a2, %b1 : (!h, !h) -> !h
  return %r, %s : !h, !h
}
