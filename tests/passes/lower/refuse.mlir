// RUN: heed-opt %s --split-input-file --heed-lower-to-tile --verify-diagnostics

// expected-error @+1 {{the extent of axis key (K) of result 0 is not known; an input must carry its symbol}}
func.func @result() -> tensor<?xi32, #heed.axes<key:K>> {
  %0 = heed.index "key" : tensor<?xi32, #heed.axes<key:K>>
  return %0 : tensor<?xi32, #heed.axes<key:K>>
}

// -----

func.func @between(%x: tensor<f32>) -> tensor<f32> {
  %0 = heed.along %x {axis = "key"} : (tensor<f32>) -> tensor<?xf32, #heed.axes<key:K>>
  // expected-error @+1 {{the extent of axis key (K) is not known; an input must carry its symbol}}
  %1 = heed.sum %0 {axes = ["key"]} : (tensor<?xf32, #heed.axes<key:K>>) -> tensor<f32>
  return %1 : tensor<f32>
}

// -----

func.func @clash(%x: tensor<?xf32, #heed.axes<a:A>>, %y: tensor<?xf32, #heed.axes<b:B>>) -> tensor<?x4xf32, #heed.axes<b:B, c>> {
  // expected-error @+1 {{defines the extent of axis b (B), which is bound elsewhere}}
  %0 = heed.split %x {axis = "a", parts = ["b", "c"]} : (tensor<?xf32, #heed.axes<a:A>>) -> tensor<?x4xf32, #heed.axes<b:B, c>>
  return %0 : tensor<?x4xf32, #heed.axes<b:B, c>>
}

// -----

// expected-error @+1 {{only a function of one block on tensors with named axes can be lowered}}
func.func @foreign(%x: tensor<4xf32>) {
  return
}
