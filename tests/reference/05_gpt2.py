"""GPT-2 after Radford et al. (2019): Language Models are Unsupervised Multitask Learners. Pre-norm, learned positions."""
import sys

from safetensors import compare, np, weights

W = {name.removeprefix("transformer."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("ln_1.weight")])
HEADS = 4


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * W[name + ".weight"] + W[name + ".bias"]


def linear(x, name):
    weight = W[name + ".weight"]
    bias = W[name + ".bias"]
    return x @ weight.reshape(x.shape[-1], -1) + bias.reshape(-1)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def attention(x, name):
    n, model = x.shape
    q, k, v = np.split(linear(x, name + ".c_attn"), 3, axis=-1)
    out = np.empty_like(x)
    for h in range(HEADS):
        part = slice(h * model // HEADS, (h + 1) * model // HEADS)
        scores = q[:, part] @ k[:, part].T / np.sqrt(model // HEADS)
        scores[np.triu_indices(n, 1)] = -np.inf
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, part] = weight / weight.sum(-1, keepdims=True) @ v[:, part]
    return out @ W[name + ".c_proj.weight"].reshape(model, model) + W[name + ".c_proj.bias"]


def logits(ids):
    x = W["wte.weight"][ids] + W["wpe.weight"][: len(ids)]
    for n in range(LAYERS):
        x = x + attention(norm(x, f"h.{n}.ln_1"), f"h.{n}.attn")
        x = x + linear(gelu(linear(norm(x, f"h.{n}.ln_2"), f"h.{n}.mlp.c_fc")), f"h.{n}.mlp.c_proj")
    return norm(x, "ln_f") @ W["wte.weight"].T


compare(sys.argv[2], logits)
