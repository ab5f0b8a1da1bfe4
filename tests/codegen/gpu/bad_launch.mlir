// RUN: heed-opt %s --split-input-file --verify-diagnostics

func.func @threads(%n: index) {
  // expected-error@+1 {{'tile.launch' op 48 threads; a multiple of 32, at most 1024, is required}}
  "tile.launch"(%n) <{threads = 48, shared_bytes = 0}> ({
  ^bb0(%block: index, %thread: index, %shared: memref<?xi8, 3>):
    tile.yield
  }) : (index) -> ()
  return
}

// -----

func.func @shared(%n: index) {
  // expected-error@+1 {{'tile.launch' op 300000 bytes of shared memory; a block has at most 232448}}
  "tile.launch"(%n) <{threads = 32, shared_bytes = 300000}> ({
  ^bb0(%block: index, %thread: index, %shared: memref<?xi8, 3>):
    tile.yield
  }) : (index) -> ()
  return
}

// -----

func.func @arguments(%n: index) {
  // expected-error@+1 {{'tile.launch' op the region must take (index, index, 'memref<?xi8, 3>')}}
  "tile.launch"(%n) <{threads = 32, shared_bytes = 0}> ({
  ^bb0(%block: index, %thread: index):
    tile.yield
  }) : (index) -> ()
  return
}
