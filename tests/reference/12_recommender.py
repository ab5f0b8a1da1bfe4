"""A user attends to the items of their past (Chen et al., SIGIR 2017, item-level attention), with dot products."""
import sys

from safetensors import np, read, weights

W = weights(sys.argv[1])
HEADS = 2


def linear(x, name):
    bias = W[name + ".bias"].reshape(-1)
    return x @ W[name + ".weight"].reshape(len(bias), -1).T + bias


def scores(user, past):
    who, table = W["user_embedding.weight"][user], W["item_embedding.weight"]
    q, k, v = linear(who, "q_proj"), linear(table[past], "k_proj"), linear(table[past], "v_proj")
    liked = np.zeros_like(q)
    for part in np.split(np.arange(len(who)), HEADS):
        if len(past):
            weight = np.exp(k[:, part] @ q[part] / np.sqrt(len(part)))
            liked[part] = weight / weight.sum() @ v[:, part]
    return table @ (who + linear(liked, "out_proj")) + W["item_bias"]


file = read(sys.argv[2])
worst = max(
    np.abs(scores(user, past[:length]) - got).max()
    for user, past, length, got in zip(file["user"], file["past"], file["lengths"], file["scores"])
)
print(f"{len(file['user'])} users, largest error {worst:.1e}")
sys.exit(0 if worst <= 2e-4 else 1)
