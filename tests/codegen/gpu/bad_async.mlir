// RUN: heed-opt %s --split-input-file --verify-diagnostics

func.func @rank(%a: index) {
  // expected-error@+1 {{'tile.tensor_map' op rank 2 wants 1 strides and a box of 2; has 0 and 2}}
  %m = "tile.tensor_map"(%a, %a, %a) <{box = array<i64: 64, 8>, element = bf16, operandSegmentSizes = array<i32: 1, 2, 0>}> : (index, index, index) -> !llvm.array<16 x i64>
  return
}

// -----

func.func @box(%a: index) {
  // expected-error@+1 {{'tile.tensor_map' op a box of 32 inside; the swizzle wants 64}}
  %m = "tile.tensor_map"(%a, %a) <{box = array<i64: 32>, element = bf16, operandSegmentSizes = array<i32: 1, 1, 0>}> : (index, index) -> !llvm.array<16 x i64>
  return
}

// -----

func.func @element(%a: index) {
  // expected-error@+1 {{'tile.tensor_map' op of 'f32'; bf16 and f16 are possible}}
  %m = "tile.tensor_map"(%a, %a) <{box = array<i64: 64>, element = f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (index, index) -> !llvm.array<16 x i64>
  return
}

// -----

func.func @width(%d: i64) {
  // expected-error@+1 {{'tile.wgmma' op n is 12; a multiple of 8, at most 256, is required}}
  "tile.wgmma"(%d, %d) <{n = 12, element = bf16, operandSegmentSizes = array<i32: 1, 1, 0>}> : (i64, i64) -> ()
  return
}

// -----

func.func @left(%d: i64, %r: i32) {
  // expected-error@+1 {{'tile.wgmma' op a must be one i64 or four i32}}
  %s:4 = "tile.wgmma"(%r, %d) <{n = 8, element = bf16, operandSegmentSizes = array<i32: 1, 1, 0>}> : (i32, i64) -> (f32, f32, f32, f32)
  return
}

// -----

func.func @sums(%d: i64) {
  // expected-error@+1 {{'tile.wgmma' op has 0 sums and 2 results; n = 8 wants 4}}
  %s:2 = "tile.wgmma"(%d, %d) <{n = 8, element = bf16, operandSegmentSizes = array<i32: 1, 1, 0>}> : (i64, i64) -> (f32, f32)
  return
}

// -----

func.func @tied(%x: f32) {
  // expected-error@+1 {{'tile.wgmma_wait' op must return values of the types it takes}}
  %s:2 = "tile.wgmma_wait"(%x) <{pending = 0}> : (f32) -> (f32, f32)
  return
}

// -----

func.func @barrier() {
  %none = arith.constant 0 : i32
  // expected-error@+1 {{'tile.named_barrier' op barrier 0; 1 to 15 are possible}}
  tile.named_barrier %none, 128
  return
}

// -----

func.func @registers() {
  // expected-error@+1 {{'tile.registers' op 20 registers; a multiple of 8 from 24 to 256 is required}}
  tile.registers 20
  return
}
