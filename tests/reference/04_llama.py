"""Llama after Touvron et al. (arXiv:2302.13971): RMSNorm, rotary positions in halves, grouped queries, SwiGLU."""
import sys

from safetensors import compare, np, weights

W = {name.removeprefix("model."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("input_layernorm.weight")])
DEPTH = 16


def norm(x, name):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * W[name + ".weight"]


def linear(x, name):
    weight = W[name + ".weight"]
    return x @ weight.reshape(-1, weight.shape[-1]).T


def rotate(x):
    """[tokens, depth]: coordinate i turns with i + depth/2 (Su et al., arXiv:2104.09864)."""
    angle = np.outer(np.arange(len(x)), 10000.0 ** (-np.arange(0, DEPTH, 2) / DEPTH))
    a, b = x[:, : DEPTH // 2], x[:, DEPTH // 2 :]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=-1)


def attention(x, name):
    n = len(x)
    q = linear(x, name + ".q_proj").reshape(n, -1, DEPTH)
    k, v = (linear(x, f"{name}.{part}_proj").reshape(n, -1, DEPTH) for part in "kv")
    group = q.shape[1] // k.shape[1]
    out = np.empty_like(q)
    for h in range(q.shape[1]):
        scores = rotate(q[:, h]) @ rotate(k[:, h // group]).T / np.sqrt(DEPTH)
        scores[np.triu_indices(n, 1)] = -np.inf
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
    return linear(norm(x, "norm"), "lm_head")


compare(sys.argv[2], logits)
