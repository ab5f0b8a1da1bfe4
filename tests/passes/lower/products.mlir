// RUN: heed-opt %s --heed-lower-to-tile | FileCheck %s

// Contractions are one op; buffers come before it. An epilogue reads what another one stored.
// CHECK-LABEL: func.func @products
// CHECK: %[[U:.*]] = memref.alloc
// CHECK: "tile.products"() ({
// CHECK-NEXT: "tile.contract"(%arg0, %arg1, %[[U]])
// CHECK: "tile.contract"(%arg0, %arg2, %[[U]], %arg3)
// CHECK: }) : () -> ()
// CHECK-NEXT: return
!x = tensor<?x8xf32, #heed.axes<seq:T, model>>
!w = tensor<16x8xf32, #heed.axes<hidden, model>>
!h = tensor<?x16xf32, #heed.axes<seq:T, hidden>>
func.func @products(%x: !x, %u: !w, %g: !w) -> !h {
  %r = heed.products -> !h {
    %a = heed.contract %x, %u {axes = ["model"]} : (!x, !w) -> !h
    %b = heed.epilogue -> !h {
      %s = heed.contract %x, %g {axes = ["model"]} : (!x, !w) -> !h
      %y = heed.mul %s, %a : (!h, !h) -> !h
      heed.yield %y : !h
    }
    heed.yield %b : !h
  }
  return %r : !h
}

// Copies of a block that no loop computes: each writes buffers of its own.
// CHECK-LABEL: func.func @copies
// CHECK: "tile.products"() ({
// CHECK-NEXT: "tile.contract"(%arg0, %arg1, %[[A:[a-z0-9_]*]])
// CHECK: "tile.contract"(%arg0, %arg1, %[[B:[a-z0-9_]*]])
// CHECK: "tile.products"() ({
// CHECK-NEXT: "tile.contract"(%arg0, %arg2, %[[C:[a-z0-9_]*]])
// CHECK-NOT: "tile.contract"(%arg0, %arg2, %[[A]])
// CHECK-NOT: "tile.contract"(%arg0, %arg2, %[[B]])
// CHECK: return
!s = tensor<8x8xf32, #heed.axes<model, hidden>>
!t = tensor<?x8xf32, #heed.axes<seq:T, hidden>>
func.func @copies(%x: !x, %u: !s, %v: !s) -> !t {
  %z = heed.contract %x, %u {axes = ["model"]} : (!x, !s) -> !t
  %r = heed.repeat 2 carries(%z : !t) parameters(%u, %v : !s, !s) -> (!t) {
  ^bb0(%c: !t, %w: !s):
    %p:2 = heed.products -> !t, !t {
      %a = heed.contract %x, %w {axes = ["model"]} : (!x, !s) -> !t
      %b = heed.contract %x, %w {axes = ["model"]} : (!x, !s) -> !t
      heed.yield %a, %b : !t, !t
    }
    %1 = heed.mul %p#0, %p#1 : (!t, !t) -> !t
    %2 = heed.add %1, %c : (!t, !t) -> !t
    heed.yield %2 : !t
  }
  return %r : !t
}
