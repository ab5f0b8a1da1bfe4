// What the asynchronous ops become: inline PTX, whose registers are tied where a product is under way.
// RUN: heed-opt %s --pass-pipeline='builtin.module(llvm.func(tile-lower-async))' | FileCheck %s

// CHECK-LABEL: llvm.func @products
llvm.func @products(%a: i64, %b: i64) -> f32 {
  // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "{{.*}}setp.ne.b32 more, 0, 0;{{.*}}wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, $4, $5, more, 1, 1, 0, 0;{{.*}}", "=f,=f,=f,=f,l,l,~{memory}" %{{.*}}, %{{.*}}
  %s:4 = "tile.wgmma"(%a, %b) <{n = 8, element = bf16, operandSegmentSizes = array<i32: 1, 1, 0>}> : (i64, i64) -> (f32, f32, f32, f32)
  // CHECK: llvm.inline_asm {{.*}}"wgmma.commit_group.sync.aligned;"
  tile.wgmma_commit
  // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,0,1,2,3,~{memory}"
  %t:4 = "tile.wgmma_wait"(%s#0, %s#1, %s#2, %s#3) <{pending = 0}> : (f32, f32, f32, f32) -> (f32, f32, f32, f32)
  llvm.return %t#0 : f32
}

// CHECK-LABEL: llvm.func @registers
llvm.func @registers(%a: i32, %b: i64, %x: f32) {
  // CHECK: llvm.inline_asm {{.*}}"wgmma.fence.sync.aligned;", "=f,=r,0,1,~{memory}"
  %y, %c = "tile.wgmma_fence"(%x, %a) : (f32, i32) -> (f32, i32)
  // CHECK: llvm.inline_asm {{.*}}setp.ne.b32 more, 1, 0;{{.*}}wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, more, 1, 1, 1;{{.*}}", "=f,=f,=f,=f,r,r,r,r,l,0,1,2,3,~{memory}"
  %s:4 = "tile.wgmma"(%c, %c, %c, %c, %b, %y, %y, %y, %y) <{n = 8, element = f16, upright, operandSegmentSizes = array<i32: 4, 1, 4>}> : (i32, i32, i32, i32, i64, f32, f32, f32, f32) -> (f32, f32, f32, f32)
  llvm.return
}

// CHECK-LABEL: llvm.func @copies
llvm.func @copies(%map: !llvm.ptr, %where: i64, %of: i64, %x: i32) {
  %to = arith.index_cast %where : i64 to index
  %barrier = arith.index_cast %of : i64 to index
  // CHECK: "mbarrier.init.shared::cta.b64 [$0], $1;"
  tile.mbarrier_init %barrier, 1
  // CHECK: "fence.proxy.async.shared::cta;"
  tile.fence_async
  // CHECK: "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;"
  tile.mbarrier_expect %barrier, 8192
  // CHECK: "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, {$3, $4}], [$2];", "r,l,r,r,r,~{memory}"
  "tile.tma_load"(%map, %to, %barrier, %x, %x) : (!llvm.ptr, index, index, i32, i32) -> ()
  // CHECK: mbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;
  tile.mbarrier_wait %barrier, %x
  // CHECK: "mbarrier.arrive.shared::cta.b64 _, [$0];"
  tile.mbarrier_arrive %barrier
  // CHECK: "bar.sync $0, 128;", "r,~{memory}" %{{.*}} : (i32)
  tile.named_barrier %x, 128
  // CHECK: "bar.arrive $0, 256;", "r,~{memory}" %{{.*}} : (i32)
  tile.named_barrier %x, 256 arrive
  // CHECK: "setmaxnreg.inc.sync.aligned.u32 240;"
  tile.registers 240 more
  llvm.return
}
