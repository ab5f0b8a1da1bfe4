// The stages of the pipeline, each by the one fact that makes it that stage.
// RUN: heed-opt %s --heed-pipeline=stop=heed | FileCheck %s --check-prefix=HEED
// RUN: heed-opt %s --heed-pipeline=stop=fused | FileCheck %s --check-prefix=FUSED
// RUN: heed-opt %s --heed-pipeline=stop=tiled | FileCheck %s --check-prefix=TILED
// RUN: heed-opt %s --heed-pipeline=stop=lowered | FileCheck %s --check-prefix=LOWERED
// RUN: heed-opt %s --heed-pipeline="target=cpu:avx2 stop=lowered" | FileCheck %s --check-prefix=AVX2
// RUN: heed-opt %s --heed-pipeline="target=cpu:avx2+tiles=2000 stop=lowered" | FileCheck %s --check-prefix=AVX2
// RUN: not heed-opt %s --heed-pipeline="target=cpu:avx2+tiles=9000 stop=lowered" 2>&1 | FileCheck %s --check-prefix=TILES
// RUN: heed-opt %s --heed-pipeline=stop=llvm | FileCheck %s --check-prefix=LLVM
// RUN: not heed-opt %s --heed-pipeline=stop=nowhere 2>&1 | FileCheck %s --check-prefix=NOWHERE

!q = tensor<?x64xf32, #heed.axes<seq:T, depth>>
!k = tensor<?x64xf32, #heed.axes<key:T, depth>>
!s = tensor<?x?xf32, #heed.axes<seq:T, key:T>>

// HEED: heed.softmax
// FUSED: heed.attention
// FUSED-NOT: heed.softmax
// TILED: tile.attention
// TILED-NOT: heed.
// LOWERED-NOT: tile.
// LOWERED: vector<{{[0-9]+}}xf32>
// LOWERED-NOT: tile.
// AVX2: vector<8xf32>
// TILES: target=cpu:avx2+tiles=9000 {{.*}}then +tiles= and digits
// LLVM: llvm.func @heed_entry
// NOWHERE: stages graph, heed, fused, tiled, lowered and llvm
func.func @attend(%q: !q, %k: !k) -> !q {
  %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
  %w = heed.softmax %s {axis = "key"} : (!s) -> !s
  %o = heed.contract %w, %k {axes = ["key"]} : (!s, !k) -> !q
  return %o : !q
}
