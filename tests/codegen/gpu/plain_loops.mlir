// Products without tiles say why.
// RUN: heed-opt %s --tile-launch-kernels=chip=sm_90a --verify-diagnostics -o /dev/null

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

func.func @whole(%x: memref<8x8xi32>, %o: memref<8x8xi32>) {
  // expected-remark @below {{product by plain loops: of i32}}
  "tile.contract"(%x, %x, %o) <{roles = ["row", "column", "depth"], indexing_maps = [#mk, #nk, #mn]}> ({
  }) : (memref<8x8xi32>, memref<8x8xi32>, memref<8x8xi32>) -> ()
  return
}

func.func @mixed(%x: memref<8x8xbf16>, %y: memref<8x8xf16>, %o: memref<8x8xf32>) {
  // expected-remark @below {{product by plain loops: of bf16 and f16}}
  "tile.contract"(%x, %y, %o) <{roles = ["row", "column", "depth"], indexing_maps = [#mk, #nk, #mn]}> ({
  }) : (memref<8x8xbf16>, memref<8x8xf16>, memref<8x8xf32>) -> ()
  return
}

func.func @vector(%x: memref<8xbf16>, %y: memref<8x8xbf16>, %o: memref<8xf32>) {
  // expected-remark @below {{product by plain loops: it has no rows}}
  "tile.contract"(%x, %y, %o) <{roles = ["column", "depth"], indexing_maps = [
      affine_map<(n, k) -> (k)>, affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (n)>]}> ({
  }) : (memref<8xbf16>, memref<8x8xbf16>, memref<8xf32>) -> ()
  return
}

func.func @strided(%x: memref<8x8xbf16, strided<[16, 2]>>, %y: memref<8x8xbf16>, %o: memref<8x8xf32>) {
  // expected-remark @below {{product by plain loops: the left side is contiguous along neither rows nor the depth}}
  "tile.contract"(%x, %y, %o) <{roles = ["row", "column", "depth"], indexing_maps = [#mk, #nk, #mn]}> ({
  }) : (memref<8x8xbf16, strided<[16, 2]>>, memref<8x8xbf16>, memref<8x8xf32>) -> ()
  return
}
