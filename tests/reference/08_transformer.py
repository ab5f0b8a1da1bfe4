"""The Transformer after Vaswani et al. (arXiv:1706.03762): post-norm, sinusoidal positions, one table for all words."""
import sys

from safetensors import compare, np, read, weights

W = {name.removeprefix("model."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.startswith("encoder.") and name.endswith("fc1.weight")])
HEADS = 4
MODEL = W["shared.weight"].shape[1]


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * W[name + ".weight"] + W[name + ".bias"]


def linear(x, name):
    bias = W[name + ".bias"].reshape(-1)
    return x @ W[name + ".weight"].reshape(len(bias), -1).T + bias


def embedded(ids):
    angle = np.arange(len(ids))[:, None] / 10000 ** (np.arange(0, MODEL, 2) / MODEL)
    positions = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(len(ids), MODEL)
    return W["shared.weight"][ids] * np.sqrt(MODEL) + positions


def attention(x, memory, name, causal=False):
    q = linear(x, name + ".q_proj")
    k, v = (linear(memory, f"{name}.{part}_proj") for part in "kv")
    out = np.empty_like(q)
    for part in np.split(np.arange(MODEL), HEADS):
        scores = q[:, part] @ k[:, part].T / np.sqrt(MODEL // HEADS)
        if causal:
            scores[np.triu_indices(len(x), 1)] = -np.inf
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, part] = weight / weight.sum(-1, keepdims=True) @ v[:, part]
    return linear(out, name + ".out_proj")


def mlp(x, name):
    return linear(np.maximum(linear(x, name + ".fc1"), 0), name + ".fc2")


def encoded(source):
    x = embedded(source)
    for n in range(LAYERS):
        layer = f"encoder.layers.{n}"
        x = norm(x + attention(x, x, layer + ".self_attn"), layer + ".self_attn_layer_norm")
        x = norm(x + mlp(x, layer), layer + ".final_layer_norm")
    return x


def logits(ids, source):
    memory, x = encoded(source), embedded(ids)
    for n in range(LAYERS):
        layer = f"decoder.layers.{n}"
        x = norm(x + attention(x, x, layer + ".self_attn", causal=True), layer + ".self_attn_layer_norm")
        x = norm(x + attention(x, memory, layer + ".encoder_attn"), layer + ".encoder_attn_layer_norm")
        x = norm(x + mlp(x, layer), layer + ".final_layer_norm")
    return x @ W["shared.weight"].T


compare(sys.argv[2], logits)
