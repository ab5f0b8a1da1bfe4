"""What the lessons say to wrong weights, a wrong config.json, wrong text and wrong ids: one error that names the thing.

bad_input.py BIN WORK: BIN has the lessons; in WORK it makes their checkpoints and breaks them."""
import json
import math
import os
import shutil
import struct
import subprocess
import sys

BIN, WORK = sys.argv[1:3]
shutil.rmtree(WORK, ignore_errors=True)
os.makedirs(WORK, mode=0o700)
os.environ["HEED_CACHE"] = os.path.join(os.path.abspath(WORK), "cache")  # each lesson is compiled once
failures = 0


def run(lesson, *flags):
    return subprocess.run([os.path.join(BIN, lesson), *flags], capture_output=True, text=True)


def weights(lesson):
    path = os.path.join(WORK, lesson + ".safetensors")
    if not os.path.exists(path):
        assert run(lesson, "--random=" + path).returncode == 0
    return path


def expect(message, lesson, *flags, given=None):
    """`lesson` must end with status 1 and say `message`, and nothing else."""
    global failures
    ran = run(lesson, "--weights=" + (given or weights(lesson)), *flags)
    good = ran.returncode == 1 and ran.stderr.startswith("error: ") and message in ran.stderr and not ran.stdout
    if not good:
        failures += 1
        print(f"{lesson} {' '.join(flags)}\n  status {ran.returncode}: {ran.stdout}{ran.stderr}\n  expected: {message}")


def broken(lesson, name, change):
    """A checkpoint of `lesson` whose header went through `change`."""
    with open(weights(lesson), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    change(header)
    text = json.dumps(header).encode()
    path = os.path.join(WORK, name + ".safetensors")
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + body)
    return path


def halved(header):
    """Every extent of 64 becomes 32; what is left of the file is one more tensor."""
    whole, end = max(t["data_offsets"][1] for t in header.values() if "shape" in t), 0
    for tensor in sorted((t for t in header.values() if "shape" in t), key=lambda t: t["data_offsets"]):
        tensor["shape"] = [32 if n == 64 else n for n in tensor["shape"]]
        size = 4 * math.prod(tensor["shape"])
        tensor["data_offsets"], end = [end, end + size], end + size
    header["rest"] = {"dtype": "U8", "shape": [whole - end], "data_offsets": [end, whole]}


def poisoned(lesson, tensor):
    """A checkpoint of `lesson` whose `tensor` has a NaN at element 3."""
    with open(weights(lesson), "rb") as file:
        data = bytearray(file.read())
    size = int.from_bytes(data[:8], "little")
    at = 8 + size + json.loads(data[8:8 + size])[tensor]["data_offsets"][0] + 12
    data[at:at + 4] = struct.pack("<f", math.nan)
    path = os.path.join(WORK, lesson + ".nan.safetensors")
    with open(path, "wb") as file:
        file.write(data)
    return path


def config(lesson, **members):
    """A folder with the checkpoint of `lesson` and this config.json."""
    folder = os.path.join(WORK, lesson + ".folder")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(weights(lesson), os.path.join(folder, "model.safetensors"))
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(members, file)
    return folder


def ids(count):
    return ",".join("1" for _ in range(count))


# Ids.
for lesson in "04_llama", "07_gemma":
    expect("--prompt: row 0: id 500 at place 1; the vocabulary has ids from 0 to 329", lesson, "--prompt=1,500")
expect("--prompt: row 1: id -3 at place 0", "05_gpt2", "--prompt=1", "--prompt=-3,1")
expect('--prompt: "abc"; token ids with commas between them are required', "05_gpt2", "--prompt=1,abc")
expect('--prompt: "99999999999"', "05_gpt2", "--prompt=99999999999")
expect("--prompt: row 0: no tokens", "05_gpt2", "--prompt", "")
expect("--prompt: row 0: no tokens", "05_gpt2", "--prompt=", "--tokens=4")
expect("--stop: row 0: id 500 at place 0", "04_llama", "--prompt=1", "--stop=500")
expect("--logits", "05_gpt2", "--prompt=1", "--logits=/no/such/folder/x.safetensors")
for lesson in "08_transformer", "09_t5":
    expect("--prompt: row 0: id 4000 at place 0", lesson, "--prompt=4000")
