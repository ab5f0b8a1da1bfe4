#!/usr/bin/env python3
"""Compiles programs that are wrong and checks what the compiler says of them.

Each errors/*.cpp begins with `// expect: message`. It must not compile, and the compiler must say the message once, as
its only error, in at most 15 lines. What --quoted shows of a compiler, one of them must have said, word by word.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

LINES = 15


def check(compiler, flags, source):
    expected = source.read_text().splitlines()[0].removeprefix("// expect: ")
    run = subprocess.run([compiler, "-std=c++20", *flags, "-c", source.name, "-o", "/dev/null"], cwd=source.parent,
                         stderr=subprocess.PIPE, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    said = run.stderr.rstrip().splitlines()
    faults = []
    if run.returncode == 0:
        faults.append("compiles")
    if expected not in run.stderr.replace('\\"', '"'):
        faults.append("the message is missing")
    if sum(" error: " in line for line in said) > 1:
        faults.append("more than one error")
    if len(said) > LINES:
        faults.append(f"{len(said)} lines, at most {LINES}")
    return source.stem, expected, faults, run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--quoted", type=pathlib.Path, help="a text with lines `    error: ...`")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()

    flags = [f"-I{folder}" for folder in arguments.include]
    sources = sorted(s for s in arguments.folder.glob("*.cpp") if arguments.only in s.stem)
    quotes = re.findall(r"^ +(error: .*)$", arguments.quoted.read_text(), re.M) if arguments.quoted else []
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, expected, faults, said in pool.map(lambda s: check(arguments.compiler, flags, s), sources):
            quotes = [quote for quote in quotes if quote + "\n" not in said]
            if faults:
                failed += 1
                print(f"---- {name}: {'; '.join(faults)}\nexpected: {expected}\n{said}")
    print(f"{len(sources)} wrong programs, {failed} not rejected as they should be")
    for quote in quotes:
        print(f"{arguments.quoted} shows what no compiler says: {quote}")
    sys.exit(1 if failed or quotes or not sources else 0)


if __name__ == "__main__":
    main()
