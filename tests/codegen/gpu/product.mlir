// Of which kernels the host chooses: by how many tiles there are, and by whether the depth lies as one.
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_90a 2>&1 | FileCheck %s
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_80 2>&1 | FileCheck %s --check-prefix=AMPERE
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_90a+tf32 2>&1 | FileCheck %s --check-prefix=TF32

// CHECK-DAG: remark: product by wgmma: tiles of 128 x 256, 4 stages, blocks that take tile after tile; if there are more than 66
// CHECK-DAG: remark: product by mma.sync: tiles of 128 x 128, 3 stages; where wgmma is not
// CHECK-DAG: remark: product by fma: tiles of 128 x 128, 3 stages; if there are fewer than 33, of 16 x 32, 4 stages
// CHECK-DAG: remark: product by plain loops: where the dims of a role do not lie as one
// CHECK:     func.func @heads
// CHECK:     tile.tensor_map
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 196672 : i64, threads = 384 : i64}>
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = {{.*}}, threads = 256 : i64}>
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 0 : i64, threads = 256 : i64}>

// AMPERE: remark: product by mma.sync: tiles of 128 x 128, 3 stages; sm_80 has no wgmma
// AMPERE-NOT: tensor_map
func.func @heads(%x: memref<?x4x64xbf16, strided<[?, ?, 1], offset: ?>>, %w: memref<512x4x64xbf16>,
                 %o: memref<?x512xbf16>) {
  "tile.contract"(%x, %w, %o) <{roles = ["row", "column", "depth", "depth"], indexing_maps = [
      affine_map<(m, n, h, d) -> (m, h, d)>, affine_map<(m, n, h, d) -> (n, h, d)>,
      affine_map<(m, n, h, d) -> (m, n)>]}> ({
  }) : (memref<?x4x64xbf16, strided<[?, ?, 1], offset: ?>>, memref<512x4x64xbf16>, memref<?x512xbf16>) -> ()
  return
}

// TF32-DAG: remark: product by wgmma: tiles of 128 x 256
// TF32-DAG: remark: product by mma.sync in tf32: tiles of 128 x 128, 3 stages; as sm_90a+tf32 says
// TF32-NOT: product by fma

// Of known extents one form is left.
// CHECK:     func.func @single
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 67584 : i64, threads = 256 : i64}>
// CHECK-NOT: tile.launch
func.func @single(%x: memref<1024x64xf32>, %w: memref<64x1024xf32>, %o: memref<1024x1024xf32>) {
  "tile.contract"(%x, %w, %o) <{roles = ["row", "column", "depth"], indexing_maps = [
      affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]}> ({
  }) : (memref<1024x64xf32>, memref<64x1024xf32>, memref<1024x1024xf32>) -> ()
  return
}
