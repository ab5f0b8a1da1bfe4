"""Published checkpoints bind unchanged: files of their names, shapes and config.json, with holes in place of numbers. And
what a program says of its memory is what the system says, to a tenth.

published.py BIN WORK [sanitized]: BIN has the lessons; the files in WORK look large and take no room on the disk. What the
system counts of programs with sanitizers is not compared: it counts their shadow memory too."""
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys

BIN, WORK = sys.argv[1:3]
SANITIZED = sys.argv[3:] == ["sanitized"]
shutil.rmtree(WORK, ignore_errors=True)
os.makedirs(WORK)


def linear(name, outputs, inputs, bias=True):
    return {name + ".weight": [outputs, inputs], **({name + ".bias": [outputs]} if bias else {})}


def norm(name, size, bias=True):
    return {name + ".weight": [size], **({name + ".bias": [size]} if bias else {})}


def checkpoint(name, tensors, config, one=None):
    """A folder NAME with model.safetensors and config.json. All is 0, but the first number of `one` is 1."""
    header, end = {}, 0
    for tensor, shape in tensors.items():
        size = 4 * math.prod(shape)
        header[tensor] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder = os.path.join(WORK, name)
    os.makedirs(folder)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
        if one:
            file.seek(8 + len(text) + header[one]["data_offsets"][0])
            file.write(struct.pack("<f", 1))
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    return folder


