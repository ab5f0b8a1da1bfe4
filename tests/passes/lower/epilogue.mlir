// RUN: heed-opt %s --heed-lower-to-tile | FileCheck %s

// An epilogue is a region of the tile op; what it reads beside the sum is captured, constants and positions are not.
// CHECK-LABEL: func.func @epilogue
// CHECK: "tile.contract"(%arg0, %arg1, %arg2, %arg3)
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %[[B:.*]]: f32):
// CHECK: arith.addf %[[S]], %[[B]]
// CHECK: tile.index 1
// CHECK: tile.yield
// CHECK-NOT: linalg
// CHECK: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<8x16xf32, #heed.axes<model, hidden>>
!b = tensor<16xf32, #heed.axes<hidden>>
!h = tensor<?x16xf32, #heed.axes<seq:T, hidden>>
func.func @epilogue(%x: !x, %w: !w, %b: !b) -> !h {
  %i = heed.index "hidden" : tensor<16xi32, #heed.axes<hidden>>
  %h = heed.epilogue -> !h {
    %s = heed.contract %x, %w {axes = ["model"]} : (!x, !w) -> !h
    %y = heed.add %s, %b : (!h, !b) -> !h
    %m = heed.along %i {axis = "seq"} : (tensor<16xi32, #heed.axes<hidden>>) -> tensor<?x16xi32, #heed.axes<seq:T, hidden>>
    %f = heed.cast %m : (tensor<?x16xi32, #heed.axes<seq:T, hidden>>) -> !h
    %r = heed.mul %y, %f : (!h, !h) -> !h
    heed.yield %r : !h
  }
  return %h : !h
}
