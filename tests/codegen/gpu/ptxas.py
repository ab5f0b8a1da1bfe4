#!/usr/bin/env python3
"""Assembles the PTX of every lesson for each generation: ptxas must accept it without a spill and without a word.

usage: ptxas.py LESSON... ; ptxas is $HEED_PTXAS, or on PATH; exit status 77 where there is none."""
import os, re, shutil, subprocess, sys, tempfile
from pathlib import Path

ptxas = os.environ.get("HEED_PTXAS") or shutil.which("ptxas")
if not ptxas:
    print("skipped: no ptxas on PATH, and HEED_PTXAS is not set; the nvidia-cuda-nvcc wheel of PyPI has one")
    sys.exit(77)

failed, kernels = False, 0
every = {"sm_80", "sm_80+tf32", "sm_90", "sm_90a"}
known = subprocess.run([ptxas, "--help"], capture_output=True, text=True).stdout
others = [chip for chip in ("sm_86", "sm_87", "sm_89", "sm_100", "sm_103", "sm_120", "sm_121") if chip in known]
for target in sorted(every) + others:
    chip = target.split("+")[0]
    for lesson in sys.argv[1:] if target in every else sys.argv[1:2]:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([lesson, "--compile-only", f"--target=cuda:{target}", f"--dump={folder}"], check=True,
                           stdout=subprocess.DEVNULL)
            for ptx in sorted(Path(folder).glob("*/7_asm.ptx")):
                run = subprocess.run([ptxas, "-v", f"-arch={chip}", ptx, "-o", os.devnull], capture_output=True, text=True)
                said = run.stderr + run.stdout
                spills = [line for line in re.findall(r"(\d+) bytes spill", said) if line != "0"]
                complaints = re.findall(r"^.*(?:warning|error|C75\d\d|fatal).*$", said, re.M)
                kernels += len(re.findall(r"Used \d+ registers", said))
                if run.returncode or spills or complaints:
                    failed = True
                    print(f"{target} {ptx.parent.name}: {len(spills)} spills", *complaints, sep="\n  ")
print(f"{kernels} kernels assembled")
sys.exit(failed or kernels == 0)
