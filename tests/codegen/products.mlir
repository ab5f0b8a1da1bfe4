// One loop over tasks for all products; what cannot be one kernel becomes several.
// RUN: heed-opt %s --tile-lower-contract=features=avx2 | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#o = affine_map<(m, n, k) -> (m, n)>
#t = affine_map<(m, n, k) -> (k, n)>
!x = memref<?x?xf32, strided<[?, 1]>>
!n = memref<40x?xf32, strided<[?, 1]>>
!h = memref<?x40xf32, strided<[?, 1]>>

// Two products that differ in their operands alone share their code, which chooses among the operands. The third has
// another width.
// CHECK-LABEL: func.func @one
// CHECK-COUNT-1: tile.parallel
// CHECK: arith.select %{{.*}} : memref<?xf32>
// CHECK-NOT: tile.parallel
// CHECK: return
func.func @one(%x: !x, %a: !n, %b: !n, %c: !x, %p: !h, %q: !h, %r: !x) {
  "tile.products"() ({
    "tile.contract"(%x, %a, %p) <{roles = ["row", "column", "depth"], indexing_maps = [#x, #w, #o]}> ({}) : (!x, !n, !h) -> ()
    "tile.contract"(%x, %b, %q) <{roles = ["row", "column", "depth"], indexing_maps = [#x, #w, #o]}> ({}) : (!x, !n, !h) -> ()
    "tile.contract"(%x, %c, %r) <{roles = ["row", "column", "depth"], indexing_maps = [#x, #w, #o]}> ({}) : (!x, !x, !x) -> ()
  }) : () -> ()
  return
}

// A weight that streams past few rows has a form of its own for them.
// CHECK-LABEL: func.func @several
// CHECK: tile.parallel
// CHECK: tile.parallel
// CHECK: return
func.func @several(%x: !x, %a: !x, %c: !x, %p: !x, %r: !x) {
  "tile.products"() ({
    "tile.contract"(%x, %a, %p) <{roles = ["row", "column", "depth"], indexing_maps = [#x, #w, #o]}> ({}) : (!x, !x, !x) -> ()
    "tile.contract"(%x, %c, %r) <{roles = ["row", "column", "depth"], indexing_maps = [#x, #t, #o]}> ({}) : (!x, !x, !x) -> ()
  }) : () -> ()
  return
}
