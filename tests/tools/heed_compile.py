"""heed-compile: a graph becomes a bundle; what is none is one line of an error, and no mistake of heed's."""
import os
import subprocess
import sys
import tempfile

GRAPH = """func.func @f(%x: tensor<?xf32, #heed.axes<seq:T>>) -> tensor<?xf32, #heed.axes<seq:T>> {
  %y = heed.exp %x : (tensor<?xf32, #heed.axes<seq:T>>) -> tensor<?xf32, #heed.axes<seq:T>>
  return %y : tensor<?xf32, #heed.axes<seq:T>>
}"""


def run(folder, *arguments, text=""):
    output = os.path.join(folder, "out.heed")
    done = subprocess.run([sys.argv[1], *arguments, "-o", output], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr.strip()


def require(condition, text):
    if not condition:
        sys.exit("heed_compile.py: " + text)


with tempfile.TemporaryDirectory() as folder:
    code, out, err = run(folder, "-", text=GRAPH)
    require(code == 0 and "out.heed: cpu" in out and os.path.exists(os.path.join(folder, "out.heed")), out + err)

    code, out, err = run(folder, "-", "--target=cuda:sm_80+tf32", text=GRAPH)
    require(code == 0 and "out.heed: cuda:sm_80+tf32" in out, out + err)
    code, out, err = run(folder, "-", "--target=cpu+tf32", text=GRAPH)
    require(code == 1 and "a cuda target is required" in err and "\n" not in err, f"{code} {err}")

    wrong = {
        "": "-:1: there is no function",
        "llvm.func @f() { llvm.return }": "-:1: `llvm.func` stands where a func.func must",
        "func.func @f(%x: tensor<f64>) { return }": "-:1: argument 0 is a 'tensor<f64>'",
    }
    for text, message in wrong.items():
        code, out, err = run(folder, "-", text=text)
        require(code == 1 and message in err and "\n" not in err and "heed, not yours" not in err, f"{code} {err}")

    code, out, err = run(folder, folder)
    require(code == 1 and "cannot be read" in err and "\n" not in err, f"{code} {err}")
