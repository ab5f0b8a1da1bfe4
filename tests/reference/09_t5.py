"""T5 after Raffel et al. (arXiv:1910.10683): RMSNorm before each part, no biases, scores shifted by bucketed distances."""
import math
import sys

from safetensors import compare, np, weights

W = weights(sys.argv[1])
LAYERS = len([name for name in W if name.startswith("encoder.") and name.endswith("wo.weight")])
HEADS, FURTHEST = 4, 128


def norm(x, name):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * W[name + ".weight"]


def linear(x, name):
    weight = W[name + ".weight"]
    return x @ (weight.reshape(weight.shape[0], -1) if name.endswith(".o") else weight.reshape(-1, x.shape[-1])).T


def bucket(distance, both, count):
    """distance: of the key, seen from the query."""
    first = 0
    if both:
        count //= 2
        first = count if distance > 0 else 0
        distance = abs(distance)
    else:
        distance = max(-distance, 0)
    exact = count // 2
    if distance < exact:
        return first + distance
    far = exact + int(math.log(distance / exact) / math.log(FURTHEST / exact) * (count - exact) + 1e-9)
    return first + min(far, count - 1)


def bias(n, half):
    table = W[half + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    which = [[bucket(j - i, half == "encoder", len(table)) for j in range(n)] for i in range(n)]
    return np.moveaxis(table[np.array(which)], -1, 0)


def attention(x, memory, name, bias=None, causal=False):
    q = linear(x, name + ".q")
    k, v = (linear(memory, f"{name}.{part}") for part in "kv")
    out = np.empty_like(q)
    for h, part in enumerate(np.split(np.arange(q.shape[1]), HEADS)):
        scores = q[:, part] @ k[:, part].T
        if bias is not None:
            scores = scores + bias[h]
        if causal:
            scores[np.triu_indices(len(x), 1)] = -np.inf
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, part] = weight / weight.sum(-1, keepdims=True) @ v[:, part]
    return linear(out, name + ".o")


def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def mlp(x, name):
    """Of T5 1.1 a gated one (Shazeer, arXiv:2002.05202)."""
    name += ".DenseReluDense."
    if name + "wi.weight" in W:
        return linear(np.maximum(linear(x, name + "wi"), 0), name + "wo")
    return linear(gelu(linear(x, name + "wi_0")) * linear(x, name + "wi_1"), name + "wo")


def encoded(source):
    x = W["shared.weight"][source]
    shift = bias(len(source), "encoder")
    for n in range(LAYERS):
        layer = f"encoder.block.{n}.layer"
        y = norm(x, layer + ".0.layer_norm")
        x = x + attention(y, y, layer + ".0.SelfAttention", shift)
        x = x + mlp(norm(x, layer + ".1.layer_norm"), layer + ".1")
    return norm(x, "encoder.final_layer_norm")


def logits(ids, source):
    memory, x = encoded(source), W["shared.weight"][ids]
    shift = bias(len(ids), "decoder")
    for n in range(LAYERS):
        layer = f"decoder.block.{n}.layer"
        y = norm(x, layer + ".0.layer_norm")
        x = x + attention(y, y, layer + ".0.SelfAttention", shift, causal=True)
        x = x + attention(norm(x, layer + ".1.layer_norm"), memory, layer + ".1.EncDecAttention")
        x = x + mlp(norm(x, layer + ".2.layer_norm"), layer + ".2")
    x = norm(x, "decoder.final_layer_norm")
    return linear(x, "lm_head") if "lm_head.weight" in W else x @ W["shared.weight"].T / np.sqrt(x.shape[1])


compare(sys.argv[2], logits)
