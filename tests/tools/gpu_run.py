"""bench/gpu/run without a GPU: what it says where there is none; rows that are wrong, that hang, that fall over.
gpu_run.py HEED_BENCH FOLDER_OF_THE_FAKE_LIBCUDA"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FAKE, BINARY = sys.argv.pop(), sys.argv.pop()
RUN = pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "gpu" / "run"

# Stands for heed-bench: what it does depends on the row.
PRETENDS = """#!/usr/bin/env python3
import json, os, sys, time
a = sys.argv[1:]
if a[0] == "limits":
    print(json.dumps(dict(name="Pretence", generation=90, fma_gflops=6e4, bf16_gflops=7e5, bf16_by="wgmma",
                          read_gbytes_per_s=3e3, copy_gbytes_per_s=2.8e3)))
elif a[0] == "norm" and "--check" in a:
    time.sleep(60)
elif a[0] == "encoder":
    os.kill(os.getpid(), 11)
elif "--mask=alibi" in a:
    folder = next(x for x in a if x.startswith("--dump="))[7:]
    os.makedirs(folder + "/sketch")
    open(folder + "/sketch/7_asm.ptx", "w").write(".version 8.0\\n.target sm_90a\\n")
    sys.exit("error: the error against f64 is 1, at element 7 of the result")
else:
    print(json.dumps(dict(median_s=1e-3, gflops=6e5, fraction_of_peak=.8, limit="bf16", max_error=1e-3,
                          gbytes_per_s=2e3, fraction_of_bandwidth=.75)))
"""


def run(*arguments, **environment):
    keep = {k: v for k, v in os.environ.items() if not k.startswith("HEED_") and k != "OUT"}
    return subprocess.run([sys.executable, str(RUN), *arguments], capture_output=True, text=True,
                          env={**keep, **environment})


class GpuRun(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = pathlib.Path(self.folder.name) / "out"

    def results(self):
        return {row["name"]: row for row in json.loads((self.out / "results.json").read_text())["rows"]}

    def test_a_machine_without_a_gpu(self):
        done = run(f"--heed={BINARY}", f"--out={self.out}", LD_LIBRARY_PATH="")
        if done.returncode != 2:
            self.skipTest("there is a GPU")
        self.assertIn("nothing to run on", done.stderr)
        self.assertIn("NVIDIA driver is not there", done.stderr)

    def test_arguments_that_make_no_sense(self):
        for argument, said in {"--only=gird": "none of grid", "--rows=[": "no regular expression", "--jobs=0": "above 0",
                               "--limit=-1": "above 0", "--heed=/nonexistent": "is no program",
                               "--out=/proc/none": "name a folder"}.items():
            done = run(argument)
            self.assertEqual(done.returncode, 2, argument)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_every_row_has_an_end(self):
        pretence = pathlib.Path(self.folder.name) / "heed-bench"
        pretence.write_text(PRETENDS)
        pretence.chmod(0o755)
        done = run(f"--heed={pretence}", f"--out={self.out}", "--only=grid,time", "--limit=3",
                   "--rows=norm layer|encoder|alibi even|d128|decode 32k")
        self.assertEqual(done.returncode, 1, done.stderr)
        rows = self.results()
        self.assertIn("not done after 3", rows["norm layer sm_90a"]["error"])
        self.assertIn("status -11", rows["encoder sm_80"]["error"])
        wrong = rows["attention bf16 alibi even sm_90a"]
        self.assertIn("at element 7", wrong["error"])
        kept = self.out / "failed" / "attention_bf16_alibi_even_sm_90a"
        self.assertIn("at element 7", (kept / "error.txt").read_text())
        self.assertTrue((kept / "sketch" / "7_asm.ptx").exists())
        self.assertEqual(rows["attention 16k d128 causal sm_90a"]["result"]["gflops"], 6e5)
        table = (self.out / "table.md").read_text()
        self.assertIn("reached 500 Tflop/s", table)
        self.assertIn("reached 0.7 of copy", table)
        self.assertIn("rows right", table)

    def test_with_a_driver_whose_kernels_do_nothing(self):
        done = run(f"--heed={BINARY}", f"--out={self.out}", "--only=grid", "--rows=attention bf16 causal even|gemm bf16 kn none 130",
                   LD_LIBRARY_PATH=FAKE)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("Fake 1, sm_90", done.stdout)
        for row in self.results().values():
            if row["kind"] == "grid":
                self.assertIn("the error against f64 is", row["error"])
        self.assertEqual(len(list(self.out.glob("failed/*/*/*.ptx"))), 4)

    def test_with_a_driver_whose_kernels_never_end(self):
        done = run(f"--heed={BINARY}", f"--out={self.out}", "--limit=5", LD_LIBRARY_PATH=FAKE, HEED_FAKE="hang")
        self.assertEqual(done.returncode, 2)
        self.assertIn("not done after 5", done.stderr)


if __name__ == "__main__":
    unittest.main()
