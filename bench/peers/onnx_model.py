"""The workloads as ONNX graphs, for ONNX Runtime and OpenVINO."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from peers import tensors


class Graph:
    def __init__(self, fused):
        self.fused = fused  # attention as ONNX Runtime's own op
        self.nodes, self.constants, self.count = [], [], 0

    def __call__(self, op, *inputs, domain="", **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(op, [self.name(x) for x in inputs], [f"t{self.count}"], domain=domain,
                                           **attributes))
        return f"t{self.count}"

    def name(self, x):
        if isinstance(x, str):
            return x
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(x), f"c{len(self.constants)}"))
        return f"c{len(self.constants) - 1}"

    def model(self, inputs, output):
        self.nodes[-1].output[0] = output = "out"
        types = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("int32"): TensorProto.INT32}
        given = [helper.make_tensor_value_info(n, types[x.dtype], x.shape) for n, x in inputs.items()]
        graph = helper.make_graph(self.nodes, "workload", given,
                                  [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], self.constants)
        return helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 20),
                                                                     helper.make_opsetid("com.microsoft", 1)])

    def attention(self, q, k, v, causal, seq, keys, depth):
        """Of [batch, heads, seq, depth]."""
        scores = self("MatMul", q, self("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self("Mul", scores, np.float32(depth ** -0.5))
        if causal:
            hidden = np.triu(np.full((seq, keys), -np.inf, np.float32), 1)
            scores = self("Add", scores, hidden)
        return self("MatMul", self("Softmax", scores, axis=-1), v)


def attend(g, x, layer, about, causal):
    count, model, seq = about["heads"], about["model"], about["seq"]
    qkv = [g("Add", g("MatMul", x, layer(f"attn.{m}.weight").T), layer(f"attn.{m}.bias")) for m in "qkv"]
    if g.fused:
        y = g("MultiHeadAttention", *qkv, domain="com.microsoft", num_heads=count, unidirectional=int(causal))
    else:
        split = np.array([0, 0, count, model // count])
        parts = [g("Transpose", g("Reshape", t, split), perm=[0, 2, 1, 3]) for t in qkv]
        y = g.attention(*parts, causal, seq, seq, model // count)
        y = g("Reshape", g("Transpose", y, perm=[0, 2, 1, 3]), np.array([0, 0, model]))
    return g("Add", g("MatMul", y, layer("attn.out.weight").T), layer("attn.out.bias"))


def feed(g, x, layer, how):
    up = g("Gelu", g("Add", g("MatMul", x, layer("mlp.up.weight").T), layer("mlp.up.bias")), approximate=how)
    return g("Add", g("MatMul", up, layer("mlp.down.weight").T), layer("mlp.down.bias"))


def norm(g, x, weight, bias):
    return g("LayerNormalization", x, weight, bias, axis=-1, epsilon=1e-5)


def product(g, x, right, about):
    """By a right matrix in f32, or, where ours has few bits, in as many: then each 32 numbers of a column are multiples
    of one scale already (runtime/rounded.h), which are found again."""
    bits = int(about["isa"].partition("+int")[2] or 0)
    if not bits:
        return g("MatMul", x, right)
    columns = right.T.reshape(right.shape[1], -1, 32)
    scales = np.abs(columns).max(-1) / (2 ** (bits - 1) - 1)
    numbers = (np.rint(columns / scales[..., None]) + 2 ** (bits - 1)).astype(np.uint8)
    if bits == 4:
        numbers = numbers[..., 0::2] | numbers[..., 1::2] << 4
    return g("MatMulNBits", x, numbers, scales.astype(np.float32), domain="com.microsoft", K=right.shape[0],
             N=right.shape[1], bits=bits, block_size=32)


def build(kind, given, about, fused):
    """The model and its inputs."""
    g = Graph(fused)
    if kind == "attention":
        inputs = {n: given["input." + n] for n in "qkv"}
        out = g.attention("q", "k", "v", about["mask"] == "causal", about["seq"], about["kv_seq"], about["depth"])
        if fused and about["mask"] in ("none", "causal"):
            # Its own op takes tokens by heads; the layout is changed beforehand, outside of the time.
            g.nodes, g.constants = [], []
            inputs = {n: np.ascontiguousarray(x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1))
                      for n, x in inputs.items()}
            out = g("MultiHeadAttention", "q", "k", "v", domain="com.microsoft", num_heads=about["heads"],
                    unidirectional=int(about["mask"] == "causal"))
    elif kind == "gemm":
        inputs = {"a": given["input.a"]}
        bias = given.get("bias")
        out = product(g, "a", given["b"], about)
        if bias is not None:
            out = g("Gelu", g("Add", out, bias))
    elif kind == "encoder":
        inputs = {"x": given["input.x"]}
        out = "x"
        for layer in tensors.layers(given, about):
            out = norm(g, g("Add", out, attend(g, out, layer, about, False)), layer("ln_1.weight"), layer("ln_1.bias"))
            out = norm(g, g("Add", out, feed(g, out, layer, "none")), layer("ln_2.weight"), layer("ln_2.bias"))
    else:
        inputs = {"ids": given["input.ids"]}
        words = given["wte.weight"]
        out = g("Add", g("Gather", words, "ids"), given["wpe.weight"][:about["seq"]])
        for layer in tensors.layers(given, about):
            x = norm(g, out, layer("ln_1.weight"), layer("ln_1.bias"))
            out = g("Add", out, attend(g, x, layer, about, True))
            x = norm(g, out, layer("ln_2.weight"), layer("ln_2.bias"))
            out = g("Add", out, feed(g, x, layer, "tanh"))
        out = g("MatMul", norm(g, out, given["ln_f.weight"], given["ln_f.bias"]), np.ascontiguousarray(words.T))
    return g.model(inputs, out), inputs
