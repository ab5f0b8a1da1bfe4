#!/usr/bin/env python3
"""What it costs to compile a model: a GPT of 12 layers in less than 2 s at -O0 and without a header of MLIR or LLVM,
and 24 unrolled layers within the compiler's default limits on constant evaluation."""
import argparse
import resource
import subprocess
import sys


def seconds(command):
    """CPU time of the compiler: other work on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--limit", type=float, default=2.0, help="seconds")
    parser.add_argument("source")
    arguments = parser.parse_args()

    command = [arguments.compiler, "-std=c++20", "-O0", *(f"-I{folder}" for folder in arguments.include)]
    headers = subprocess.run([*command, "-M", arguments.source], check=True, stdout=subprocess.PIPE, text=True).stdout
    foreign = [h for h in headers.split() if "/mlir/" in h or "/llvm/" in h or h.startswith(("mlir/", "llvm/"))]
    if foreign:
        sys.exit(f"{arguments.source} includes {foreign[0]}; a model must not see the compiler's headers")

    compile_it = [*command, "-c", arguments.source, "-o", "/dev/null"]
    best = min(seconds(compile_it) for _ in range(3))
    print(f"12 layers: {best:.2f} s")
    if best >= arguments.limit:
        sys.exit(f"compiling 12 layers took {best:.2f} s; less than {arguments.limit} s are allowed")
    print(f"24 layers, unrolled: {seconds([*compile_it, '-DUNROLLED=24']):.2f} s")


if __name__ == "__main__":
    main()