def run(lesson, folder, *flags):
    ran = subprocess.run([os.path.join(BIN, lesson), "--weights=" + folder, *flags], capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{lesson} {folder}: {ran.stderr}")
    print(f"{lesson}: {os.path.basename(folder)}: {ran.stdout.split('memory: ')[1].splitlines()[0]}")
    return ran.stdout


def gpt2():
    w = {"wte.weight": [50257, 768], "wpe.weight": [1024, 768], **norm("ln_f", 768)}
    for n in range(12):
        h = f"h.{n}"
        w |= norm(h + ".ln_1", 768) | norm(h + ".ln_2", 768) | {h + ".attn.bias": [1, 1, 1024, 1024]}
        w |= {h + ".attn.c_attn.weight": [768, 2304], h + ".attn.c_attn.bias": [2304]}
        w |= {h + ".attn.c_proj.weight": [768, 768], h + ".attn.c_proj.bias": [768]}
        w |= {h + ".mlp.c_fc.weight": [768, 3072], h + ".mlp.c_fc.bias": [3072]}
        w |= {h + ".mlp.c_proj.weight": [3072, 768], h + ".mlp.c_proj.bias": [768]}
    return checkpoint("gpt2", w, {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024,
                                  "vocab_size": 50257, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5})


def llama(name, layers, model, heads, keys, depth, hidden, vocab, tied, config, qkv=False, qk=False, gemma=False):
    w = {"model.embed_tokens.weight": [vocab, model]} | norm("model.norm", model, False)
    if not tied:
        w |= linear("lm_head", vocab, model, False)
    for n in range(layers):
        layer = f"model.layers.{n}"
        parts = ["input_layernorm", "post_attention_layernorm"]
        for part in parts + (["pre_feedforward_layernorm", "post_feedforward_layernorm"] if gemma else []):
            w |= norm(f"{layer}.{part}", model, False)
        attn = layer + ".self_attn"
        w |= linear(attn + ".q_proj", heads * depth, model, qkv) | linear(attn + ".k_proj", keys * depth, model, qkv)
        w |= linear(attn + ".v_proj", keys * depth, model, qkv) | linear(attn + ".o_proj", model, heads * depth, False)
        if qk:
            w |= norm(attn + ".q_norm", depth, False) | norm(attn + ".k_norm", depth, False)
        for part in "gate", "up":
            w |= linear(f"{layer}.mlp.{part}_proj", hidden, model, False)
        w |= linear(layer + ".mlp.down_proj", model, hidden, False)
    sizes = {"hidden_size": model, "num_hidden_layers": layers, "num_attention_heads": heads, "vocab_size": vocab,
             "num_key_value_heads": keys, "intermediate_size": hidden, "tie_word_embeddings": tied}
    return checkpoint(name, w, {"hidden_act": "silu", **sizes, **config} if not gemma else {**sizes, **config})


def bert(name, layers, model, heads, hidden, prefix=""):
    embeddings = prefix + "embeddings"
    w = {embeddings + ".word_embeddings.weight": [30522, model], embeddings + ".position_embeddings.weight": [512, model],
         embeddings + ".token_type_embeddings.weight": [2, model], embeddings + ".position_ids": [1, 512]}
    w |= norm(embeddings + ".LayerNorm", model) | linear(prefix + "pooler.dense", model, model)
    for n in range(layers):
        layer = f"{prefix}encoder.layer.{n}"
        for part in "query", "key", "value":
            w |= linear(f"{layer}.attention.self.{part}", model, model)
        w |= linear(layer + ".attention.output.dense", model, model) | norm(layer + ".attention.output.LayerNorm", model)
        w |= linear(layer + ".intermediate.dense", hidden, model) | linear(layer + ".output.dense", model, hidden)
        w |= norm(layer + ".output.LayerNorm", model)
    return checkpoint(name, w, {"model_type": "bert", "hidden_size": model, "num_hidden_layers": layers, "vocab_size": 30522,
                                "num_attention_heads": heads, "intermediate_size": hidden, "hidden_act": "gelu",
                                "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12},
                      one=f"{prefix}encoder.layer.{layers - 1}.output.LayerNorm.bias")  # a sentence of 0 has no direction


def marian():
    w = {"model.shared.weight": [58101, 512], "final_logits_bias": [1, 58101]}
    for half, parts in ("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"]):
        w |= {f"model.{half}.embed_tokens.weight": [58101, 512], f"model.{half}.embed_positions.weight": [512, 512]}
        for n in range(6):
            layer = f"model.{half}.layers.{n}"
            for part in parts:
                for matrix in "q_proj", "k_proj", "v_proj", "out_proj":
                    w |= linear(f"{layer}.{part}.{matrix}", 512, 512)
                w |= norm(f"{layer}.{part}_layer_norm", 512)
            w |= linear(layer + ".fc1", 2048, 512) | linear(layer + ".fc2", 512, 2048) | norm(layer + ".final_layer_norm", 512)
    sizes = {half + key: size for half in ("encoder", "decoder")
             for key, size in (("_layers", 6), ("_attention_heads", 8), ("_ffn_dim", 2048))}
    return checkpoint("opus-mt-en-de", w, {"model_type": "marian", "d_model": 512, **sizes, "activation_function": "swish",
                                           "scale_embedding": True, "normalize_before": False, "eos_token_id": 0,
                                           "decoder_start_token_id": 58100})


def t5(name, layers, heads, hidden, gated, config):
    inner = heads * 64
    w = {"shared.weight": [32128, 512]} | ({"lm_head.weight": [32128, 512]} if gated else {})
    for half, parts in ("encoder", ["SelfAttention"]), ("decoder", ["SelfAttention", "EncDecAttention"]):
        w |= {half + ".final_layer_norm.weight": [512]}
        w |= {half + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight": [32, heads]}
        for n in range(layers):
            for at, part in enumerate(parts):
                for matrix in "qkv":
                    w |= linear(f"{half}.block.{n}.layer.{at}.{part}.{matrix}", inner, 512, False)
                w |= linear(f"{half}.block.{n}.layer.{at}.{part}.o", 512, inner, False)
                w |= norm(f"{half}.block.{n}.layer.{at}.layer_norm", 512, False)
            layer = f"{half}.block.{n}.layer.{len(parts)}"
            for matrix in ("wi_0", "wi_1") if gated else ("wi",):
                w |= linear(f"{layer}.DenseReluDense.{matrix}", hidden, 512, False)
            w |= linear(layer + ".DenseReluDense.wo", 512, hidden, False)
            w |= norm(layer + ".layer_norm", 512, False)
    return checkpoint(name, w, {"model_type": "t5", "d_model": 512, "num_layers": layers, "num_heads": heads, "d_kv": 64,
                                "d_ff": hidden, "vocab_size": 32128, "relative_attention_num_buckets": 32,
                                "layer_norm_epsilon": 1e-6, "decoder_start_token_id": 0, "eos_token_id": 1, **config})


def vit():
    w = {"vit.embeddings.cls_token": [1, 1, 768], "vit.embeddings.position_embeddings": [1, 197, 768],
         "vit.embeddings.patch_embeddings.projection.weight": [768, 3, 16, 16],
         "vit.embeddings.patch_embeddings.projection.bias": [768]}
    w |= norm("vit.layernorm", 768) | linear("classifier", 1000, 768)
    for n in range(12):
        layer = f"vit.encoder.layer.{n}"
        for part in "query", "key", "value":
            w |= linear(f"{layer}.attention.attention.{part}", 768, 768)
        w |= linear(layer + ".attention.output.dense", 768, 768)
        w |= linear(layer + ".intermediate.dense", 3072, 768) | linear(layer + ".output.dense", 768, 3072)
        w |= norm(layer + ".layernorm_before", 768) | norm(layer + ".layernorm_after", 768)
    return checkpoint("vit-base-patch16-224", w, {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
                                                  "intermediate_size": 3072, "image_size": 224, "patch_size": 16,
                                                  "num_channels": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
                                                  "id2label": {"0": "tench"}})


# Nothing of these is read: they are bound, and no token is asked for.
families = {
    "llama2": llama("TinyLlama-1.1B", 22, 2048, 32, 4, 64, 5632, 32000, False,
                    {"model_type": "llama", "rms_norm_eps": 1e-5, "rope_theta": 10000.0}),
    "llama3": llama("Llama-3.2-1B", 16, 2048, 32, 8, 64, 8192, 128256, True,
                    {"model_type": "llama", "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "head_dim": 64,
                     "rope_scaling": {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                      "original_max_position_embeddings": 8192, "rope_type": "llama3"}}),
    "mistral": llama("Mistral-7B-v0.1", 32, 4096, 32, 8, 128, 14336, 32000, False,
                     {"model_type": "mistral", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": 4096}),
    "qwen2": llama("Qwen2-0.5B", 24, 896, 14, 2, 64, 4864, 151936, True,
                   {"model_type": "qwen2", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0}, qkv=True),
    "qwen3": llama("Qwen3-0.6B", 28, 1024, 16, 8, 128, 3072, 151936, True,
                   {"model_type": "qwen3", "rms_norm_eps": 1e-6, "rope_theta": 1000000, "head_dim": 128}, qk=True),
}
for family, folder in families.items():
    run("04_llama", folder, "--family=" + family, "--size=published", "--prompt=1", "--tokens=0")
gemma = llama("gemma-2-2b", 26, 2304, 8, 4, 256, 9216, 256000, True,
              {"model_type": "gemma2", "head_dim": 256, "sliding_window": 4096, "query_pre_attn_scalar": 256,
               "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "rms_norm_eps": 1e-6,
               "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "rope_theta": 10000.0}, gemma=True)
run("07_gemma", gemma, "--size=2B", "--prompt=1", "--tokens=0")

assert "class 0, tench" in run("10_vit", vit(), "--size=base")

# These run, and of some all is read, of others few rows of the table of words.
for lesson, folder, millions, flags in (
    ("05_gpt2", gpt2(), 124.44, ["--size=124M", "--prompt=464,3290,318", "--tokens=3"]),
    ("06_bert", bert("all-MiniLM-L6-v2", 6, 384, 12, 1536), 22.57, ["--size=MiniLM"]),
    ("06_bert", bert("bert-base-uncased", 12, 768, 12, 3072, "bert."), 108.89, ["--size=base", "--sentence=1,2"]),
    ("08_transformer", marian(), 73.94, ["--size=marian", "--prompt=5,9,2,0", "--tokens=3"]),
    ("09_t5", t5("t5-small", 6, 8, 2048, False, {}), 60.51, ["--size=small", "--prompt=13959,1566,1", "--tokens=3"]),
    ("09_t5", t5("flan-t5-small", 8, 6, 1024, True, {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
     76.96, ["--family=flan", "--size=small", "--prompt=13959,1566,1", "--tokens=3"]),
):
    out = run(lesson, folder, *flags)
    weights, ours, system = (float(re.search(at + r" ([\d.]+)", out)[1]) for at in (r"\(of", "=", "counts"))
    assert abs(weights - millions * 4) < 0.1, weights
    assert SANITIZED or abs(ours - system) <= 0.1 * system, (ours, system)
shutil.rmtree(WORK)
