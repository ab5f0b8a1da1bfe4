// The depth in parts: few rows go by a kernel with a block for each part and one that adds them, many by a kernel that
// does both. Rows are not looked at for how many there are, and where wgmma takes many rows there is one.
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_80 2>&1 | FileCheck %s
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_90a 2>&1 | FileCheck %s --check-prefix=HOPPER

// CHECK:     product by mma.sync: {{.*}}; the depth in 16 parts, by blocks of their own if there are at most 108
// CHECK-NOT: remark
// CHECK:     tile.shared
// CHECK:     "tile.launch"
// CHECK:     nvvm.mma.sync
// CHECK:     "tile.launch"
// CHECK-COUNT-15: arith.addf
// CHECK-NOT: nvvm.mma.sync
// CHECK:     else
// CHECK:     "tile.launch"
// CHECK:     nvvm.mma.sync
// CHECK:     arith.addf
// CHECK-NOT: "tile.launch"

// HOPPER-NOT: the depth in
func.func @deep(%x: memref<?x4096xbf16>, %w: memref<4096x512xbf16>, %o: memref<?x512xbf16>) {
  "tile.contract"(%x, %w, %o) <{roles = ["row", "column", "depth"], indexing_maps = [
      affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]}> ({
  }) : (memref<?x4096xbf16>, memref<4096x512xbf16>, memref<?x512xbf16>) -> ()
  return
}