expect("row 0: id 4000 at place 0", "08_transformer", "--start=4000")
expect("--sentence: row 1: id 384 at place 2", "06_bert", "--sentence=1,2", "--sentence=3,4,384")
expect("--text: row 0: id 96 at place 0", "11_classifier", "--text=96")
expect("--user: row 0: id 96 at place 0", "12_recommender", "--user=96", "--past=1")
expect("--past: row 0: id -1 at place 1", "12_recommender", "--user=1", "--past=2,-1")
expect("--past: 1 given; one for each --user", "12_recommender", "--user=1", "--user=2", "--past=2")
expect("--past: 1 given; one for each --user", "12_recommender", "--past=2")

# Past the table of positions.
expect("--prompt: row 0: 129 tokens; the model's table has 128 positions", "05_gpt2", "--prompt=" + ids(129))
expect("row 0: 120 tokens and 12 more; the model's table has 128 positions", "05_gpt2", "--prompt=" + ids(120))
expect("--sentence: row 0: 65 tokens; the model's table has 64 positions", "06_bert", "--sentence=" + ids(65))

# The choice of tokens.
expect("temperature is -1", "05_gpt2", "--temperature=-1")
expect("top_p is 2", "05_gpt2", "--top-p=2")
expect("nowhere.json", "05_gpt2", "--tokenizer=nowhere.json")
expect("it is damaged, or not a tokenizer.json", "05_gpt2", "--tokenizer=" + os.path.abspath(config("05_gpt2", a=1) + "/config.json"))

# Files that are no weights.
expect("nowhere.safetensors: open", "04_llama", given="nowhere.safetensors")
expect("it is not a regular file", "04_llama", given="/dev/null")
expect(__file__, "04_llama", given=__file__)
cut = os.path.join(WORK, "cut.safetensors")
with open(weights("04_llama"), "rb") as whole, open(cut, "wb") as part:
    part.write(whole.read()[:-5])
expect("cut.safetensors", "04_llama", given=cut)
expect("has ids", "04_llama", "--prompt=330", given=weights("04_llama"))

# Weights of another model, or not quite of this one.
for lesson, other in ("04_llama", "05_gpt2"), ("10_vit", "06_bert"), ("09_t5", "08_transformer"), ("05_gpt2", "12_recommender"):
    expect("missing", lesson, given=weights(other))


def change(name, **members):
    return lambda header: header[name].update(members)


def renamed(name, to):
    return lambda header: header.update({to: header.pop(name)})


table = "model.embed_tokens.weight"
expect("1 mis-typed", "04_llama", given=broken("04_llama", "typed", change(table, dtype="I32")))
expect("1 mis-shaped", "04_llama", given=broken("04_llama", "shaped", change(table, shape=[64, 330])))
expect("1 missing, 1 extra", "04_llama", given=broken("04_llama", "named", renamed(table, "model.embed.weight")))
expect('missing: "model.layers.3.mlp.up_proj.weight" for model.layers.3.mlp.up.weight: f32', "04_llama",
       given=broken("04_llama", "deep", renamed("model.layers.3.mlp.up_proj.weight", "model.layers.4.mlp.up_proj.weight")))

# Of another size: the first few, and which extents.
small = broken("04_llama", "smaller", halved)
expect("weights of another size? model is 32, the graph has 64", "04_llama", given=small)
expect("\n  and ", "04_llama", given=small)
if run("04_llama", "--weights=" + small).stderr.count("\n") > 12:
    failures += 1
    print("a checkpoint of another size is more than 12 lines")

