"""heed-bench: every workload for a moment, its JSON, and what it says of wrong options. heed_bench.py BINARY [-v]"""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = sys.argv.pop(1)
QUICK = ["--seconds=0.01", "--threads=2"]
TIMES = ["median_s", "p10_s", "p90_s", "gflops", "peak_gflops", "fraction_of_peak",
         "fraction_p10", "fraction_p90", "compile_ms", "max_error"]


def call(*arguments, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEED_")}
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=environment, **more)


class Workloads(unittest.TestCase):
    def measured(self, *arguments, quick=QUICK):
        done = call(*arguments, *quick, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1, "one line")
        # NaN and infinity are no JSON.
        line = json.loads(done.stdout, parse_constant=lambda word: self.fail(f"{word} in {done.stdout}"))
        self.assertEqual(line["workload"], arguments[0])
        return line

    def timed(self, *arguments, error=1e-4):
        line = self.measured(*arguments)
        for field in TIMES:
            self.assertGreater(line[field], 0, field)
            self.assertTrue(math.isfinite(line[field]), field)
        self.assertLessEqual(line["p10_s"], line["median_s"])
        self.assertLessEqual(line["median_s"], line["p90_s"])
        self.assertLess(line["max_error"], error)
        self.assertEqual(line["threads"], 2)
        self.assertIn(line["isa"].split("+")[0], ["baseline", "avx2", "avx512", "avx512bf16", "amx"])
        self.assertAlmostEqual(line["gflops"] * line["median_s"], line["flops"] * 1e-9, delta=line["flops"] * 1e-12)
        return line

    def test_attention_under_every_mask(self):
        small = ["--batch=2", "--heads=4", "--kv-heads=2", "--seq=37", "--kv-seq=300", "--depth=24"]
        for mask in ["none", "causal", "window:20", "padding", "alibi", "document", "softcap", "softcap:5"]:
            with self.subTest(mask):
                line = self.timed("attention", *small, f"--mask={mask}")
                for field, value in dict(mask=mask, batch=2, heads=4, kv_heads=2, seq=37, kv_seq=300, depth=24).items():
                    self.assertEqual(line[field], value)

    def test_attention_counts_visible_pairs(self):
        line = self.timed("attention", "--seq=100", "--mask=causal")
        self.assertEqual(line["flops"], 4 * 64 * 100 * 101 / 2)
        line = self.timed("attention", "--seq=100", "--mask=window:10")
        self.assertEqual(line["flops"], 4 * 64 * (45 + 91 * 10))
        self.assertEqual(self.timed("attention", "--seq=100")["kv_heads"], 1)

    def test_attention_of_other_types(self):
        for dtype, error in [("bf16", 2**-7), ("f16", 2**-10)]:
            with self.subTest(dtype):
                line = self.timed("attention", "--seq=70", "--depth=32", "--mask=causal", f"--dtype={dtype}", error=error)
                self.assertEqual(line["dtype"], dtype)
        self.assertEqual(self.timed("attention", "--seq=70", "--dtype=bf16", error=1)["limit"], "bf16")

    def test_attention_by_other_scores(self):
        for score in ["additive", "gaussian", "dot"]:
            with self.subTest(score):
                line = self.timed("attention", "--seq=50", "--depth=16", f"--score={score}", "--against=eager")
                self.assertEqual(line["rival"], "eager")
                self.assertGreater(line["speed_over_rival"], 0)

    def test_attention_for_a_lesser_target(self):
        self.assertEqual(self.timed("attention", "--seq=50", "--target=cpu:avx2")["isa"], "avx2")

    def test_weights_of_few_bits(self):
        for bits in [8, 4]:
            with self.subTest(bits):
                target = f"--target=cpu:avx2+int{bits}"
                line = self.timed("gemm", "--m=1", "--n=256", "--k=512", target)
                self.assertEqual(line["isa"], f"avx2+int{bits}")
                self.assertAlmostEqual(line["gbytes_per_s"] * line["median_s"] * 1e9, 256 * 512 / 32 * (2 + 4 * bits), delta=1)
                self.timed("gemm", "--m=33", "--n=70", "--k=50", "--rhs=nk", "--epilogue=bias+gelu", target)
                for dtype in ["f16", "bf16"]:
                    for where in [target, f"--target=cpu+int{bits}"]:
                        self.timed("gemm", "--m=7", "--n=33", "--k=7", "--rhs=nk", "--epilogue=gelu", f"--dtype={dtype}", where)
                self.timed("encoder", "--batch=2", "--seq=9", "--layers=2", "--model=64", "--heads=4", "--ff=128", target)

    def test_gemm(self):
        for epilogue in ["none", "bias", "gelu", "bias+gelu"]:
            for rhs in ["kn", "nk"]:
                with self.subTest(epilogue=epilogue, rhs=rhs):
                    line = self.timed("gemm", "--m=33", "--n=70", "--k=50", f"--rhs={rhs}", f"--epilogue={epilogue}")
                    self.assertEqual(line["flops"], 2 * 33 * 70 * 50)
                    self.assertEqual(line["limit"], "fma")

    def test_epilogues_are_one_kernel_with_their_product(self):
        shapes = [["--m=33", "--n=70", "--k=50", "--rhs=nk"], ["--m=3", "--n=33", "--k=7"]]
        for epilogue, products in [("relu", 1), ("silu", 1), ("residual", 1), ("scale", 1), ("gate", 2), ("bias+relu", 1),
                                   ("scale+bias", 1), ("silu+gate", 2), ("bias+gelu+residual", 1), ("gate+silu", 2),
                                   ("bias+silu+gate+residual+scale", 2), ("residual+gelu+relu", 1)]:
            for dtype in ["f32", "bf16", "f16"]:
                for shape in shapes:
                    with self.subTest(epilogue=epilogue, dtype=dtype, shape=shape):
                        arguments = ["gemm", *shape, f"--epilogue={epilogue}", f"--dtype={dtype}"]
                        done = call(*arguments, "--check", "--explain", "--json")
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertEqual(json.loads(done.stdout)["epilogue"], epilogue)
                        kernels = [line for line in done.stderr.splitlines() if line.startswith("kernel ")]
                        self.assertEqual(len(kernels), 1, done.stderr)
                        self.assertIn("with 2 weights" if products == 2 else "a matrix product", kernels[0])
        line = self.timed("gemm", *shapes[0], "--epilogue=silu+gate", "--batch=2", "--target=cpu+int4")
        self.assertEqual(line["flops"], 2 * 2 * 2 * 33 * 70 * 50)
        line = self.timed("gemm", *shapes[1], "--epilogue=gelu+gate+residual")
        self.assertAlmostEqual(line["gbytes_per_s"] * line["median_s"] * 1e9, 2 * 4 * 33 * 7, delta=1)

    def test_memory_bound(self):
        for arguments, limit in [
            (["attention-decode", "--kv-seq=500", "--heads=4", "--kv-heads=2", "--depth=16"], "read"),
            (["gemm", "--m=1", "--n=300", "--k=200"], "read"),
            (["norm", "--rows=3", "--columns=5"], "copy"),
            (["norm", "--rows=100", "--columns=200", "--kind=rms"], "copy"),
            (["gpt2-decode", "--layers=2", "--model=64", "--heads=4", "--vocab=512", "--past=9"], "read"),
        ]:
            with self.subTest(arguments):
                line = self.timed(*arguments)
                self.assertEqual(line["limit"], limit)
                self.assertEqual(line["fraction"], line["fraction_of_bandwidth"])
                for field in ["gbytes_per_s", "bandwidth_gbytes_per_s", "fraction_of_bandwidth"]:
                    self.assertGreater(line[field], 0)

    def test_models(self):
        small = ["--model=64", "--heads=4"]
        self.timed("encoder-layer", *small, "--ff=128", "--batch=2", "--seq=9")
        line = self.timed("encoder", *small, "--ff=128", "--layers=2", "--batch=2", "--seq=9")
        self.assertEqual(line["flops"], 2 * 2 * (18 * (4 * 64 * 64 + 2 * 64 * 128) + 2 * 18 * 9 * 64))
        self.assertEqual(self.timed("gpt2-prefill", *small, "--layers=2", "--vocab=512", "--seq=9")["limit"], "fma")

    def test_compile(self):
        line = self.measured("compile", "--graph=attention")
        self.assertLess(0, line["cached_ms"])
        self.assertLess(line["cached_ms"], line["compile_ms"])

    def test_cache_of_a_copy(self):
        with tempfile.TemporaryDirectory() as there:
            binary, cache = os.path.join(there, "another"), os.path.join(there, "cache")
            shutil.copy(BINARY, binary)
            environment = os.environ | {"HEED_CACHE": cache, "PATH": there}
            kept = []
            for name in [BINARY, binary, "another"]:
                done = subprocess.run([name, "attention", "--seq=9", "--check"], capture_output=True, text=True, env=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                kept.append(os.listdir(cache))
            self.assertEqual(kept, [kept[0]] * 3)
            self.assertNotEqual(kept[0], [])

    def test_tune(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = {k: v for k, v in os.environ.items() if not k.startswith("HEED_")} | {"HEED_CACHE": folder}

            def run(*arguments):
                return subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=environment)

            done = run("tune", "--target=cpu:avx2", "--seconds=0.001", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)
            for said, line in zip(done.stderr.splitlines(), told["lines"], strict=True):
                chosen = line["tiles"][line["chosen"]]["tile"]
                self.assertTrue(said.startswith(f"{line['name']}: {chosen}, "), said)
            self.assertRegex(told["tiles"], "^[0-2]{4}$")
            self.assertEqual([line["name"] for line in told["lines"]],
                             ["attention", "deep attention", "masked attention", "products"])
            for digit, line in zip(told["tiles"], told["lines"]):
                self.assertEqual(line["chosen"], int(digit))
                first, *others = [tile["gains"] for tile in line["tiles"]]
                self.assertEqual(first, [1, 1])
                wins = [math.prod(gains) for gains in others if math.prod(gains) > 1.02**2 and min(gains) > 1]
                self.assertEqual(math.prod(line["tiles"][line["chosen"]]["gains"]), max(wins, default=1))
                for tile in line["tiles"]:
                    self.assertEqual(len(tile["fractions_of_peak"]), len(line["shapes"]))
                    self.assertTrue(all(0 < share < 2 for share in tile["fractions_of_peak"]))
            isa = "avx2" + (f"+tiles={told['tiles']}" if told["tiles"] != "0000" else "")
            self.assertEqual(len(os.listdir(folder)), 1, "code that was measured is not kept")
            shape = ["attention", "--seq=40", "--target=cpu:avx2", *QUICK, "--json"]
            self.assertEqual(json.loads(run(*shape).stdout)["isa"], isa)

            done = run("tune", "--target=cpu:baseline")
            self.assertRegex(done.stdout, r"(?s)^tune .*\* 0 4x2, 512 deep.*kept in .*: baseline\+tiles=0000\n$")

    def test_text(self):
        done = call("attention", "--seq=40", *QUICK)
        self.assertRegex(done.stdout, r"(?s)^attention .*seq=40.*ms \(.*Gflop/s of .*of peak.*compile .*error ")

    def test_limits(self):
        line = self.measured("limits")
        self.assertLessEqual(line.get("tile_gflops", 0), line["fma_gflops"])
        self.assertLessEqual(line.get("bf16_tile_gflops", 0), line["bf16_gflops"])
        self.assertLessEqual(line["fma_gflops"], line["bf16_gflops"])

    def test_what_is_checked_can_be_saved(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.safetensors")
            done = call("gemm", "--m=3", "--n=5", "--k=7", "--epilogue=silu+gate", "--check", f"--save={file}", "--json")
            self.assertNotIn("median_s", json.loads(done.stdout))
            with open(file, "rb") as stored:
                header = json.loads(stored.read(int.from_bytes(stored.read(8), "little")))
            shapes = {name: tensor["shape"] for name, tensor in header.items() if name != "__metadata__"}
            self.assertEqual(shapes, {"input.a": [3, 7], "b": [7, 5], "gate": [7, 5], "result.0": [3, 5]})

    def test_in_steps(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.safetensors")
            done = call("attention", "--seq=40", "--steps", "--threads=1", f"--save={file}", input="0.001\n0.002\n")
            ready, *times = done.stdout.splitlines()
            self.assertEqual(json.loads(ready)["seq"], 40)
            self.assertEqual(len(times), 2)
            self.assertTrue(all(0 < float(t) < 1 for t in times))
            with open(file, "rb") as stored:
                header = json.loads(stored.read(int.from_bytes(stored.read(8), "little")))
            self.assertEqual(header["result.0"]["shape"], [1, 1, 40, 64])
            self.assertIn("input.q", header)

    def test_the_form_of_a_product_is_told_without_a_gpu(self):
        told = call("gemm", "--m=512", "--n=512", "--k=64", "--dtype=bf16", "--target=cuda:sm_90a", "--explain").stderr
        self.assertIn("kernel 1: a matrix product", told)
        self.assertIn("product by wgmma: tiles of 128 x 256", told)
        self.assertIn("product by mma.sync: tiles of 128 x 128", told)
        for target, form in [("cuda:sm_80", "product by fma"), ("cuda:sm_80+tf32", "product by mma.sync in tf32")]:
            told = call("gemm", "--m=512", "--n=512", "--k=64", f"--target={target}", "--explain").stderr
            self.assertIn(form, told)


class Refusals(unittest.TestCase):
    def refused(self, *arguments):
        """One error, on one line, that names option, value and what is allowed."""
        done = call(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"^error: [^\n]+\n$")
        return done.stderr

    def test_values(self):
        for option, value, allowed in [
            ("--mask", "window:4x", "at least 1"),
            ("--mask", "window:", "at least 1"),
            ("--mask", "window:0", "at least 1"),
            ("--mask", "window:99999999999", "at most 1073741824"),
            ("--mask", "softcap:1.5", "a whole number"),
            ("--mask", "window", "window:N"),
            ("--mask", "softcap:-3", "at least 1"),
            ("--mask", "diagonal", "none, causal"),
            ("--kv-heads", "0", "from 1"),
            ("--seconds", "0", "above 0"),
            ("--seconds", "-1", "above 0"),
            ("--seconds", "nan", "above 0"),
            ("--seq", "-5", "from 1"),
            ("--seq", "4k", "from 1"),
            ("--seq", "99999999999999999999", "from 1"),
            ("--depth", "0", "from 1"),
            ("--threads", "-1", "from 1 to 4096"),
            ("--threads", "0", "from 1 to 4096"),
            ("--dtype", "f64", "f32, bf16 or f16"),
            ("--score", "cosine", "dot, additive or gaussian"),
            ("--target", "tpu", "cpu"),
            ("--target", "cpu:avx2+tf32", "a cuda target is required"),
            ("--target", "cuda:sm_80+int8", "a cpu target is required"),
            ("--target", "cpu+int2", "+int8 or +int4"),
            ("--target", "cpu:avx2+tiles=12", "tiles of avx2 are 4 digits: attention 0 to 2"),
        ]:
            with self.subTest(option=option, value=value):
                message = self.refused("attention", f"{option}={value}")
                for part in [option.strip("-"), value, allowed]:
                    self.assertIn(part, message)

    def test_epilogues(self):
        for value in ["sigmoid", "bias+", "+bias", "bias+bias", "bias+none", "bias gelu", "bias,gelu"]:
            with self.subTest(value):
                message = self.refused("gemm", f"--epilogue={value}")
                self.assertIn(f'--epilogue: "{value}" was given', message)
                self.assertIn("none, or some of bias, gelu, relu, silu, gate, residual and scale, each once", message)
                self.assertIn("--epilogue=bias+gelu", message)

    def test_no_workload(self):
        for arguments, said in [([], "nothing"), (["foo"], "'foo'"), (["foo", "attention"], "'foo'"), (["--foo"], "'--foo'")]:
            with self.subTest(arguments):
                message = self.refused(*arguments)
                self.assertIn(said + " was given", message)
                self.assertIn("attention, attention-decode, gemm", message)
        self.assertIn("; attention, perhaps", self.refused("atention"))

    def test_what_a_workload_does_not_take(self):
        for workload, extra, tried in [("attention", "bar", "--help says"), ("attention", "norm", "--help says"),
                                       ("attention", "--seqs=3", "--seq, perhaps"), ("norm", "--k=3", "--help says"),
                                       ("gemm", "--batches", "--batch, perhaps"),
                                       *[(one, option, "--help says") for one in ["limits", "compile", "tune"]
                                         for option in ["--check", "--save=x", "--steps", "--explain", "--dump=x"]]]:
            with self.subTest(workload=workload, extra=extra):
                message = self.refused(workload, extra)
                self.assertIn(f"heed-bench {workload}: '{extra}' was given; what it takes are --help, ", message)
                self.assertIn(tried, message)

    def test_options_without_value_or_twice(self):
        for arguments, said in [(["--seq"], "--seq: no value was given"), (["--seq="], "--seq: no value was given"),
                                (["--seq=", "--check"], "--seq: no value was given"),
                                (["--seq=3", "--seq", "4"], "--seq: it was given 2 times"),
                                (["--json=3"], "--json: '--json=3' was given; it takes no value")]:
            with self.subTest(arguments):
                self.assertIn(said, self.refused("attention", *arguments))

    def test_what_does_not_go_together(self):
        self.assertIn("divide --heads=4", self.refused("attention", "--heads=4", "--kv-heads=3"))
        self.assertIn("at least --seq=8", self.refused("attention", "--seq=8", "--kv-seq=4", "--mask=causal"))
        self.assertIn("--mask=none", self.refused("attention", "--against=eager", "--mask=causal"))
        self.assertIn("1024 positions", self.refused("gpt2-decode", "--past=1024"))
        self.assertIn("--steps was given", self.refused("attention", "--check", "--steps"))
        for workload in ["attention", "attention-decode", "norm", "limits", "compile"]:
            self.assertIn("there are none", self.refused(workload, "--target=cpu+int8"))

    def test_sizes_that_no_model_has(self):
        for arguments, said in [(["encoder", "--layers=5"], '--layers: "5" was'), (["encoder", "--model=768"], '--model: "768" was'),
                                (["encoder-layer", "--ff=7"], '--ff: "7" was'), (["gpt2-decode", "--vocab=9"], '--vocab: "9" was'),
                                (["encoder", "--model=768", "--ff=3072"], '--layers: "6" was'),
                                (["gpt2-prefill", "--heads=16", "--vocab=9"], '--heads, --vocab: "16", "9" were')]:
            with self.subTest(arguments):
                message = self.refused(*arguments)
                self.assertTrue(message.startswith(f"error: {said} given; "), message)
                self.assertIn("--layers=2 --model=64 --heads=4", message)

    def test_what_cannot_be_tuned(self):
        self.assertIn("HEED_CACHE is not set", self.refused("tune"))
        for target, required in [("cuda:sm_80", "a cpu target"), ("cpu+int8", "its name alone"), ("cpu:avx2+tiles=0000", "its name alone")]:
            self.assertIn(required, self.refused("tune", f"--target={target}"))

    def test_more_than_there_is_memory_for(self):
        for arguments in [
            ["attention", "--seq=1000000000", "--heads=1000"],
            ["attention", "--batch=1000000000000", "--seq=1000000000000"],
            ["attention", "--seq=200000", "--score=additive", "--against=eager"],
            ["attention-decode", "--kv-seq=1000000000"],
            ["gemm", "--m=1000000", "--n=1000000"],
            ["norm", "--rows=1000000000", "--columns=1000"],
            ["encoder", "--batch=100000000"],
            ["gpt2-prefill", "--batch=1000000"],
        ]:
            with self.subTest(arguments):
                self.assertRegex(self.refused(*arguments), r"need [\d.e+]+ GB; [\d.e+]+ GB of memory are available")


if __name__ == "__main__":
    unittest.main()
