"""torch: attention by its own choice of kernel, by the formula, and compiled."""
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from peers import tensors


def norm(x, weight, bias):
    return F.layer_norm(x, x.shape[-1:], weight, bias, 1e-5)


def heads(x, count):
    return x.view(*x.shape[:2], count, -1).transpose(1, 2)


def attend(x, layer, count, causal):
    q, k, v = F.linear(x, layer["qkv.weight"], layer["qkv.bias"]).chunk(3, -1)
    y = F.scaled_dot_product_attention(heads(q, count), heads(k, count), heads(v, count), is_causal=causal)
    return F.linear(y.transpose(1, 2).flatten(2), layer["attn.out.weight"], layer["attn.out.bias"])


def feed(x, layer, how):
    up = F.gelu(F.linear(x, layer["mlp.up.weight"], layer["mlp.up.bias"]), approximate=how)
    return F.linear(up, layer["mlp.down.weight"], layer["mlp.down.bias"])


def weights(given, about):
    every = []
    for layer in tensors.layers(given, about):
        names = [f"{m}.{p}" for m in ("attn.out", "mlp.up", "mlp.down", "ln_1", "ln_2") for p in ("weight", "bias")]
        own = {name: torch.from_numpy(layer(name).copy()) for name in names}
        for part in ("weight", "bias"):
            own["qkv." + part] = torch.cat([torch.from_numpy(layer(f"attn.{m}.{part}").copy()) for m in "qkv"])
        every.append(own)
    return every


def formula(kind, given, about):
    get = {name: torch.from_numpy(x.copy()) for name, x in given.items()}
    if about.get("dtype") == "bf16":
        get = {name: x.bfloat16() for name, x in get.items()}
    if kind == "attention":
        q, k, v = get["input.q"], get["input.k"], get["input.v"]
        causal = about["mask"] == "causal"
        return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    if kind == "gemm":
        a, b, bias = get["input.a"], get["b"], get.get("bias")
        if bias is None:
            return lambda: torch.mm(a, b)
        right = b.t().contiguous()
        return lambda: F.gelu(F.linear(a, right, bias))
    layers, count = weights(given, about), about["heads"]
    if kind == "encoder":
        x = get["input.x"]

        def encode(y):
            for layer in layers:
                y = norm(y + attend(y, layer, count, False), layer["ln_1.weight"], layer["ln_1.bias"])
                y = norm(y + feed(y, layer, "none"), layer["ln_2.weight"], layer["ln_2.bias"])
            return y

        return lambda: encode(x)
    ids, words, places = get["input.ids"].long(), get["wte.weight"], get["wpe.weight"]
    last = get["ln_f.weight"], get["ln_f.bias"]

    def prefill(tokens):
        y = words[tokens] + places[:tokens.shape[1]]
        for layer in layers:
            y = y + attend(norm(y, layer["ln_1.weight"], layer["ln_1.bias"]), layer, count, True)
            y = y + feed(norm(y, layer["ln_2.weight"], layer["ln_2.bias"]), layer, "tanh")
        return F.linear(norm(y, *last), words)

    return lambda: prefill(ids)


def prepare(name, kind, given, about, threads):
    torch.set_num_threads(threads)
    run = formula(kind, given, about)
    if name.endswith("compile"):
        run = torch.compile(run)
    how = SDPBackend.MATH if name.endswith("math") else None

    def call():
        with torch.inference_mode():
            if how is None:
                return run()
            with sdpa_kernel(how):
                return run()

    return call, lambda: call().float(), torch.backends.cpu.get_cpu_capability() + ", as it says"
