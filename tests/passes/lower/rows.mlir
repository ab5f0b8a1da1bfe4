// RUN: heed-opt %s --heed-lower-to-tile | FileCheck %s

// Each reduction is a phase that computes again what it needs.
// CHECK-LABEL: func.func @softmax_of_squares
// CHECK: "tile.rows"(%arg0, %arg1) <{{.*}} roles = ["row", "along"]
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK: math.exp
// CHECK: arith.divf
// CHECK: ^bb0(%[[X:.*]]: f32, %[[M:.*]]: f32):
// CHECK-NEXT: %[[Q:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT: arith.maximumf %[[M]], %[[Q]]
// CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[S:.*]]: f32):
// CHECK: %[[E:.*]] = math.exp
// CHECK-NEXT: arith.addf %[[S]], %[[E]]
// CHECK-NOT: linalg
// CHECK: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
func.func @softmax_of_squares(%x: !x) -> !x {
  %y = heed.rows "model" -> !x {
    %q = heed.mul %x, %x : (!x, !x) -> !x
    %p = heed.softmax %q {axis = "model"} : (!x) -> !x
    heed.yield %p : !x
  }
  return %y : !x
}
