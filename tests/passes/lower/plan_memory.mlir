// RUN: heed-opt %s --heed-plan-memory --canonicalize --cse | FileCheck %s

// Three buffers, two alive at a time: the third takes the place of the first. One arena, no other allocation.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[X:[^:]*]]: memref<?xf32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[MASK:.*]] = arith.constant -64 : index
// CHECK: %[[N:.*]] = memref.dim %[[X]], %[[ZERO]]
// CHECK: %[[SIZE:.*]] = arith.andi %{{.*}}, %[[MASK]]
// CHECK: %[[TOTAL:.*]] = arith.addi %[[SIZE]], %[[SIZE]]
// CHECK: %[[ARENA:.*]] = memref.alloc(%[[TOTAL]]) {alignment = 64 : i64} : memref<?xi8>
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%[[ZERO]]][%[[N]]]
// CHECK: %[[B:.*]] = memref.view %[[ARENA]][%[[SIZE]]][%[[N]]]
// CHECK-NOT: memref.alloc
// CHECK: linalg.exp ins(%[[B]] {{.*}} outs(%[[A]]
func.func @chain(%x: memref<?xf32>) {
  %zero = arith.constant 0 : index
  %n = memref.dim %x, %zero : memref<?xf32>
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%x : memref<?xf32>) outs(%a : memref<?xf32>)
  %b = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  %c = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%b : memref<?xf32>) outs(%c : memref<?xf32>)
  linalg.exp ins(%c : memref<?xf32>) outs(%x : memref<?xf32>)
  return
}

// A view keeps its buffer alive.
// CHECK-LABEL: func.func @view
// CHECK: %[[OTHER:.*]] = arith.constant 64 : index
// CHECK: memref.alloc
// CHECK: memref.view %{{.*}}[%[[OTHER]]]
func.func @view(%x: memref<2x4xf32>, %y: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  linalg.exp ins(%y : memref<8xf32>) outs(%a : memref<8xf32>)
  %v = memref.expand_shape %a [[0, 1]] output_shape [2, 4] : memref<8xf32> into memref<2x4xf32>
  %b = memref.alloc() : memref<8xf32>
  linalg.exp ins(%y : memref<8xf32>) outs(%b : memref<8xf32>)
  linalg.exp ins(%v : memref<2x4xf32>) outs(%x : memref<2x4xf32>)
  linalg.exp ins(%b : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}

// Nothing to place, no arena.
// CHECK-LABEL: func.func @none
// CHECK-NOT: memref.alloc
func.func @none(%x: memref<8xf32>) {
  linalg.exp ins(%x : memref<8xf32>) outs(%x : memref<8xf32>)
  return
}

// The buffers of a loop share an arena of the loop, which is a buffer of the function.
// CHECK-LABEL: func.func @loop
// CHECK: %[[ALL:.*]] = memref.alloc
// CHECK-NOT: memref.alloc
// CHECK: %[[OWN:.*]] = memref.view %[[ALL]]
// CHECK: scf.for
// CHECK: memref.view %[[OWN]]
// CHECK: memref.view %[[OWN]]
func.func @loop(%x: memref<?xf32>) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %4 = arith.constant 4 : index
  %n = memref.dim %x, %0 : memref<?xf32>
  scf.for %i = %0 to %4 step %1 {
    %a = memref.alloc(%n) : memref<?xf32>
    linalg.exp ins(%x : memref<?xf32>) outs(%a : memref<?xf32>)
    %b = memref.alloc(%n) : memref<?xf32>
    linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
    linalg.exp ins(%b : memref<?xf32>) outs(%x : memref<?xf32>)
  }
  return
}
