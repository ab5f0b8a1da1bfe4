#!/usr/bin/env python3
"""Writes the C++ headers of the words from dsl/words.td.

words.h      the name of every word, heed::op::softmax; no dependency, so that every room can include it
pointwise.h  one type per pointwise word, and the operators and functions that spell them
"""
import argparse
import json
import pathlib
import subprocess

KEYWORDS = {"and", "or", "not", "return"}
STRUCTURAL = {
    "input": "an argument of the graph",
    "param": "a parameter; its name is the path of its scope",
    "state": "what a model remembers between calls; its name is the path of its scope",
    "past": "how many tokens each row has told before this call",
    "yield": "the end of a repeat body",
    "return": "the results of the graph",
}

WORDS_H = """\
// The words of the language by name, for whoever reads a tape. Written by dsl/words.py from dsl/words.td.
#pragma once

#include <string_view>

namespace heed::op {{

{constants}

}}  // namespace heed::op
"""

POINTWISE_H = """\
// The pointwise words: a type for each, and the operators and functions that spell it. Written by dsl/words.py from
// dsl/words.td. Included by heed/dsl/operand.h alone.
#pragma once

namespace heed::lang {{

namespace word {{
{types}
}}  // namespace word

/// Base of every operand: its friends are found by argument-dependent lookup, and nothing else is.
template <class Self>
struct PointwiseWords {{
{friends}
}};

}}  // namespace heed::lang
"""

WORD_TYPE = """\
struct {type} {{
  static constexpr std::string_view name = op::{constant};
  static constexpr Typing typing = Typing::{typing};
  static constexpr bool onIntegers = {integers};
}};"""

UNARY = """\
  friend constexpr auto {spelling}(here<Self> x) {{ return {body}<word::{type}>(x.place, x.value); }}"""

BINARY = """\
  template <AnyOperand R>
  friend constexpr auto {spelling}(here<Self> l, const R& r) {{
    return {body}<word::{type}>(l.place, l.value, r);
  }}
  template <Scalar L>
  friend constexpr auto {spelling}(const L& l, here<Self> r) {{
    return {body}<word::{type}>(r.place, l, r.value);
  }}"""

# C++20 also tries x == y as y == x. With the conversion always on the type that comes later in a total order, both
# readings rank equal and the one as written wins.
EQUALITY = """\
  friend constexpr auto {spelling}(here<Self> l, here<Self> r) {{
    return {body}<word::{type}>(l.place, l.value, r.value);
  }}
  template <AnyOperand R>
    requires ComesBefore<R, Self>
  friend constexpr auto {spelling}(here<Self> l, const R& r) {{
    return {body}<word::{type}>(l.place, l.value, r);
  }}
  template <AnyOperand L>
    requires ComesBefore<L, Self>
  friend constexpr auto {spelling}(const L& l, here<Self> r) {{
    return {body}<word::{type}>(r.place, l, r.value);
  }}"""

SELECT = """\
  template <AnyOperand X, AnyOperand Y>
  friend constexpr auto {spelling}(here<Self> mask, const X& x, const Y& y) {{
    return {body}<word::{type}>(mask.place, mask.value, x, y);
  }}"""


def identifier(name):
    return name + "_" if name in KEYWORDS else name


def constant(name, doc):
    return f'inline constexpr std::string_view {identifier(name)} = "{name}";  // {doc}'


def word_type(row):
    return WORD_TYPE.format(constant=identifier(row["name"]), integers=str(row["on_integers"]).lower(), **row)


def friends(row):
    spelling = "operator" + row["operator"] if row["operator"] else row["name"]
    if row["operator"] in ("==", "!="):
        shape = EQUALITY
    else:
        shape = {1: UNARY, 2: BINARY, 3: SELECT}[row["arity"]]
    body = "select" if row["typing"] == "select" else "elementwise"
    return shape.format(spelling=spelling, type=row["type"], body=body)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tblgen", default="llvm-tblgen")
    parser.add_argument("table", help="dsl/words.td")
    parser.add_argument("folder", type=pathlib.Path, help="where the headers go")
    arguments = parser.parse_args()

    records = json.loads(subprocess.run([arguments.tblgen, "--dump-json", arguments.table], check=True,
                                        stdout=subprocess.PIPE).stdout)
    in_order = lambda names: sorted(names, key=lambda n: int(records[n]["!locs"][0].split(":")[1]))
    words = [records[name] for name in in_order(records["!instanceof"]["Word"])]
    rows = [{
        "type": name,
        "name": records[name]["Name"],
        "arity": records[name]["Arity"],
        "operator": records[name]["Operator"],
        "typing": {"float": "floating"}.get(kind := records[records[name]["Type"]["def"]]["Kind"], kind),
        "on_integers": bool(records[name]["OnInt"]),
    } for name in in_order(records["!instanceof"]["Pointwise"])]

    constants = [constant(w["Name"], w["Doc"]) for w in words] + [constant(n, d) for n, d in STRUCTURAL.items()]
    outputs = {
        "words.h": WORDS_H.format(constants="\n".join(constants)),
        "pointwise.h": POINTWISE_H.format(types="\n".join(map(word_type, rows)),
                                          friends="\n".join(map(friends, rows))),
    }
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, text in outputs.items():
        file = arguments.folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


if __name__ == "__main__":
    main()
