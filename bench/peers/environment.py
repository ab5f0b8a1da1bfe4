"""The virtual environment of the peers."""
import pathlib
import re
import subprocess
import sys

SMALL = ["numpy", "onnx", "onnxruntime", "openvino", "threadpoolctl"]
# The CPU takes part in no CUDA, but torch's usual wheel does not load without these libraries.
PURE = ["filelock", "typing-extensions", "sympy", "networkx", "jinja2", "fsspec", "setuptools"]


def extra(peer):
    """OpenBLAS does not know every CPU that has AVX-512, and then takes AVX2."""
    avx512 = "avx512f" in pathlib.Path("/proc/cpuinfo").read_text()
    return {"OPENBLAS_CORETYPE": "SkylakeX"} if peer == "openblas" and avx512 else {}


def works(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def make(folder):
    """Gives its Python. What does not install is told and left out."""
    python = str(folder / "bin/python")
    if not pathlib.Path(python).exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)

    def install(*arguments):
        print("installing", " ".join(arguments), file=sys.stderr, flush=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", *arguments], capture_output=True, text=True)
        if done.returncode:
            print("  left out:", (done.stderr.strip().splitlines() or ["pip failed"])[-1], file=sys.stderr)

    for package in SMALL:
        if not works(python, package):
            install(package)
    if not any(folder.glob("lib/libdnnl.so*")):
        install("onednn-cpu-gomp")
    if not works(python, "torch"):
        install("--no-deps", "torch")
        install(*PURE)
        if not works(python, "torch"):
            listed = subprocess.run([python, "-c", "import importlib.metadata as m; print('\\n'.join(m.requires('torch')))"],
                                    capture_output=True, text=True).stdout
            needed = [line.split(";")[0].strip() for line in listed.splitlines()
                      if re.match("(nvidia-|cuda-toolkit)", line)]
            if needed:
                install(*needed)
    return python


def versions(python):
    script = ("import importlib.metadata as m\n"
              f"print(', '.join(f'{{p}} {{m.version(p)}}' for p in {['torch', *SMALL, 'onednn-cpu-gomp']} if any(m.distributions(name=p))))")
    return subprocess.run([python, "-c", script], capture_output=True, text=True).stdout.strip()
