"""OpenBLAS, as NumPy brings it."""
import numpy as np
from threadpoolctl import threadpool_info


def prepare(name, kind, given, about, threads):
    if about["epilogue"] != "none":
        raise RuntimeError("has products alone")
    library = [one for one in threadpool_info() if one["internal_api"] == "openblas"]
    if not library:
        raise RuntimeError("NumPy was built with another library")
    a, b = given["input.a"], given["b"]
    out = np.empty((a.shape[0], b.shape[1]), np.float32)

    def call():
        return np.matmul(a, b, out=out)

    return call, call, f"{library[0]['architecture']} kernels of {library[0]['version']}"
