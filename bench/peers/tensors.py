"""A .safetensors file as NumPy arrays; bf16, which NumPy lacks, as f32."""
import json

import numpy as np

TYPES = {"F32": np.float32, "I32": np.int32, "F16": np.float16, "BF16": np.uint16}


def widened(x, kind):
    return (x.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else x


def load(path):
    raw = np.fromfile(path, np.uint8)
    size = int.from_bytes(raw[:8].tobytes(), "little")
    header = json.loads(raw[8:8 + size].tobytes())
    header.pop("__metadata__", None)
    at = 8 + size
    return {name: widened(raw[at + t["data_offsets"][0]:at + t["data_offsets"][1]].view(TYPES[t["dtype"]]), t["dtype"])
            .reshape(t["shape"]) for name, t in header.items()}


class Layer:
    """Layer n of a model of ours: matrices [out, in] and biases, as vectors."""

    def __init__(self, tensors, prefix):
        self.tensors, self.prefix = tensors, prefix

    def __call__(self, name):
        x = self.tensors[self.prefix + name]
        if name.endswith("bias") or x.ndim == 1:
            return x.reshape(-1)
        return x.reshape(-1, x.shape[-1]) if name.split(".")[-2] in "qkv" else x.reshape(x.shape[0], -1)


def layers(tensors, about):
    prefix = "stack.layers." if about["workload"] == "encoder" else "h.layers."
    return [Layer(tensors, f"{prefix}{n}.") for n in range(about["layers"])]