# Weights that are no numbers: what comes out is looked at, and then they are.
for lesson, tensor in (("04_llama", "model.layers.2.self_attn.q_proj.weight"), ("05_gpt2", "transformer.h.1.mlp.c_fc.bias"),
                       ("06_bert", "bert.encoder.layer.1.attention.self.value.weight"),
                       ("08_transformer", "model.encoder.layers.0.fc1.weight"), ("10_vit", "classifier.bias"),
                       ("11_classifier", "fc.weight"), ("12_recommender", "item_embedding.weight")):
    expect(f'weight "{tensor}", f32: element 3 is NaN or infinite; numbers are required', lesson,
           given=poisoned(lesson, tensor))
    expect(f'weight "{tensor}", bf16: element 3 is NaN', lesson, "--dtype=bf16", given=poisoned(lesson, tensor))

# Options.
for flags, message in ((["--dtype=bf17"], '--dtype: "bf17"; f32, bf16 or f16 is required; see --help'),
                       (["--threads=9999"], '--threads: "9999"; a whole number from 1 to 4096 is required'),
                       (["--threads=two"], '--threads: "two"; a whole number from 1 to 4096 is required'),
                       (["--temperature=warm"], '--temperature: "warm"; a number is required; see --help'),
                       (["--seed=-1"], '--seed: "-1"; a whole number from 0'), (["--top-k=1.5"], '--top-k: "1.5"; a whole'),
                       (["--tokens"], "--tokens: no value; one is required; see --help"),
                       (["--dtype=f32", "--dtype=f16"], "--dtype: 2 values; one is required"),
                       (["--tokns=3"], 'command line: "--tokns=3"; it has no such option; see --help'),
                       (["--family=gpt"], '--family: "gpt"; llama2, llama3, mistral, qwen2 or qwen3 is required')):
    expect(message, "04_llama", *flags)

# A config.json that contradicts the model, and so its weights.
expect("hidden_size is 4096; the model was compiled for 64", "04_llama", given=config("04_llama", hidden_size=4096))
expect("n_head is 12, n_layer is 12; the model was compiled for 4, 3",
       "05_gpt2", given=config("05_gpt2", n_layer=12, n_head=12))
expect("rope_scaling.factor is 4", "04_llama",
       given=config("04_llama", rope_scaling={"rope_type": "yarn", "factor": 4.0}))
expect("scale_attn_weights is false", "05_gpt2", given=config("05_gpt2", scale_attn_weights=False))
expect("eos_token_id is", "05_gpt2", "--prompt=1", given=config("05_gpt2", eos_token_id=1e300))
expect('hidden_act is "relu"; the model was compiled for "gelu"', "06_bert", given=config("06_bert", hidden_act="relu"))
expect("sliding_window is 4096; the model was compiled for 8", "07_gemma", given=config("07_gemma", sliding_window=4096))
expect("scale_embedding is false; the model was compiled for true", "08_transformer",
       given=config("08_transformer", scale_embedding=False))
expect("relative_attention_num_buckets is 8", "09_t5", given=config("09_t5", relative_attention_num_buckets=8))
# Null is what it stands for: no window, as many heads of keys as of queries.
expect("sliding_window is null; the model was compiled for 8", "04_llama", "--family=mistral",
       given=config("04_llama", sliding_window=None))
expect("num_key_value_heads is null; the model was compiled for 2", "04_llama",
       given=config("04_llama", num_key_value_heads=None))
expect("use_sliding_window is true", "04_llama", "--family=qwen2", given=config("04_llama", use_sliding_window=True))
expect("rope_parameters.rope_theta is 5e+05", "04_llama", given=config("04_llama", rope_parameters={"rope_theta": 5e5}))
expect("attn_logit_softcapping is null", "07_gemma", given=config("07_gemma", attn_logit_softcapping=None))
expect("patch_size is 16; the model was compiled for 8", "10_vit", given=config("10_vit", patch_size=16))

# Images.
expect("no tensor", "10_vit", "--images=" + weights("10_vit"))
print(f"{failures} failures")
sys.exit(failures > 0)
