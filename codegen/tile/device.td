// The part of the tile dialect that only a device knows: kernels of blocks of threads.
//
// The code generator of the GPU writes these; passes never do. Test: tests/codegen/gpu/outline.mlir.
#ifndef HEED_CODEGEN_TILE_DEVICE_TD
#define HEED_CODEGEN_TILE_DEVICE_TD

include "heed/codegen/tile/tile.td"

def Tile_LaunchOp : Tile_Op<"launch", [SingleBlock]> {
  let summary = "a kernel: `blocks` times `threads` run the region, in any order";
  let description = [{
    The region gets the number of the block, of the thread in it, and the block's shared memory (`shared_bytes`,
    128-byte aligned, contents undefined), and ends with an empty tile.yield. Values from above may be used inside; none
    is returned. Kernels of one function run one after the other. codegen/gpu/outline.cpp turns it into a function of
    the device and a call of heed_launch.
  }];
  let arguments = (ins Index:$blocks, I64Attr:$threads, I64Attr:$shared_bytes);
  let regions = (region SizedRegion<1>:$body);   // ^bb(%block: index, %thread: index, %shared: memref<?xi8, 3>)
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// What the driver can give: threads of a block, and shared memory of it where the kernel asks for more than usual.
    static constexpr int64_t maxThreads = 1024, maxSharedBytes = 227 * 1024;
  }];
}
#endif
