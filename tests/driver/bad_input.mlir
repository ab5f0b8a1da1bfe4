// Wrong IR is a diagnostic at its place, whatever is wrong with it.
// RUN: heed-opt %s -split-input-file -verify-diagnostics

func.func @unknown(%x: tensor<?xf32, #heed.axes<seq:T>>) -> tensor<?xf32, #heed.axes<seq:T>> {
  // expected-error @below {{unregistered operation 'heed.frobnicate'}}
  %y = "heed.frobnicate"(%x) : (tensor<?xf32, #heed.axes<seq:T>>) -> tensor<?xf32, #heed.axes<seq:T>>
  return %y : tensor<?xf32, #heed.axes<seq:T>>
}
