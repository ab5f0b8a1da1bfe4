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
    """Fails unless logits_of(ids) are those in the file, to 2e-4 of the largest, for each of its texts. Where there are
    sources, it is logits_of(ids, source)."""
    file = read(path)
    for row, (ids, length) in enumerate(zip(file["ids"], file["lengths"])):
        source = [file["source"][row][: file["source_lengths"][row]]] if "source" in file else []
        want, got = logits_of(ids[:length], *source), file["logits"][row][:length]
        error = np.abs(want - got).max() / max(1, np.abs(want).max())
        print(f"{length} tokens, largest logit {np.abs(want).max():.3f}, relative error {error:.1e}")
        if not error <= 2e-4:
            sys.exit(1)
