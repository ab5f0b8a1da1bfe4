"""Llama after Touvron et al. (arXiv:2302.13971): RMSNorm, rotary positions in halves, grouped queries, SwiGLU. And its
relatives: 04_llama.py WEIGHTS TEXT FAMILY."""
import sys

from safetensors import compare, np, weights

W = {name.removeprefix("model."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("input_layernorm.weight")])
DEPTH = 16
FAMILY = sys.argv[3] if len(sys.argv) > 3 else "llama2"
EPSILON = 1e-6 if FAMILY.startswith("qwen") else 1e-5
BASE = {"llama3": 500000.0, "qwen2": 1e6, "qwen3": 1e6}.get(FAMILY, 10000.0)
WINDOW = 8 if FAMILY == "mistral" else None


def norm(x, name):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON) * W[name + ".weight"]


def linear(x, name):
    weight = W[name + ".weight"]
    bias = W[name + ".bias"].reshape(-1) if name + ".bias" in W else 0
    return x @ weight.reshape(-1, weight.shape[-1]).T + bias


def frequencies():
    turn = BASE ** (-np.arange(0, DEPTH, 2) / DEPTH)
    if FAMILY != "llama3":
        return turn
    # Llama 3.1 (arXiv:2407.21783): what turns fewer than once in 8192 tokens is 32 times slower, in between a mixture.
    keep = np.clip((8192 * turn / (2 * np.pi) - 1) / (4 - 1), 0, 1)
    return turn * (keep + (1 - keep) / 32)


def rotate(x):
    """[tokens, depth]: coordinate i turns with i + depth/2 (Su et al., arXiv:2104.09864)."""
    angle = np.outer(np.arange(len(x)), frequencies())
    a, b = x[:, : DEPTH // 2], x[:, DEPTH // 2 :]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=-1)


def attention(x, name):
    n = len(x)
    q = linear(x, name + ".q_proj").reshape(n, -1, DEPTH)
    k, v = (linear(x, f"{name}.{part}_proj").reshape(n, -1, DEPTH) for part in "kv")
    if name + ".q_norm.weight" in W:
        q, k = norm(q, name + ".q_norm"), norm(k, name + ".k_norm")
    group = q.shape[1] // k.shape[1]
    back = np.arange(n)[:, None] - np.arange(n)
    out = np.empty_like(q)
    for h in range(q.shape[1]):
        scores = rotate(q[:, h]) @ rotate(k[:, h // group]).T / np.sqrt(DEPTH)
        scores[(back < 0) | (back >= (WINDOW or n))] = -np.inf
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, h] = weight / weight.sum(-1, keepdims=True) @ v[:, h // group]
    weight = W[name + ".o_proj.weight"]
    return out.reshape(n, -1) @ weight.reshape(weight.shape[0], -1).T


def mlp(x, name):
    gate = linear(x, name + ".gate_proj")
    return linear(gate / (1 + np.exp(-gate)) * linear(x, name + ".up_proj"), name + ".down_proj")


def logits(ids):
    x = W["embed_tokens.weight"][ids]
    for n in range(LAYERS):
        x = x + attention(norm(x, f"layers.{n}.input_layernorm"), f"layers.{n}.self_attn")
        x = x + mlp(norm(x, f"layers.{n}.post_attention_layernorm"), f"layers.{n}.mlp")
    return linear(norm(x, "norm"), "lm_head" if "lm_head.weight" in W else "embed_tokens")


compare(sys.argv[2], logits)
