// Softmax contracted over its axis becomes heed.attention, whatever the score is made of.
// RUN: heed-opt %s -heed-canonicalize -heed-form-attention -heed-canonicalize --split-input-file | FileCheck %s

!q = tensor<?x8x?x64xf32, #heed.axes<batch:B, heads, seq:T, depth>>
!k = tensor<?x8x?x64xf32, #heed.axes<batch:B, heads, key:T, depth>>
!s = tensor<?x8x?x?xf32, #heed.axes<batch:B, heads, seq:T, key:T>>
!m = tensor<?x?xi1, #heed.axes<key:T, seq:T>>

// CHECK-LABEL: @sdpa
// CHECK-NOT:     heed.softmax
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3 : {{.*}}) value(%arg2
// CHECK-SAME:      contracted = {{\[\[}}"depth"]]
// CHECK-SAME:      bodies {
// CHECK-NEXT:      ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32):
// CHECK-NEXT:        %[[P:.*]] = heed.mul %[[Q]], %[[K]]
// CHECK-NEXT:        heed.yield %[[P]]
// CHECK-NEXT:      } post {
// CHECK-NEXT:      ^bb0(%[[S:.*]]: f32, %{{.*}}: i32):
// CHECK-NEXT:        %[[C:.*]] = heed.constant 1.250000e-01
// CHECK-NEXT:        %[[T:.*]] = heed.mul %[[S]], %[[C]]
// CHECK-NEXT:        heed.yield %[[T]]
// CHECK-NEXT:      } keep {
// CHECK-NEXT:      ^bb0(%[[VALID:.*]]: i32):
// CHECK:             %[[CAUSAL:.*]] = heed.le
// CHECK:             %[[PAD:.*]] = heed.lt %{{.*}}, %[[VALID]]
// CHECK:             heed.and %[[CAUSAL]], %[[PAD]]
// CHECK-NOT:     heed.softmax
func.func @sdpa(%q: !q, %k: !k, %v: !k, %valid: tensor<?xi32, #heed.axes<batch:B>>) -> !q {
  %d = heed.constant 64.0 : f32 : tensor<f32>
  %c = heed.rsqrt %d : (tensor<f32>) -> tensor<f32>
  %inf = heed.constant 0xFF800000 : f32 : tensor<f32>
  %i = heed.index "seq" : tensor<?xi32, #heed.axes<seq:T>>
  %j = heed.index "key" : tensor<?xi32, #heed.axes<key:T>>
  %causal = heed.le %j, %i : (tensor<?xi32, #heed.axes<key:T>>, tensor<?xi32, #heed.axes<seq:T>>) -> !m
  %pad = heed.lt %j, %valid : (tensor<?xi32, #heed.axes<key:T>>, tensor<?xi32, #heed.axes<batch:B>>) -> tensor<?x?xi1, #heed.axes<key:T, batch:B>>
  %visible = heed.and %causal, %pad : (!m, tensor<?x?xi1, #heed.axes<key:T, batch:B>>) -> tensor<?x?x?xi1, #heed.axes<key:T, seq:T, batch:B>>
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %scaled = heed.mul %s, %c : (!s, tensor<f32>) -> !s
  %masked = heed.where %visible, %scaled, %inf : (tensor<?x?x?xi1, #heed.axes<key:T, seq:T, batch:B>>, !s, tensor<f32>) -> !s
  %w = heed.softmax %masked {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// Additive attention: the tanh goes into the body, with the weight of each hidden unit.
!q = tensor<?x16xf32, #heed.axes<seq:T, hidden>>
!k = tensor<?x16xf32, #heed.axes<key:M, hidden>>
!f = tensor<?x?x16xf32, #heed.axes<seq:T, key:M, hidden>>
!v = tensor<?x4xf32, #heed.axes<key:M, value>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:M>>
!o = tensor<?x4xf32, #heed.axes<seq:T, value>>

// CHECK-LABEL: @additive
// CHECK-NOT:     heed.softmax
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1, %arg2
// CHECK:         bodies {
// CHECK-NEXT:      ^bb0(%[[Q:.*]]: f32, %[[K:.*]]: f32, %[[W:.*]]: f32):
// CHECK-NEXT:        %[[A:.*]] = heed.add %[[Q]], %[[K]]
// CHECK-NEXT:        %[[T:.*]] = heed.tanh %[[A]]
// CHECK-NEXT:        %[[P:.*]] = heed.mul %[[T]], %[[W]]
// CHECK-NEXT:        heed.yield %[[P]]
func.func @additive(%q: !q, %k: !k, %w: tensor<16xf32, #heed.axes<hidden>>, %v: !v) -> !o {
  %long = heed.along %q {axis = "key"} : (!q) -> !f
  %sum = heed.add %long, %k : (!f, !k) -> !f
  %t = heed.tanh %sum : (!f) -> !f
  %s = heed.contract %w, %t {axes = ["hidden"]} : (tensor<16xf32, #heed.axes<hidden>>, !f) -> !s
  %p = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %p, %v {axes = ["key"]} : (!s, !v) -> !o
  return %o : !o
}

// -----

// Gaussian-kernel pooling: no similarity at all, everything is in post.
!x = tensor<?xf32, #heed.axes<query:N>>
!y = tensor<?xf32, #heed.axes<key:M>>
!s = tensor<?x?xf32, #heed.axes<query:N, key:M>>

// CHECK-LABEL: @gaussian
// CHECK-NOT:     heed.softmax
// CHECK:         heed.attention row("query") key("key") similar( : ) captures(%arg0, %arg1 : {{.*}}) value(%arg2
// CHECK:         post {
// CHECK-NEXT:      ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f32):
// CHECK-DAG:         %[[C:.*]] = heed.constant -5.000000e-01
// CHECK-DAG:         %[[D:.*]] = heed.sub %[[X]], %[[Y]]
// CHECK:             %[[D2:.*]] = heed.mul %[[D]], %[[D]]
// CHECK-NEXT:        heed.mul %[[D2]], %[[C]]
func.func @gaussian(%x: !x, %xs: !y, %ys: !y) -> !x {
  %c = heed.constant -0.5 : f32 : tensor<f32>
  %long = heed.along %x {axis = "key"} : (!x) -> !s
  %d = heed.sub %long, %xs : (!s, !y) -> !s
  %d2 = heed.mul %d, %d : (!s, !s) -> !s
  %s = heed.mul %d2, %c : (!s, tensor<f32>) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %ys {axes = ["key"]} : (!s, !y) -> !x
  return %o : !x
}

// -----

// GQA is an extra axis: the sequence is the row, the group stays outside. ALiBi and softcap live in post; dropout is weigh.
!q = tensor<2x4x?x64xf32, #heed.axes<kv, group, seq:T, depth>>
!k = tensor<2x?x64xf32, #heed.axes<kv, key:K, depth>>
!s = tensor<2x4x?x?xf32, #heed.axes<kv, group, seq:T, key:K>>
!d = tensor<?x?xf32, #heed.axes<key:K, seq:T>>

// CHECK-LABEL: @gqa
// CHECK:         heed.attention row("seq") key("key") similar(%arg0, %arg1 : {{.*}}) captures(%arg3, %arg4 : {{.*}}) value(%arg2
// CHECK:         post {
// CHECK:           heed.tanh
// CHECK:         weigh {
// CHECK:           heed.where
// CHECK-NOT:     heed.softmax
func.func @gqa(%q: !q, %k: !k, %v: !k, %slope: tensor<2x4xf32, #heed.axes<kv, group>>, %drop: tensor<?x?xi1, #heed.axes<seq:T, key:K>>) -> !q {
  %cap = heed.constant 50.0 : f32 : tensor<f32>
  %zero = heed.constant 0.0 : f32 : tensor<f32>
  %i = heed.index "seq" : tensor<?xi32, #heed.axes<seq:T>>
  %j = heed.index "key" : tensor<?xi32, #heed.axes<key:K>>
  %d = heed.sub %j, %i : (tensor<?xi32, #heed.axes<key:K>>, tensor<?xi32, #heed.axes<seq:T>>) -> tensor<?x?xi32, #heed.axes<key:K, seq:T>>
  %f = heed.cast %d : (tensor<?x?xi32, #heed.axes<key:K, seq:T>>) -> !d
  %s = heed.contract %k, %q {axes = ["depth"]} : (!k, !q) -> !s
  %r = heed.div %s, %cap : (!s, tensor<f32>) -> !s
  %t = heed.tanh %r : (!s) -> !s
  %capped = heed.mul %t, %cap : (!s, tensor<f32>) -> !s
  %bias = heed.mul %slope, %f : (tensor<2x4xf32, #heed.axes<kv, group>>, !d) -> !s
  %score = heed.add %capped, %bias : (!s, !s) -> !s
  %w = heed.softmax %score {axis = "key"} : (!s) -> !s
  %kept = heed.where %drop, %w, %zero : (tensor<?x?xi1, #heed.axes<seq:T, key:K>>, !s, tensor<f32>) -> !s
  %o = heed.contract %kept, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// One query and no axis for it: a row axis of extent 1 comes and goes.
!q = tensor<8x64xf32, #heed.axes<heads, depth>>
!k = tensor<8x?x64xf32, #heed.axes<heads, key:K, depth>>
!s = tensor<8x?xf32, #heed.axes<heads, key:K>>

// CHECK-LABEL: @one_query
// CHECK:         %[[Q:.*]] = heed.along %arg0 {axis = "row"}
// CHECK:         %[[O:.*]] = heed.attention row("row") key("key") similar(%[[Q]], %arg1
// CHECK:         heed.merge %[[O]]
// CHECK-NOT:     heed.softmax
func.func @one_query(%q: !q, %k: !k, %v: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}

// -----

// Every query has keys of its own, and the values are shared: the batch stays outside, the row has extent 1.
!q = tensor<?x8xf32, #heed.axes<batch:B, depth>>
!k = tensor<?x?x8xf32, #heed.axes<batch:B, key:K, depth>>
!v = tensor<?x8xf32, #heed.axes<key:K, depth>>
!s = tensor<?x?xf32, #heed.axes<batch:B, key:K>>

// CHECK-LABEL: @own_keys
// CHECK-NOT:     heed.contract
// CHECK:         heed.attention row("row") key("key")
// CHECK-NOT:     heed.softmax
func.func @own_keys(%q: !q, %k: !k, %v: !v) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %v {axes = ["key"]} : (!s, !v) -> !q
  return %o : !q
}

// The kernel divides by the sum of the weights at its end: what is no multiple of them is no attention.
// CHECK-LABEL: @squared_weights(
// CHECK-NOT: heed.attention
// CHECK: heed.softmax
func.func @squared_weights(%s: tensor<8x16xf32, #heed.axes<seq, key>>, %v: tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>> {
  %w = heed.softmax %s {axis = "key"} : (tensor<8x16xf32, #heed.axes<seq, key>>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %w2 = heed.mul %w, %w : (tensor<8x16xf32, #heed.axes<seq, key>>, tensor<8x16xf32, #heed.axes<seq, key>>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %o = heed.contract %w2, %v {axes = ["key"]} : (tensor<8x16xf32, #heed.axes<seq, key>>, tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>>
  return %o : tensor<8x4xf32, #heed.axes<seq, value>>
}

// CHECK-LABEL: @complement_of_weights(
// CHECK-NOT: heed.attention
func.func @complement_of_weights(%s: tensor<8x16xf32, #heed.axes<seq, key>>, %v: tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>> {
  %w = heed.softmax %s {axis = "key"} : (tensor<8x16xf32, #heed.axes<seq, key>>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %1 = heed.constant 1.0 : f32 : tensor<f32>
  %c = heed.sub %1, %w : (tensor<f32>, tensor<8x16xf32, #heed.axes<seq, key>>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %o = heed.contract %c, %v {axes = ["key"]} : (tensor<8x16xf32, #heed.axes<seq, key>>, tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>>
  return %o : tensor<8x4xf32, #heed.axes<seq, value>>
}

// Dropout and a gate are factors: one kernel.
// CHECK-LABEL: @scaled_weights(
// CHECK: heed.attention
// CHECK-NOT: heed.softmax
func.func @scaled_weights(%s: tensor<8x16xf32, #heed.axes<seq, key>>, %m: tensor<8x16xi1, #heed.axes<seq, key>>, %v: tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>> {
  %w = heed.softmax %s {axis = "key"} : (tensor<8x16xf32, #heed.axes<seq, key>>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %0 = heed.constant 0.0 : f32 : tensor<f32>
  %d = heed.constant 0.9 : f32 : tensor<f32>
  %k = heed.where %m, %w, %0 : (tensor<8x16xi1, #heed.axes<seq, key>>, tensor<8x16xf32, #heed.axes<seq, key>>, tensor<f32>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %c = heed.div %k, %d : (tensor<8x16xf32, #heed.axes<seq, key>>, tensor<f32>) -> tensor<8x16xf32, #heed.axes<seq, key>>
  %o = heed.contract %c, %v {axes = ["key"]} : (tensor<8x16xf32, #heed.axes<seq, key>>, tensor<16x4xf32, #heed.axes<key, value>>) -> tensor<8x4xf32, #heed.axes<seq, value>>
  return %o : tensor<8x4xf32, #heed.axes<seq, value>>
}
