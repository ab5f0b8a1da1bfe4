"""BERT after Devlin et al. (arXiv:1810.04805), the mean of the tokens as in Sentence-BERT (arXiv:1908.10084)."""
import math
import sys

from safetensors import np, read, weights

W = {name.removeprefix("bert."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("intermediate.dense.weight")])
HEADS = 4


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * W[name + ".weight"] + W[name + ".bias"]


def linear(x, name):
    bias = W[name + ".bias"].reshape(-1)
    return x @ W[name + ".weight"].reshape(len(bias), -1).T + bias


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def attention(x, name):
    model = x.shape[-1]
    q, k, v = (linear(x, f"{name}.self.{part}") for part in ("query", "key", "value"))
    out = np.empty_like(x)
    for h in range(HEADS):
        part = slice(h * model // HEADS, (h + 1) * model // HEADS)
        scores = q[:, part] @ k[:, part].T / np.sqrt(model // HEADS)
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, part] = weight / weight.sum(-1, keepdims=True) @ v[:, part]
    return linear(out, name + ".output.dense")


def vector(ids):
    tables = "embeddings.word_embeddings", "embeddings.position_embeddings", "embeddings.token_type_embeddings"
    word, position, kind = (W[name + ".weight"] for name in tables)
    x = norm(word[ids] + position[: len(ids)] + kind[0], "embeddings.LayerNorm")
    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        x = norm(x + attention(x, layer + ".attention"), layer + ".attention.output.LayerNorm")
        x = norm(x + linear(gelu(linear(x, layer + ".intermediate.dense")), layer + ".output.dense"),
                 layer + ".output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


file = read(sys.argv[2])
worst = max(
    np.abs(vector(ids[:length]) - got).max()
    for ids, length, got in zip(file["ids"], file["lengths"], file["vectors"])
)
print(f"{len(file['ids'])} sentences, largest error {worst:.1e}")
sys.exit(0 if worst <= 2e-4 else 1)
