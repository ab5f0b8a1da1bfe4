"""One peer as a process: python -m peers NAME KIND FILE THREADS ABOUT. Says in JSON what it is, then for each number of
seconds on stdin how long a call takes."""
import importlib
import json
import sys
import time

import numpy as np

from peers import tensors

MODULES = {"torch": "pytorch", "onnxruntime": "ort", "openvino": "ov", "onednn": "onednn", "openblas": "openblas"}


def main():
    name, kind, file, threads, about = sys.argv[1:]
    about = json.loads(about)
    given = tensors.load(file)
    want = given.pop("result.0")
    try:
        module = importlib.import_module("peers." + MODULES[name.split("-")[0]])
        call, result, isa = module.prepare(name, kind, given, about, int(threads))
        got = np.asarray(result())
    except Exception as reason:  # a peer that is not there, or cannot do it
        first = (str(reason).strip() or type(reason).__name__).splitlines()[0]
        return print(json.dumps({"skip": first}), flush=True)
    error = np.abs(got.reshape(want.shape) - want).max() / np.abs(want).max()
    if not error < (2**-6 if about.get("dtype") == "bf16" else 1e-3):
        return print(json.dumps({"skip": f"its result differs from ours by {error:.1e}"}), flush=True)
    del got, want, given
    print(json.dumps({"isa": isa, "error": float(error)}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
        times = int(float(line) / once)
        start = time.perf_counter()
        for _ in range(times):
            call()
        print((time.perf_counter() - start) / times if times else once, flush=True)


main()
