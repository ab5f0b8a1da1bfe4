// Which threads do what: RUN lines below say one fact of each kind of op.
// RUN: heed-opt %s --split-input-file --tile-launch-kernels | FileCheck %s

// A thread for each element.
// CHECK-LABEL: @pointwise
// CHECK:       "tile.launch"(%{{.*}}) <{shared_bytes = 0 : i64, threads = 256 : i64}>
// CHECK-NOT:   nvvm.shfl
// CHECK-NOT:   linalg
func.func @pointwise(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A warp for each row that is contiguous along what is reduced: five shuffles.
// CHECK-LABEL:   @reduce
// CHECK:         "tile.launch"
// CHECK-COUNT-5: nvvm.shfl.sync bfly
// CHECK-NOT:     nvvm.shfl
func.func @reduce(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i)>],
                  iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A loop that reads memory is one kernel, each of its rounds a block.
// CHECK-LABEL: @reads
// CHECK-NOT:   memref.load
// CHECK:       "tile.launch"
// CHECK:         memref.load
// CHECK:         scf.if
// CHECK:           scf.for
// CHECK:             memref.store
// CHECK:       return
func.func @reads(%past: memref<?xi32>, %x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %past, %c0 : memref<?xi32>
  %m = memref.dim %x, %c1 : memref<?x?xf32>
  scf.for %row = %c0 to %n step %c1 {
    %p = memref.load %past[%row] : memref<?xi32>
    %begin = arith.index_cast %p : i32 to index
    %fits = arith.cmpi sge, %begin, %c0 : index
    scf.if %fits {
      %from = memref.subview %x[%row, 0] [1, %m] [1, 1] : memref<?x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
      %to = memref.subview %y[%row, %begin] [1, %m] [1, 1] : memref<?x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
          ins(%from : memref<1x?xf32, strided<[?, 1], offset: ?>>)
          outs(%to : memref<1x?xf32, strided<[?, 1], offset: ?>>) {
      ^bb0(%a: f32, %b: f32):
        linalg.yield %a : f32
      }
    }
  }
  return
}
