"""The rows: what is checked, what is timed, what it has to reach, and how that reads as a table."""
import dataclasses


@dataclasses.dataclass
class Row:
    kind: str
    name: str
    arguments: list
    shape: dict = dataclasses.field(default_factory=dict)
    targets: tuple = ()  # none: those of the machine
    peers: tuple = ()
    want: dict = dataclasses.field(default_factory=dict)  # of a target: Tflop/s, or a fraction of "copy"


def arguments(workload, **values):
    return [workload] + [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]


TF32 = ("sm_80+tf32",)  # f32 by tensor cores, where it is asked for


def targets(machine):
    """Code of the oldest generation runs on all; that of Hopper has instructions of its own."""
    return ["sm_80", "sm_90a"] if machine["generation"] == 90 else ["sm_80"]


def grid():
    every = []

    def add(name, workload, **values):
        every.append(Row("grid", name, arguments(workload, **values)))
        if values.get("dtype") == "f32":
            every.append(dataclasses.replace(every[-1], targets=TF32))

    shapes = {
        "ragged": dict(batch=2, heads=4, kv_heads=2, seq=37, kv_seq=300, depth=24),
        "even": dict(batch=1, heads=2, seq=256, depth=64),
        "wide": dict(batch=2, heads=4, kv_heads=1, seq=200, kv_seq=513, depth=128),
        "deep": dict(batch=1, heads=2, kv_heads=1, seq=150, kv_seq=290, depth=256),
        "one": dict(batch=3, heads=2, seq=1, kv_seq=70, depth=64),
        "odd": dict(batch=1, heads=2, seq=129, kv_seq=131, depth=40),
    }
    for dtype in ("bf16", "f16", "f32"):
        for mask in ("none", "causal", "window:20", "padding", "alibi", "document", "softcap:5"):
            for shape, extents in shapes.items():
                add(f"attention {dtype} {mask} {shape}", "attention", dtype=dtype, mask=mask, **extents)
        for seq in (1, 8):
            add(f"decode {dtype} {seq}", "attention-decode", dtype=dtype, seq=seq, heads=16, kv_heads=2, kv_seq=3001)
        for rhs in ("kn", "nk"):
            for epilogue in ("none", "bias+gelu"):
                for m, n, k in ((128, 256, 64), (130, 40, 72), (20, 136, 33), (1, 1000, 520), (257, 129, 1000)):
                    add(f"gemm {dtype} {rhs} {epilogue} {m}x{n}x{k}", "gemm", dtype=dtype, rhs=rhs, epilogue=epilogue,
                        m=m, n=n, k=k)
        add(f"attention {dtype} causal long", "attention", dtype=dtype, mask="causal", heads=2, seq=4096, depth=128)
    for score in ("additive", "gaussian"):
        for mask in ("none", "causal"):
            add(f"{score} {mask}", "attention", score=score, mask=mask, heads=2, seq=70, kv_seq=131, depth=24)
    for kind in ("layer", "rms"):
        add(f"norm {kind}", "norm", kind=kind, rows=301, columns=770)
    add("encoder", "encoder", batch=2, seq=37, layers=2, model=64, heads=4, ff=256)
    for workload, values in (("gpt2-prefill", dict(seq=37)), ("gpt2-decode", dict(past=20))):
        add(workload, workload, layers=2, model=64, heads=4, vocab=512, **values)
    return every


ATTENTION = ("torch-flash", "torch-cudnn", "torch-efficient", "torch-flex")


