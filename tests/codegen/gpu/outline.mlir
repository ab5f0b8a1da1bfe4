// A launch becomes a function of the device and a call; what it uses from above is one struct.
// RUN: heed-opt %s --tile-add-session --tile-outline-launches | FileCheck %s

// CHECK:       llvm.mlir.global external constant @heed_image
// CHECK-LABEL: func.func @scale(
// CHECK-SAME:    %[[SESSION:.*]]: !llvm.ptr, %{{.*}}: memref<?xf32>)
// CHECK:         %[[RECORD:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(i64, ptr)>
// CHECK:         %[[IMAGE:.*]] = llvm.mlir.addressof @heed_image
// CHECK:         %[[NAME:.*]] = llvm.mlir.addressof @heed_name_scale_0
// CHECK:         %[[BYTES:.*]] = llvm.mlir.constant(16 : i64)
// CHECK:         call @heed_launch(%[[SESSION]], %[[IMAGE]], %[[NAME]], %{{.*}}, %{{.*}}, %{{.*}}, %[[RECORD]], %[[BYTES]])
// CHECK-NOT:     tile.launch
// CHECK-LABEL: module @device
// CHECK:         llvm.mlir.global external @heed_shared() {addr_space = 3
// CHECK-LABEL:   llvm.func @scale_0(
// CHECK-SAME:      %{{.*}}: !llvm.ptr {{{.*}}llvm.byval = !llvm.struct<(i64, ptr)>, nvvm.grid_constant})
// CHECK-SAME:      nvvm.kernel, nvvm.maxntid = array<i32: 64>, nvvm.minctasm = 1 : i32
// CHECK:           arith.constant 2.0
// CHECK:           nvvm.read.ptx.sreg.ctaid.x
// CHECK:           nvvm.read.ptx.sreg.tid.x
// CHECK:           memref.store
func.func @scale(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %two = arith.constant 2.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32>
  "tile.launch"(%n) <{threads = 64, shared_bytes = 0}> ({
  ^bb0(%block: index, %thread: index, %shared: memref<?xi8, 3>):
    %i = arith.muli %block, %n : index
    %a = memref.load %x[%i] : memref<?xf32>
    %b = arith.mulf %a, %two : f32
    memref.store %b, %x[%thread] : memref<?xf32>
    tile.yield
  }) : (index) -> ()
  return
}

// Two launches that do the same on other buffers are one function.
// CHECK-LABEL: llvm.func @twice_1(
// CHECK-NOT:   llvm.func @twice_2(
func.func private @twice(%x: memref<?xf32>, %y: memref<?xf32>) {
  %one = arith.constant 1 : index
  "tile.launch"(%one) <{threads = 32, shared_bytes = 64}> ({
  ^bb0(%block: index, %thread: index, %shared: memref<?xi8, 3>):
    %a = memref.load %x[%thread] : memref<?xf32>
    memref.store %a, %x[%block] : memref<?xf32>
    tile.yield
  }) : (index) -> ()
  "tile.launch"(%one) <{threads = 32, shared_bytes = 64}> ({
  ^bb0(%block: index, %thread: index, %shared: memref<?xi8, 3>):
    %a = memref.load %y[%thread] : memref<?xf32>
    memref.store %a, %y[%block] : memref<?xf32>
    tile.yield
  }) : (index) -> ()
  return
}
