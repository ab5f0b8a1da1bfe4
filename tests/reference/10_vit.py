"""A vision transformer after Dosovitskiy et al. (arXiv:2010.11929): pre-norm, a class token before the patches."""
import math
import sys

from safetensors import np, read, weights

W = {name.removeprefix("vit."): w for name, w in weights(sys.argv[1]).items()}
LAYERS = len([name for name in W if name.endswith("layernorm_before.weight")])
HEADS = 4


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * W[name + ".weight"] + W[name + ".bias"]


def linear(x, name):
    bias = W[name + ".bias"].reshape(-1)
    return x @ W[name + ".weight"].reshape(len(bias), -1).T + bias


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def embedded(image):
    side = W["embeddings.patch_embeddings.projection.weight"].shape[-1]
    rows, columns = image.shape[1] // side, image.shape[2] // side
    patches = [
        image[:, y * side : (y + 1) * side, x * side : (x + 1) * side].reshape(-1)
        for y in range(rows)
        for x in range(columns)
    ]
    tokens = linear(np.array(patches), "embeddings.patch_embeddings.projection")
    tokens = np.concatenate([W["embeddings.cls_token"].reshape(1, -1), tokens])
    return tokens + W["embeddings.position_embeddings"].reshape(tokens.shape)


def attention(x, name):
    q, k, v = (linear(x, f"{name}.attention.{part}") for part in ("query", "key", "value"))
    out = np.empty_like(x)
    for part in np.split(np.arange(x.shape[-1]), HEADS):
        scores = q[:, part] @ k[:, part].T / np.sqrt(len(part))
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, part] = weight / weight.sum(-1, keepdims=True) @ v[:, part]
    return linear(out, name + ".output.dense")


def logits(image):
    x = embedded(image)
    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        x = x + attention(norm(x, layer + ".layernorm_before"), layer + ".attention")
        hidden = gelu(linear(norm(x, layer + ".layernorm_after"), layer + ".intermediate.dense"))
        x = x + linear(hidden, layer + ".output.dense")
    return linear(norm(x, "layernorm")[0], "classifier")


file = read(sys.argv[2])
worst = max(np.abs(logits(image) - got).max() for image, got in zip(file["pixel_values"].astype(float), file["logits"]))
print(f"{len(file['logits'])} images, largest error {worst:.1e}")
sys.exit(0 if worst <= 2e-4 else 1)
