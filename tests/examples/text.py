"""Lessons that read and write text: the tokeniser's words, the choice of tokens, where a text stops.

text.py BIN FIXTURES WORK: BIN has the lessons, FIXTURES the tokenizer.json files."""
import os
import subprocess
import sys

BIN, FIXTURES, WORK = sys.argv[1:4]
os.makedirs(WORK, mode=0o700, exist_ok=True)
os.environ["HEED_CACHE"] = os.path.join(os.path.abspath(WORK), "cache")  # each lesson is compiled once


def run(lesson, *flags, tokenizer=None):
    weights = os.path.join(WORK, lesson + ".safetensors")
    call = [os.path.join(BIN, lesson)]
    if not os.path.exists(weights):
        subprocess.run(call + ["--random=" + weights], check=True)
    named = ["--tokenizer=" + os.path.join(FIXTURES, tokenizer)] if tokenizer else []
    return subprocess.run(call + ["--weights=" + weights, *named, *flags], check=True, capture_output=True, text=True).stdout


def text(*flags, **how):
    """What GPT-2 says, without the lines behind it, once it has said the same in one call."""
    out = run("05_gpt2", *flags, "--logits=" + os.path.join(WORK, "logits.safetensors"), **how)
    assert "in one call" in out and len({*out.split("in one call: ")[1].split()[0:3:2]}) == 1, out
    return out.split("memory: ")[0]


# Text in, text out.
prompt = "--prompt=hello world"
greedy = text(prompt, tokenizer="gpt2.json")
assert greedy.startswith("hello world"), greedy
assert run("04_llama", prompt, tokenizer="llama3.json").startswith("hello world")

# The choice is a function of the seed; of one token it is the likeliest.
drawn = [text(prompt, "--temperature=2", "--top-p=0.95", f"--seed={seed}", tokenizer="gpt2.json") for seed in (1, 1, 2)]
assert drawn[0] == drawn[1] != drawn[2], drawn
assert text(prompt, "--temperature=2", "--top-k=1", tokenizer="gpt2.json") == greedy

# A text ends before its stop, and the other rows go on.
rows = "--prompt=1,17,42", "--prompt=5"
free = [row.split() for row in text(*rows).splitlines()]
stop = free[0][6]
ended = [row.split() for row in text(*rows, "--stop=" + stop).splitlines()]
for prompt_size, whole, part in zip((3, 1), free, ended):
    said = whole[prompt_size:]
    assert part == whole[: prompt_size + (said.index(stop) if stop in said else len(said))], (whole, part)
assert len(ended[0]) < len(free[0])

# Sentences: one that comes again is as near to the first as can be.
out = run("06_bert", "--sentence=the cat sat", "--sentence=the cat sat", "--sentence=dogs bark", tokenizer="bert.json")
cosines = out.split("first:")[1].split()[:3]
assert cosines[:2] == ["1.0000", "1.0000"] and float(cosines[2]) < 0.9999, cosines
print("as it should be")
