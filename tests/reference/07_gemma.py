"""Gemma 2 (arXiv:2408.00118): norms before and after, (1 + w), capped scores and logits, every other layer a window."""
import sys

from safetensors import compare, np, weights

W = {name.removeprefix("model."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("input_layernorm.weight")])
DEPTH = 16
WINDOW = 8


def norm(x, name):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * (1 + W[name + ".weight"])


def linear(x, name):
    weight = W[name + ".weight"]
    return x @ weight.reshape(-1, weight.shape[-1]).T


def cap(x, limit):
    return limit * np.tanh(x / limit)


def rotate(x):
    angle = np.outer(np.arange(len(x)), 10000.0 ** (-np.arange(0, DEPTH, 2) / DEPTH))
    a, b = x[:, : DEPTH // 2], x[:, DEPTH // 2 :]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=-1)


def attention(x, name, window):
    n = len(x)
    q, k, v = (linear(x, f"{name}.{part}_proj").reshape(n, -1, DEPTH) for part in "qkv")
    group = q.shape[1] // k.shape[1]
    back = np.arange(n)[:, None] - np.arange(n)
    out = np.empty_like(q)
    for h in range(q.shape[1]):
        scores = cap(rotate(q[:, h]) @ rotate(k[:, h // group]).T / np.sqrt(DEPTH), 50)
        scores[(back < 0) | (back >= window)] = -np.inf
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, h] = weight / weight.sum(-1, keepdims=True) @ v[:, h // group]
    weight = W[name + ".o_proj.weight"]
    return out.reshape(n, -1) @ weight.reshape(weight.shape[0], -1).T


def mlp(x, name):
    gate = linear(x, name + ".gate_proj")
    gelu = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
    return linear(gelu * linear(x, name + ".up_proj"), name + ".down_proj")


def logits(ids):
    table = W["embed_tokens.weight"]
    x = table[ids] * np.sqrt(table.shape[1])
    for n in range(LAYERS):
        layer = f"layers.{n}"
        seen = attention(norm(x, layer + ".input_layernorm"), layer + ".self_attn", WINDOW if n % 2 == 0 else len(ids))
        x = x + norm(seen, layer + ".post_attention_layernorm")
        hidden = mlp(norm(x, layer + ".pre_feedforward_layernorm"), layer + ".mlp")
        x = x + norm(hidden, layer + ".post_feedforward_layernorm")
    return cap(norm(x, "norm") @ table.T, 30)


compare(sys.argv[2], logits)
