// What Hopper does beside its threads: the copy engine for tiles (TMA), barriers in shared memory that count bytes, and
// products of a warpgroup (wgmma). PTX ISA 8.0, "Asynchronous warpgroup level matrix instructions" and "Data movement:
// bulk copy".
//
// Addresses in shared memory are of type index. codegen/gpu/lower_async.cpp makes instructions of these ops; the SIMT
// interpreter runs them as they are. Test: tests/codegen/gpu/async.mlir, tests/simt/async_test.cpp.
#ifndef HEED_CODEGEN_TILE_ASYNC_TD
#define HEED_CODEGEN_TILE_ASYNC_TD

include "heed/codegen/tile/tile.td"

def Tile_TensorMapOp : Tile_Op<"tensor_map", [AttrSizedOperandSegments]> {
  let summary = "on the host: what the copy engine is told of a tensor of 16-bit floats";
  let description = [{
    `address` in bytes, a multiple of 16;
    `sizes` of one to five dims, the innermost first, each at least 1;
    `strides` in bytes of all dims but the innermost, which is contiguous, multiples of 16;
    `box`: how much a load brings.The inner 64 numbers of a row lie swizzled in shared memory : of the address,
        bits 4 to 6 are those xor bits 7 to 9. What is outside of the tensor is 0. Kernels of sm_90 and later get it by
            value,
        as one of their parameters.
  }];
  let arguments = (ins Index:$address, Variadic<Index>:$sizes, Variadic<Index>:$strides, DenseI64ArrayAttr:$box,
                       TypeAttr:$element);
  let results = (outs AnyType : $map);  // !llvm.array<16 x i64>
  let hasVerifier = 1;
}

def Tile_TmaLoadOp : Tile_Op<"tma_load", []> {
  let summary = "one thread asks for a box of a tensor; its bytes are counted by a barrier when they are there";
  let description = "`to` is a multiple of 1024; `at`: the first element of the box, the innermost dim first.";
  let arguments = (ins AnyType : $map, Index : $to, Index : $barrier, Variadic<I32> : $at);
  let hasVerifier = 1;
}

def Tile_MbarrierInitOp : Tile_Op<"mbarrier_init", []> {
  let summary = "a barrier of 8 bytes that `count` arrivals complete; by one thread, before a block's barrier";
  let arguments = (ins Index : $barrier, I64Attr : $count);
  let assemblyFormat = "$barrier `,` $count attr-dict";
}
def Tile_MbarrierExpectOp : Tile_Op<"mbarrier_expect", []> {
  let summary = "arrives, and says how many bytes of copies this phase waits for, too";
  let arguments = (ins Index : $barrier, I64Attr : $bytes);
  let assemblyFormat = "$barrier `,` $bytes attr-dict";
}
def Tile_MbarrierArriveOp : Tile_Op<"mbarrier_arrive", []> {
  let summary = "the thread arrives";
  let arguments = (ins Index : $barrier);
  let assemblyFormat = "$barrier attr-dict";
}
def Tile_MbarrierWaitOp : Tile_Op<"mbarrier_wait", []> {
  let summary = "until the phase of this parity is complete; right after init the one of parity 1 is";
  let arguments = (ins Index : $barrier, I32 : $parity);
  let assemblyFormat = "$barrier `,` $parity attr-dict";
}

def Tile_WgmmaOp : Tile_Op<"wgmma", [AttrSizedOperandSegments]> {
  let summary = "four warps ask for sums + a b, of 64 x 16 and 16 x n numbers of 16 bits, summed in f32";
  let description = [{
    `a`: one i64,
         where it lies in shared memory,
         or four i32,
         each warp's 16 rows as fragments of mma.m16n8k16. `b` lies in shared memory
        : rows of the depth's 16 numbers, or with `upright` 16 rows of n. A place in shared memory is a matrix
          descriptor(PTX ISA, "Matrix descriptor") with the swizzle of 128 bytes. `sums`
        : n / 2 f32 of each thread;
    element 4 i + 2 h + c is row 8 h +
        lane / 4 of the warp's 16, column 8 i + 2 (lane % 4) + c. No sums: zeros. Results are not there,
        and operands in registers may not change, before a tile.wgmma_wait that returns them.
  }];
  let arguments = (ins Variadic<AnySignlessInteger>:$a, I64:$b, Variadic<F32>:$sums, I64Attr:$n, TypeAttr:$element,
                       UnitAttr:$upright);
  let results = (outs Variadic<F32> : $results);
  let hasVerifier = 1;
}
def Tile_WgmmaFenceOp : Tile_Op<"wgmma_fence"> {
  let summary = "what threads wrote to these registers comes before the products that follow";
  let arguments = (ins Variadic<AnyType> : $values);
  let results = (outs Variadic<AnyType> : $results);
  let hasVerifier = 1;
}
def Tile_WgmmaCommitOp : Tile_Op<"wgmma_commit", []> {
  let summary = "the products asked for since the last one are a group";
  let assemblyFormat = "attr-dict";
}
def Tile_WgmmaWaitOp : Tile_Op<"wgmma_wait"> {
  let summary = "until all but the last `pending` groups are done; returns what they were waited for";
  let arguments = (ins Variadic<F32> : $values, I64Attr : $pending);
  let results = (outs Variadic<F32> : $results);
  let hasVerifier = 1;
}

def Tile_FenceAsyncOp : Tile_Op<"fence_async", []> {
  let summary = "what this thread wrote to shared memory comes before what the copy engine and wgmma do there";
  let assemblyFormat = "attr-dict";
}
def Tile_NamedBarrierOp : Tile_Op<"named_barrier", []> {
  let summary = "until `threads` threads of the block are at barrier `id`, 1 to 15; who only arrives does not wait";
  let description = "A thread comes once before the barrier is complete; then it begins anew.";
  let arguments = (ins I32 : $id, I64Attr : $threads, UnitAttr : $arrive);
  let assemblyFormat = "$id `,` $threads (`arrive` $arrive^)? attr-dict";
  let hasVerifier = 1;
}
def Tile_RegistersOp : Tile_Op<"registers", []> {
  let summary = "a warpgroup gives registers back, or takes more: `count` for each thread from here on";
  let arguments = (ins I64Attr : $count, UnitAttr : $more);
  let assemblyFormat = "$count (`more` $more^)? attr-dict";
  let hasVerifier = 1;
}
#endif
