// Of few rows the keys are split: memory for the parts, the kernel of the parts, and one that merges them.
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_90a 2>&1 | FileCheck %s
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_80 2>&1 | FileCheck %s --check-prefix=AMPERE

#q = affine_map<(h, g, i, j, d, v) -> (h, g, i, d)>
#k = affine_map<(h, g, i, j, d, v) -> (h, j, d)>
#v = affine_map<(h, g, i, j, d, v) -> (h, j, v)>
#o = affine_map<(h, g, i, j, d, v) -> (h, g, i, v)>

// CHECK-DAG: remark: attention by wgmma: blocks of 126 rows, 128 keys at a time, 7 at a position that share their keys; more than 1024 keys in parts of as many, if a batch of one has at most 33 blocks
// CHECK-DAG: remark: attention by mma.sync: blocks of 64 rows, 64 keys at a time, 7 at a position
// CHECK:     func.func @decode
// CHECK:     tile.shared
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = {{.*}}, threads = 384 : i64}>
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 0 : i64, threads = 256 : i64}>
// CHECK:     tile.shared
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = {{.*}}, threads = 128 : i64}>
// CHECK:     "tile.launch"(%{{.*}}) <{shared_bytes = 0 : i64, threads = 256 : i64}>

// AMPERE:     remark: attention by mma.sync{{.*}}if a batch of one has at most 27 blocks
// AMPERE-NOT: remark
func.func @decode(%q: memref<8x7x?x64xbf16>, %k: memref<8x?x64xbf16>, %v: memref<8x?x64xbf16>,
                  %o: memref<8x7x?x64xbf16>) {
  "tile.attention"(%q, %k, %v, %o) <{similarity = array<i64: 0, 0>,
      roles = ["outer", "outer", "row", "key", "depth", "value"], indexing_maps = [#q, #k, #v, #o],
      operandSegmentSizes = array<i32: 2, 0, 1, 0, 1, 0>}> ({
  ^bb0(%s: f32):
    tile.yield %s : f32
  }, {}, {}, {}, {
  ^bb0(%x: f32, %y: f32):
    %p = arith.mulf %x, %y : f32
    tile.yield %p : f32
  }) : (memref<8x7x?x64xbf16>, memref<8x?x64xbf16>, memref<8x?x64xbf16>, memref<8x7x?x64xbf16>) -> ()
  return
}

