"""torch on the GPU: peers.py NAME SHAPE, where SHAPE is a row's in JSON; peers.py about. One JSON object on one line.

Times are of CUDA events around some calls, the median of the rounds; inputs are random normal numbers."""
import json
import statistics
import sys

import torch
import torch.nn.functional as F

if not torch.cuda.is_available():
    sys.exit("torch sees no GPU")


def about():
    return {"torch": torch.__version__, "cuda": torch.version.cuda, "gpu": torch.cuda.get_device_name(0),
            "cudnn": torch.backends.cudnn.version()}


def seconds(call, rounds=15):
    for _ in range(3):
        call()
    torch.cuda.synchronize()

    def once(times):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(times):
            call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1e-3 / times

    times = max(1, min(1000, int(10e-3 / max(once(1), 1e-6))))
    return statistics.median(once(times) for _ in range(rounds))


def normal(*sizes, dtype):
    return torch.randn(*sizes, device="cuda", dtype=torch.float32).to(dtype)


def dtype_of(shape):
    return {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}[shape["dtype"]]


def attention(name, shape):
    from torch.nn.attention import SDPBackend, sdpa_kernel
    batch, heads, seq, depth = shape.get("batch", 1), shape["heads"], shape["seq"], shape["depth"]
    keys, kv_heads, mask = shape.get("kv_seq", seq), shape.get("kv_heads", heads), shape["mask"]
    dtype = dtype_of(shape)
    q = normal(batch, heads, seq, depth, dtype=dtype)
    k, v = (normal(batch, kv_heads, keys, depth, dtype=dtype) for _ in range(2))
    pairs = seq * keys
    window = int(mask.split(":")[1]) if mask.startswith("window") else 0
    if mask == "causal":
        pairs = seq * (seq + 1) // 2
    if window:
        pairs = sum(min(i + 1, window) for i in range(seq))
    if name == "torch-flex":
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention
        masks = {"none": None, "causal": lambda b, h, i, j: i >= j}
        if window:
            masks[mask] = lambda b, h, i, j: (i >= j) & (i - j < window)
        block = create_block_mask(masks[mask], None, None, seq, keys, device="cuda") if masks[mask] else None
        compiled = torch.compile(flex_attention, dynamic=False)
        call = lambda: compiled(q, k, v, block_mask=block, enable_gqa=heads != kv_heads)  # noqa: E731
    else:
        if window:
            sys.exit("no window in this backend")
        backend = {"torch-flash": SDPBackend.FLASH_ATTENTION, "torch-cudnn": SDPBackend.CUDNN_ATTENTION,
                   "torch-efficient": SDPBackend.EFFICIENT_ATTENTION}[name]
        if heads != kv_heads and name == "torch-efficient":  # it has no groups
            k, v = (x.repeat_interleave(heads // kv_heads, 1) for x in (k, v))

        def call():
            with sdpa_kernel(backend):
                return F.scaled_dot_product_attention(q, k, v, is_causal=mask == "causal",
                                                      enable_gqa=q.shape[1] != k.shape[1])
    with torch.inference_mode():
        time = seconds(call)
    bytes_moved = 2 * batch * kv_heads * keys * depth * q.element_size()
    return {"median_s": time, "gflops": 4 * pairs * batch * heads * depth / time * 1e-9,
            "gbytes_per_s": bytes_moved / time * 1e-9}


def matmul(shape):
    dtype = dtype_of(shape)
    a, b = normal(shape["m"], shape["k"], dtype=dtype), normal(shape["k"], shape["n"], dtype=dtype)
    if shape["rhs"] == "nk":
        b = b.t().contiguous().t()
    with torch.inference_mode():
        time = seconds(lambda: torch.mm(a, b))
    return {"median_s": time, "gflops": 2 * shape["m"] * shape["n"] * shape["k"] / time * 1e-9}


if __name__ == "__main__":
    name = sys.argv[1]
    shape = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    print(json.dumps(about() if name == "about" else matmul(shape) if name == "torch-matmul" else attention(name, shape)))