def timed():
    every = []

    def attention(name, want, dtype="bf16", mask="none", **extents):
        shape = dict(dtype=dtype, mask=mask, **extents)
        every.append(Row("time", name, arguments("attention", **shape), {"workload": "attention", **shape}, (),
                         ATTENTION, want))

    for depth, heads in ((128, 16), (64, 32)):
        for mask in ("none", "causal"):
            want = {(128, "none"): {"sm_90a": 500, "sm_80": 300}, (128, "causal"): {"sm_90a": 420},
                    (64, "none"): {"sm_90a": 380}}.get((depth, mask), {})
            attention(f"attention 16k d{depth} {mask}", want, mask=mask, heads=heads, seq=16384, depth=depth)
    attention("attention 16k d128 f16", {}, dtype="f16", heads=16, seq=16384, depth=128)
    for seq in (4096, 8192):
        for mask in ("none", "causal"):
            attention(f"attention {seq // 1024}k gqa {mask}", {}, mask=mask, batch=2, heads=64, kv_heads=8, seq=seq,
                      depth=128)
    attention("attention 16k d256 causal", {}, mask="causal", heads=8, seq=16384, depth=256)
    attention("attention 16k d128 window", {}, mask="window:1024", heads=16, seq=16384, depth=128)
    attention("attention 4k d64 f32", {}, dtype="f32", heads=16, seq=4096, depth=64)
    every.append(dataclasses.replace(every[-1], targets=TF32, peers=()))
    for rhs in ("kn", "nk"):
        shape = dict(dtype="bf16", m=8192, n=8192, k=8192, rhs=rhs)
        every.append(Row("time", f"gemm 8192 {rhs}", arguments("gemm", **shape), {"workload": "gemm", **shape}, (),
                         ("torch-matmul",), {"sm_90a": 0.85, "of": "torch-matmul"}))
    shape = dict(dtype="f32", m=4096, n=4096, k=4096)
    for own in ((), TF32):
        every.append(Row("time", "gemm 4096 f32", arguments("gemm", **shape), targets=own))
    shape = dict(dtype="bf16", m=4096, n=3072, k=768, epilogue="bias+gelu")
    every.append(Row("time", "gemm 4096x3072x768 bias+gelu", arguments("gemm", **shape)))
    for seq in (1, 8):
        shape = dict(dtype="bf16", heads=64, kv_heads=8, seq=seq, kv_seq=32768, depth=128)
        every.append(Row("time", f"decode 32k, {seq} tokens", arguments("attention-decode", **shape),
                         {"workload": "attention", "mask": "none", **shape}, (), ATTENTION[:3],
                         {"sm_90a": 0.7, "of": "copy"} if seq == 8 else {}))
    every.append(Row("time", "norm", arguments("norm", rows=65536, columns=1024)))
    every.append(Row("time", "gpt2-decode", arguments("gpt2-decode")))
    every.append(Row("time", "gpt2-prefill", arguments("gpt2-prefill", seq=512)))
    return every


def machine(about):
    return (f"{about['name']}, sm_{about['generation']}: {about['bf16_gflops'] / 1e3:.0f} Tflop/s of bf16 by "
            f"{about['bf16_by']}, {about['fma_gflops'] / 1e3:.1f} of f32; reads {about['read_gbytes_per_s']:.0f} GB/s, "
            f"copies {about['copy_gbytes_per_s']:.0f}")


def brief(result):
    rate = result["gflops"] / 1e3 if "gflops" in result else 0
    text = f"{result['median_s'] * 1e3:.3f} ms, {rate:.1f} Tflop/s"
    if "fraction_of_bandwidth" in result:
        return text + f", {result['gbytes_per_s']:.0f} GB/s, {result['fraction_of_bandwidth']:.2f} of {result['limit']}"
    return text + (f", {result['fraction_of_peak']:.2f} of peak" if "fraction_of_peak" in result else "")


def verdict(row, results):
    """What was wanted, and whether it is so; empty where nothing was."""
    want = row.row.want
    if row.target not in want:
        return ""
    least, of = want[row.target], want.get("of")
    if of == "copy":
        got = row.result["fraction_of_bandwidth"]
    elif of:
        peer = results.get((row.row.name, of))
        if not peer:
            return f">= {least} of {of}, which did not run"
        got = peer["median_s"] / row.result["median_s"]
    else:
        got = row.result["gflops"] / 1e3
    return f"{'reached' if got >= least else 'NOT'} {least:g}{' of ' + of if of else ' Tflop/s'}"


def table(done):
    lines = ["| row | target | ms | Tflop/s | of limit | error | wanted |", "|---|---|---|---|---|---|---|"]
    of = [row for row in done if hasattr(row, "row") and row.kind != "grid"]
    results = {(row.row.name, row.target): row.result for row in of if row.result}
    order = {row.name: n for n, row in enumerate(timed())}
    for row in sorted(of, key=lambda row: order.get(row.row.name, 0)):
        if row.error:
            lines.append(f"| {row.row.name} | {row.target} | failed: {row.error.splitlines()[-1][:120]} | | | | |")
            continue
        r = row.result
        fraction = r.get("fraction_of_bandwidth", r.get("fraction_of_peak"))
        lines.append(f"| {row.row.name} | {row.target} | {r['median_s'] * 1e3:.3f} | {r.get('gflops', 0) / 1e3:.1f} | "
                     + (f"{fraction:.2f} {r.get('limit', '')}" if fraction is not None else "") + " | "
                     + (f"{r['max_error']:.1e}" if "max_error" in r else "") + f" | {verdict(row, results)} |")
    checked = [row for row in done if row.kind == "grid"]
    wrong = [row for row in checked if row.error]
    lines += ["", f"Grid: {len(checked) - len(wrong)} of {len(checked)} rows right."]
    lines += [f"- {row.name}: {row.error.splitlines()[-1][:200]}" for row in wrong]
    return "\n".join(lines) + "\n"
