// Fifteen ways to write scaled dot-product attention under a causal and a padding mask: one heed.attention, always the same.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize | FileCheck %s
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention | FileCheck %s --check-prefix=COUNT

// COUNT-NOT: heed.softmax

!q = tensor<?x4x?x16xf32, #heed.axes<batch:B, heads, seq:T, depth>>
!k = tensor<?x4x?x16xf32, #heed.axes<batch:B, heads, key:K, depth>>
!s = tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, seq:T, key:K>>
!m = tensor<?x?x?xi1, #heed.axes<seq:T, key:K, batch:B>>
!c = tensor<?x?xi1, #heed.axes<seq:T, key:K>>
!p = tensor<?x?xi1, #heed.axes<batch:B, key:K>>
!i = tensor<?xi32, #heed.axes<seq:T>>
!j = tensor<?xi32, #heed.axes<key:K>>
!n = tensor<?xi32, #heed.axes<batch:B>>
!1 = tensor<f32>

// CHECK-LABEL: @scale_on_scores(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @scale_on_scores(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @scale_on_query(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @scale_on_query(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %qs = heed.mul %q, %c : (!q, !1) -> !q
  %t = heed.contract %qs, %k {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @scale_on_key(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @scale_on_key(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %ks = heed.mul %c, %k : (!1, !k) -> !k
  %t = heed.contract %q, %ks {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @divide_by_sqrt(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @divide_by_sqrt(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %d = heed.constant 16.0 : f32 : !1
  %root = heed.sqrt %d : (!1) -> !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.div %s, %root : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @half_on_each(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @half_on_each(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %h = heed.constant 2.0 : f32 : !1
  %qs = heed.div %q, %h : (!q, !1) -> !q
  %ks = heed.div %k, %h : (!k, !1) -> !k
  %t = heed.contract %qs, %ks {axes = ["depth"]} : (!q, !k) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @key_first(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @key_first(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %k, %q {axes = ["depth"]} : (!k, !q) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @value_first(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @value_first(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %v, %w {axes = ["key"]} : (!k, !s) -> !q
  return %o : !q
}

// CHECK-LABEL: @nested_wheres(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @nested_wheres(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %y = heed.where %pad, %t, %inf : (!p, !s, !1) -> !s
  %x = heed.where %causal, %y, %inf : (!c, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @swapped_arms(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @swapped_arms(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %hidden = heed.not %both : (!m) -> !m
  %x = heed.where %hidden, %inf, %t : (!m, !1, !s) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @additive_mask(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @additive_mask(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %zero = heed.constant 0.0 : f32 : !1
  %bias = heed.where %both, %zero, %inf : (!m, !1, !1) -> tensor<?x?x?xf32, #heed.axes<seq:T, key:K, batch:B>>
  %x = heed.add %t, %bias : (!s, tensor<?x?x?xf32, #heed.axes<seq:T, key:K, batch:B>>) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @two_additive_masks(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @two_additive_masks(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %zero = heed.constant 0.0 : f32 : !1
  %b1 = heed.where %causal, %zero, %inf : (!c, !1, !1) -> tensor<?x?xf32, #heed.axes<seq:T, key:K>>
  %b2 = heed.where %pad, %zero, %inf : (!p, !1, !1) -> tensor<?x?xf32, #heed.axes<batch:B, key:K>>
  %y = heed.add %b1, %t : (tensor<?x?xf32, #heed.axes<seq:T, key:K>>, !s) -> !s
  %x = heed.add %y, %b2 : (!s, tensor<?x?xf32, #heed.axes<batch:B, key:K>>) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @mask_then_scale(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @mask_then_scale(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %y = heed.where %both, %s, %inf : (!m, !s, !1) -> !s
  %x = heed.mul %y, %c : (!s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @transposed(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @transposed(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %st = heed.permute %s : (!s) -> tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, key:K, seq:T>>
  %u = heed.mul %st, %c : (tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, key:K, seq:T>>, !1) -> tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, key:K, seq:T>>
  %t = heed.permute %u : (tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, key:K, seq:T>>) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @sum_of_products(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @sum_of_products(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %ql = heed.along %q {axis = "key"} : (!q) -> tensor<?x4x?x?x16xf32, #heed.axes<batch:B, heads, seq:T, key:K, depth>>
  %e = heed.mul %ql, %k : (tensor<?x4x?x?x16xf32, #heed.axes<batch:B, heads, seq:T, key:K, depth>>, !k) -> tensor<?x4x?x?x16xf32, #heed.axes<batch:B, heads, seq:T, key:K, depth>>
  %s = heed.sum %e {axes = ["depth"]} : (tensor<?x4x?x?x16xf32, #heed.axes<batch:B, heads, seq:T, key:K, depth>>) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// CHECK-LABEL: @renamed_scores(
// CHECK:         %[[O:.*]] = heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2 : {{.*}}contracted = {{\[\[}}"depth"]], similarity = array<i64: 0, 0>
// CHECK-NEXT:    ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:      %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:      heed.yield %[[P]]
// CHECK:         post {
// CHECK-NEXT:    ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:      %[[F:.*]] = heed.constant 2.500000e-01
// CHECK-NEXT:      %[[R:.*]] = heed.mul %[[S]], %[[F]]
// CHECK-NEXT:      heed.yield %[[R]]
// CHECK:         keep {
// CHECK:           heed.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[O]]
func.func @renamed_scores(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %k2 = heed.rename %k {from = "key", to = "other"} : (!k) -> tensor<?x4x?x16xf32, #heed.axes<batch:B, heads, other:K, depth>>
  %s2 = heed.contract %q, %k2 {axes = ["depth"]} : (!q, tensor<?x4x?x16xf32, #heed.axes<batch:B, heads, other:K, depth>>) -> tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, seq:T, other:K>>
  %s = heed.rename %s2 {from = "other", to = "key"} : (tensor<?x4x?x?xf32, #heed.axes<batch:B, heads, seq:T, other:K>>) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %x = heed.where %both, %t, %inf : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// A finite fill is no mask: it stays in post, for a row filled throughout means the mean of v.
// CHECK-LABEL: @finite_fill(
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2
// CHECK:         post {
// CHECK:           heed.where
// CHECK-NOT:     keep {
// CHECK:         return
func.func @finite_fill(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %low = heed.constant -1.0e9 : f32 : !1
  %x = heed.where %both, %t, %low : (!m, !s, !1) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// A finite fill is no mask: it stays in post, for a row filled throughout means the mean of v.
// CHECK-LABEL: @finite_additive(
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2
// CHECK:         post {
// CHECK:           heed.where
// CHECK-NOT:     keep {
// CHECK:         return
func.func @finite_additive(%q: !q, %k: !k, %v: !k, %valid: !n) -> !q {
  %i = heed.index "seq" : !i
  %j = heed.index "key" : !j
  %inf = heed.constant 0xFF800000 : f32 : !1
  %causal = heed.le %j, %i : (!j, !i) -> !c
  %pad = heed.lt %j, %valid : (!j, !n) -> !p
  %both = heed.and %causal, %pad : (!c, !p) -> !m
  %c = heed.constant 0.25 : f32 : !1
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %t = heed.mul %s, %c : (!s, !1) -> !s
  %low = heed.constant -1.0e9 : f32 : !1
  %zero = heed.constant 0.0 : f32 : !1
  %bias = heed.where %both, %zero, %low : (!m, !1, !1) -> tensor<?x?x?xf32, #heed.axes<seq:T, key:K, batch:B>>
  %x = heed.add %t, %bias : (!s, tensor<?x?x?xf32, #heed.axes<seq:T, key:K, batch:B>>) -> !s
  %w = heed.softmax %x {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}
