// RUN: heed-opt %s --heed-unroll-repeat | FileCheck %s

// CHECK-LABEL: func.func @copies
// CHECK-SAME: %[[X:[^:]*]]: tensor<f32>, %[[A:[^:]*]]: tensor<f32>, %[[B:[^:]*]]: tensor<f32>
// CHECK: %[[ONE:.*]] = heed.add %[[X]], %[[A]]
// CHECK: %[[TWO:.*]] = heed.add %[[ONE]], %[[B]]
// CHECK: return %[[TWO]]
func.func @copies(%x: tensor<f32>, %a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
  %0 = heed.repeat 2 carries(%x : tensor<f32>) parameters(%a, %b : tensor<f32>, tensor<f32>) -> (tensor<f32>) {
  ^bb0(%y: tensor<f32>, %w: tensor<f32>):
    %1 = heed.add %y, %w : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heed.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}
