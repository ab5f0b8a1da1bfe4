// RUN: heed-opt %s --heed-unroll-repeat | FileCheck %s

// CHECK-LABEL: func.func @copies
// CHECK: heed.repeat
func.func @copies(%x: tensor<f32>, %a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
  %0 = heed.repeat 2 carries(%x : tensor<f32>) parameters(%a, %b : tensor<f32>, tensor<f32>) -> (tensor<f32>) {
  ^bb0(%y: tensor<f32>, %w: tensor<f32>):
    %1 = heed.add %y, %w : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heed.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @copies_of_copies
// CHECK-SAME: %[[X:[^:]*]]: tensor<f32>, %[[A:[^:]*]]: tensor<f32>, %[[B:[^:]*]]: tensor<f32>, %[[C:[^:]*]]: tensor<f32>, %[[D:[^:]*]]: tensor<f32>
// CHECK: %[[ONE:.*]] = heed.repeat 2 carries(%[[X]] : tensor<f32>) parameters(%[[A]], %[[B]] :
// CHECK: %[[TWO:.*]] = heed.repeat 2 carries(%[[ONE]] : tensor<f32>) parameters(%[[C]], %[[D]] :
// CHECK: return %[[TWO]]
func.func @copies_of_copies(%x: tensor<f32>, %a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>) -> tensor<f32> {
  %0 = heed.repeat 2 carries(%x : tensor<f32>) parameters(%a, %c, %b, %d : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>) {
  ^bb0(%y: tensor<f32>, %v: tensor<f32>, %w: tensor<f32>):
    %1 = heed.repeat 2 carries(%y : tensor<f32>) parameters(%v, %w : tensor<f32>, tensor<f32>) -> (tensor<f32>) {
    ^bb0(%z: tensor<f32>, %u: tensor<f32>):
      %2 = heed.add %z, %u : (tensor<f32>, tensor<f32>) -> tensor<f32>
      heed.yield %2 : tensor<f32>
    }
    heed.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}
