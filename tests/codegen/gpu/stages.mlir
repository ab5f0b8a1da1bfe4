// Tiles of keys by mma.sync: the first is brought before the loop; in it each waits for its own copies, meets the other
// warps once, sends the next one on its way to the other stage, and multiplies.
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_80 2>/dev/null | FileCheck %s

#q = affine_map<(i, j, d, v) -> (i, d)>
#k = affine_map<(i, j, d, v) -> (j, d)>
#v = affine_map<(i, j, d, v) -> (j, v)>
#o = affine_map<(i, j, d, v) -> (i, v)>

// Two stages of 64 keys, K and V of 64 + 8 numbers in a row (but the last), and a set of keys for each warp.
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 36832 : i64, threads = 128 : i64}>
// CHECK:     nvvm.cp.async.wait.group 0
// CHECK:     nvvm.barrier0
// CHECK:     nvvm.ldmatrix
// CHECK-NOT: nvvm.mma.sync
// CHECK:     nvvm.cp.async.shared.global
// CHECK:     nvvm.cp.async.commit.group
// CHECK:     scf.for
// CHECK:     nvvm.cp.async.wait.group 0
// CHECK:     nvvm.barrier0
// CHECK-NOT: nvvm.mma.sync
// CHECK:     nvvm.cp.async.shared.global
// CHECK:     nvvm.cp.async.commit.group
// CHECK-NOT: nvvm.cp.async
// CHECK:     nvvm.mma.sync
func.func @attend(%q: memref<?x64xbf16>, %k: memref<?x64xbf16>, %v: memref<?x64xbf16>, %o: memref<?x64xbf16>) {
  "tile.attention"(%q, %k, %v, %o) <{similarity = array<i64: 0, 0>,
      roles = ["row", "key", "depth", "value"], indexing_maps = [#q, #k, #v, #o],
      operandSegmentSizes = array<i32: 2, 0, 1, 0, 1, 0>}> ({
  ^bb0(%s: f32):
    tile.yield %s : f32
  }, {}, {}, {}, {
  ^bb0(%x: f32, %y: f32):
    %p = arith.mulf %x, %y : f32
    tile.yield %p : f32
  }) : (memref<?x64xbf16>, memref<?x64xbf16>, memref<?x64xbf16>, memref<?x64xbf16>) -> ()
  return
}
