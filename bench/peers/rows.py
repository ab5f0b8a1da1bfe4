"""What is compared: the arguments of heed-bench, and who else can do it."""
from dataclasses import dataclass

ATTENTION = ["torch-sdpa", "torch-math", "torch-compile", "onnxruntime", "openvino"]
PRODUCT = ["torch", "onnxruntime", "openvino", "onednn", "openblas"]
NARROW = {"attention": ["torch-sdpa", "torch-math", "torch-compile"], "gemm": ["torch", "torch-compile"]}
MODEL = ["torch-sdpa", "torch-math", "torch-compile", "onnxruntime", "openvino"]


@dataclass
class Row:
    name: str
    kind: str
    arguments: list
    peers: list


ROWS = [
    Row(f"attention d{depth} {mask} {seq}", "attention",
        ["attention", "--heads=4", f"--depth={depth}", f"--mask={mask}", f"--seq={seq}"], ATTENTION)
    for depth in (64, 128)
    for mask in ("none", "causal")
    for seq in ((512, 1024, 2048, 4096) if depth == 64 else (1024, 2048))
] + [
    Row(f"attention d64 {mask} {heads} x {seq}", "attention",
        ["attention", f"--heads={heads}", f"--mask={mask}", f"--seq={seq}"], ATTENTION)
    for heads, mask, seq in ((96, "none", 128), (32, "causal", 256))
] + [
    Row("gemm 1024 x 1024 x 1024", "gemm", ["gemm"], PRODUCT),
    Row("gemm 4096 x 768 x 3072", "gemm", ["gemm", "--m=4096", "--k=768", "--n=3072"], PRODUCT),
    Row("gemm 4096 x 768 x 3072 + bias + GELU", "gemm",
        ["gemm", "--m=4096", "--k=768", "--n=3072", "--epilogue=bias+gelu"], PRODUCT),
    Row("encoder MiniLM-L6 8 x 128", "encoder", ["encoder", "--batch=8", "--seq=128"], MODEL),
    Row("encoder MiniLM-L6 1 x 512", "encoder", ["encoder", "--batch=1", "--seq=512"], MODEL),
    Row("gpt2 prefill 1 x 512", "gpt2", ["gpt2-prefill", "--seq=512"], MODEL),
] + [
    Row(f"bf16 attention d{depth} {mask} 2048", "attention",
        ["attention", "--dtype=bf16", "--heads=4", f"--depth={depth}", f"--mask={mask}", "--seq=2048"], NARROW["attention"])
    for depth in (64, 128)
    for mask in ("none", "causal")
] + [
    Row(f"bf16 gemm {m} x {k} x {n}", "gemm", ["gemm", "--dtype=bf16", f"--m={m}", f"--k={k}", f"--n={n}"], NARROW["gemm"])
    for m, k, n in ((1024, 1024, 1024), (4096, 768, 3072))
] + [
    Row(f"int{bits} weights gemm {m} x 4096 x 4096", "gemm",
        ["gemm", f"--m={m}", "--k=4096", "--n=4096", f"--target=cpu+int{bits}"], ["onnxruntime"])
    for bits in (8, 4)
    for m in (1, 4, 64)
]
