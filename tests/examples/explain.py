"""What every lesson's model is compiled to: nothing of queries x keys is stored, biases, activations and residuals are in
epilogues, and what is not fused or not merged has a remark.

explain.py BIN: BIN has the lessons."""
import os
import re
import subprocess
import sys

# The attention kernels of a lesson's graphs (a repeated layer counts once), and the products of each tensor that has
# several. The other lessons have one weight for queries, keys and values.
qkv, gated, memory = ["q", "k", "v"], ["gate", "up"], ["k", "v"]
lessons = {"04_llama": (1, [qkv, gated]), "05_gpt2": (1, []), "06_bert": (1, [qkv]), "07_gemma": (2, 2 * [qkv, gated]),
           "08_transformer": (3, [qkv, qkv, memory]), "09_t5": (3, [qkv, qkv, memory]), "10_vit": (1, [qkv]),
           "11_classifier": (1, []), "12_recommender": (1, [["k_proj", "v_proj"]])}
for lesson, (attentions, products) in lessons.items():
    ran = subprocess.run([os.path.join(sys.argv[1], lesson), "--explain", "--compile-only"], capture_output=True, text=True)
    text = ran.stdout
    if ran.returncode:
        sys.exit(f"{lesson}: {ran.stderr}")

    def require(holds, what):
        if not holds:
            sys.exit(f"{lesson}: {what}\n{text}")

    require(text.count("one fused attention kernel") == attentions, f"{attentions} attention kernels are expected")
    require("stored in full" not in text and "the kernel reads a tensor of" not in text, "queries x keys are stored")
    merged = [sorted(name.split(".")[-1] for name in re.findall("`([^`]*)`", remark))
              for remark in re.findall(" merged: (.*) into one product", text)]
    require(sorted(merged) == sorted(map(sorted, products)), f"one product of each are expected: {products}")
    require("not merged:" not in text, "products of one tensor stayed apart")
    require(text.count("one matrix product with") == len(products), "as many kernels with several weights are expected")
    # A product with a bias behind it, an activation or a residual has it in its epilogue: what has not, says so.
    for remark in re.findall("not fused: .*", text):
        require("is a kernel of its own behind" in remark, "an unexpected remark: " + remark)
        require("`erf`" not in remark and "`tanh`" not in remark, "an activation is no epilogue: " + remark)
    print(f"{lesson}: {len(re.findall('^kernel', text, re.M))} kernels")
