"""Reads a small .safetensors file into NumPy arrays, and compares logits. https://github.com/huggingface/safetensors#format"""
import json
import sys

try:
    import numpy as np
except ImportError:
    print("skipped: NumPy is not installed (Debian: python3-numpy)")
    sys.exit(77)

TYPES = {"F32": np.float32, "I32": np.int32}


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }


def weights(path):
    """In f64: the reference is the formula, not its rounding."""
    return {name: array.astype(np.float64) for name, array in read(path).items()}


def compare(path, logits_of):
    """Fails unless logits_of(ids) are those in the file, to 2e-4 of the largest."""
    file = read(path)
    want, got = logits_of(file["ids"][0]), file["logits"][0]
    error = np.abs(want - got).max() / max(1, np.abs(want).max())
    print(f"{got.shape[0]} tokens, largest logit {np.abs(want).max():.3f}, relative error {error:.1e}")
    sys.exit(0 if error <= 2e-4 else 1)
