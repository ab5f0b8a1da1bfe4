// RUN: heed-opt %s --tile-add-session --tile-outline-parallel | FileCheck %s

// The task gets what it uses through a struct; constants are made again inside.
// CHECK-LABEL: func.func private @scale_task0(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %[[TASK:.*]]: i64, %{{.*}}: !llvm.ptr)
// CHECK:         arith.constant 2.0
// CHECK:         %[[I:.*]] = arith.index_cast %[[TASK]] : i64 to index
// CHECK:         memref.store %{{.*}}, %{{.*}}[%[[I]]]
// CHECK-LABEL: func.func @scale(
// CHECK-SAME:    %[[SESSION:.*]]: !llvm.ptr, %{{.*}}: memref<?xf32>)
// CHECK:         call @heed_arena(%[[SESSION]],
// CHECK:         call @heed_parallel(%[[SESSION]],
// CHECK-NOT:     tile.parallel
func.func @scale(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %two = arith.constant 2.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32>
  %arena = memref.alloc(%n) : memref<?xi8>
  "tile.parallel"(%n, %c0) ({
  ^bb0(%i: index, %scratch: memref<?xf32>):
    %a = memref.load %x[%i] : memref<?xf32>
    %b = arith.mulf %a, %two : f32
    memref.store %b, %x[%i] : memref<?xf32>
    tile.yield
  }) : (index, index) -> ()
  memref.dealloc %arena : memref<?xi8>
  return
}

// Two loops that do the same have one task.
// CHECK:         func.func private @twice_task1(
// CHECK-NOT:     func.func private
// CHECK:         func.func @twice(
// CHECK-COUNT-2: constant @twice_task1
func.func @twice(%x: memref<?xf32>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  "tile.parallel"(%n, %c0) ({
  ^bb0(%i: index, %scratch: memref<?xf32>):
    %a = memref.load %x[%i] : memref<?xf32>
    %b = arith.addf %a, %a : f32
    memref.store %b, %x[%i] : memref<?xf32>
    tile.yield
  }) : (index, index) -> ()
  "tile.parallel"(%n, %c0) ({
  ^bb0(%i: index, %scratch: memref<?xf32>):
    %a = memref.load %y[%i] : memref<?xf32>
    %b = arith.addf %a, %a : f32
    memref.store %b, %y[%i] : memref<?xf32>
    tile.yield
  }) : (index, index) -> ()
  return
}

// What tasks share comes from the session, and they get where it is.
// CHECK-LABEL: func.func @sharing(
// CHECK-SAME:    %[[S:.*]]: !llvm.ptr
// CHECK:         call @heed_shared(%[[S]],
// CHECK:         call @heed_parallel(%[[S]],
func.func @sharing(%n: index) {
  %memory = tile.shared %n : memref<?xf32>
  %zero = arith.constant 0.0 : f32
  "tile.parallel"(%n, %n) ({
  ^bb0(%i: index, %scratch: memref<?xf32>):
    memref.store %zero, %memory[%i] : memref<?xf32>
    tile.yield
  }) : (index, index) -> ()
  return
}

// CHECK-LABEL: func.func @counting(
// CHECK-SAME:    %[[MINE:.*]]: !llvm.ptr
// CHECK:         %[[COUNT:.*]] = call @heed_workers(%[[MINE]])
// CHECK:         arith.index_cast %[[COUNT]] : i64 to index
func.func @counting() -> index {
  %workers = tile.workers
  return %workers : index
}

// CHECK-LABEL: func.func @caller(
// CHECK-SAME:    %[[OURS:.*]]: !llvm.ptr
// CHECK:         call @scale(%[[OURS]],
func.func @caller(%x: memref<?xf32>) {
  call @scale(%x) : (memref<?xf32>) -> ()
  return
}
