"""OpenVINO, held to f32: left alone it computes in bf16 where the CPU can."""
import numpy as np
import openvino
import openvino.opset13 as op

from peers import onnx_model


def attention(inputs, causal):
    parameters = [op.parameter(x.shape, np.float32, name=n) for n, x in inputs.items()]
    return openvino.Model([op.scaled_dot_product_attention(*parameters, causal=causal)], parameters, "attention")


def prepare(name, kind, given, about, threads):
    core = openvino.Core()
    if kind == "attention":
        inputs = {n: given["input." + n] for n in "qkv"}
        model = attention(inputs, about["mask"] == "causal")
    else:
        made, inputs = onnx_model.build(kind, given, about, fused=False)
        model = core.read_model(made.SerializeToString())
    request = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32",
                                                "NUM_STREAMS": 1}).create_infer_request()
    shared = [openvino.Tensor(array, shared_memory=True) for array in inputs.values()]
    for i, tensor in enumerate(shared):
        request.set_input_tensor(i, tensor)

    def call(kept=(shared, inputs)):  # the memory behind the tensors
        request.infer()
        return request.get_output_tensor(0).data

    return call, call, "picks by CPU, does not say"
