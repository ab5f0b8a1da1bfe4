// An exact -inf becomes keep, through the ops above it that keep -inf; everything else stays in post.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize | FileCheck %s

!q = tensor<?x8xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
!m = tensor<?x?xi1, #heed.axes<seq:T, key:K>>
!j = tensor<?xi1, #heed.axes<key:K>>
!1 = tensor<f32>

// tanh of -inf is -1: the mask below a softcap is no mask.
// CHECK-LABEL: @below_softcap
// CHECK:         post {
// CHECK:           heed.where
// CHECK:           heed.tanh
// CHECK-NOT:     keep {
// CHECK:         return
func.func @below_softcap(%q: !q, %k: !k, %v: !k, %m: !m) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, !1) -> !s
  %t = heed.tanh %x : (!s) -> !s
  %w = heed.softmax %t {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// A bias added above the mask: -inf plus a finite number is -inf.
// CHECK-LABEL: @below_bias
// CHECK:         post {
// CHECK-NOT:       heed.where
// CHECK:           heed.add
// CHECK-NOT:       heed.where
// CHECK:         keep {
func.func @below_bias(%q: !q, %k: !k, %v: !k, %m: !m, %b: tensor<?xf32, #heed.axes<key:K>>) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, !1) -> !s
  %t = heed.add %x, %b : (!s, tensor<?xf32, #heed.axes<key:K>>) -> !s
  %w = heed.softmax %t {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// Times a negative constant, the hidden keys are the loudest.
// CHECK-LABEL: @negated
// CHECK-NOT:     keep {
// CHECK:         return
func.func @negated(%q: !q, %k: !k, %v: !k, %m: !m) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : !1
  %low = heed.constant -3.0 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, !1) -> !s
  %t = heed.max %x, %low : (!s, !1) -> !s
  %n = heed.mul %t, %low : (!s, !1) -> !s
  %w = heed.softmax %n {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// A predicate on the score itself cannot be known before it: it stays in post, the mask around it does not.
// CHECK-LABEL: @threshold
// CHECK:         post {
// CHECK:           heed.gt
// CHECK:           heed.where
// CHECK:         keep {
// CHECK-NOT:       heed.gt
// CHECK:         return
func.func @threshold(%q: !q, %k: !k, %v: !k, %m: !j) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : !1
  %zero = heed.constant 0.0 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %above = heed.gt %s, %zero : (!s, !1) -> !m
  %x = heed.where %above, %s, %inf : (!m, !s, !1) -> !s
  %y = heed.where %m, %x, %inf : (!j, !s, !1) -> !s
  %w = heed.softmax %y {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// Masks under both arms of a choice: visible where the arm that is chosen is.
// CHECK-LABEL: @masks_under_a_choice
// CHECK:         post {
// CHECK:           heed.where
// CHECK:         keep {
// CHECK:           heed.where
// CHECK:         return
func.func @masks_under_a_choice(%q: !q, %k: !k, %v: !k, %m: !m, %n: !j, %c: !m) -> !q {
  %inf = heed.constant 0xFF800000 : f32 : !1
  %two = heed.constant 2.0 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %d = heed.mul %s, %two : (!s, !1) -> !s
  %x = heed.where %m, %s, %inf : (!m, !s, !1) -> !s
  %y = heed.where %n, %d, %inf : (!j, !s, !1) -> !s
  %z = heed.where %c, %x, %y : (!m, !s, !s) -> !s
  %w = heed.softmax %z {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}
