#!/usr/bin/env python3
"""Writes the C++ headers of the words from dsl/words.td.

words.h      the name of every word, heed::op::softmax; no dependency, so that every room can include it
pointwise.h  one type per pointwise word, and the operators and functions that spell them
unnamed.h    what is said where a word with axes in its <> is called in another way
"""
import argparse
import json
import pathlib
import re
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
// dsl/words.td.
#pragma once

#include "heed/dsl/other_operators.h"

namespace heed::lang {{

namespace word {{
{types}
}}  // namespace word

/// Base of every operand: its friends are found by argument-dependent lookup, and nothing else is.
template <class Self>
struct PointwiseWords : OtherOperators<Self> {{
{friends}
}};

}}  // namespace heed::lang
"""

WORD_TYPE = """\
struct {type} {{
  static constexpr std::string_view name = op::{constant};
  static constexpr Typing typing = Typing::{typing};
  static constexpr bool onFloats = {floats};
}};"""

UNARY = """\
  friend constexpr auto {spelling}(here<Self> x) {{ return {body}<word::{type}>(x.place, x.value); }}"""

# Were it taken by conversion, the conversion to bool would do as well. The line is found by Tape::settle().
NOT = """\
  friend constexpr auto {spelling}(const Self& x) {{ return {body}<word::{type}>({{}}, x); }}"""

# What is no operand is taken, too, and told so.
BINARY = """\
  template <class R>
  friend constexpr auto {spelling}(here<Self> l, const R& r) {{
    return {body}<word::{type}>(l.place, l.value, r);
  }}
  template <class L>
    requires(!Operand<L>)
  friend constexpr auto {spelling}(const L& l, here<Self> r) {{
    return {body}<word::{type}>(r.place, l, r.value);
  }}"""

ASSIGNMENT = """\
  template <class R>
  friend constexpr auto& {spelling}=(hereTo<Self> l, const R& r) {{
    return assign(l.value, {body}<word::{type}>(l.place, l.value, r));
  }}"""

# C++20 also tries x == y as y == x. With the conversion always on the type that comes later in a total order, both
# readings rank equal and the one as written wins.
EQUALITY = """\
  friend constexpr auto {spelling}(here<Self> l, here<Self> r) {{
    return {body}<word::{type}>(l.place, l.value, r.value);
  }}
  template <ComesBefore<Self> R>
  friend constexpr auto {spelling}(here<Self> l, const R& r) {{
    return {body}<word::{type}>(l.place, l.value, r);
  }}
  template <ComesBefore<Self> L>
  friend constexpr auto {spelling}(const L& l, here<Self> r) {{
    return {body}<word::{type}>(r.place, l, r.value);
  }}"""

SELECT = """\
  template <class X, class Y>
  friend constexpr auto {spelling}(here<Self> mask, const X& x, const Y& y) {{
    return {body}<word::{type}>(mask.place, mask.value, x, y);
  }}"""

UNNAMED_H = """\
// What is said where a word whose axes stand in <> is called in another way. Written by dsl/words.py from dsl/words.td.
#pragma once

#include "heed/dsl/tensor.h"

namespace heed {{

{words}

}}  // namespace heed
"""

# Less specialised than any call that is right.
UNNAMED = """\
template <auto... Numbers, class... Given>
requires(sizeof...(Given) == 0 || (lang::Operand<Given> || ...) || (Axis<Given> || ...))
constexpr auto {name}(const Given&...) {{
  static_assert(lang::anyFaulty<Given...>, "heed: {spelled}: call it like this, with types in <> and tensors in ()");
  return lang::Fault{{}};
}}
template <lang::Text, class... Given>
constexpr auto {name}(const Given&...) {{
  static_assert(lang::anyFaulty<Given...>, "heed: {spelled}: an axis is a type, not its name: {name}<Seq>(x)");
  return lang::Fault{{}};
}}
template <class... A, class... Given>
requires(sizeof...(A) > 0 && sizeof...(Given) > 0 && (Axis<A> && ...))
constexpr auto {name}(const Given&...) {{
  static_assert(lang::anyFaulty<Given...>, "heed: {spelled}: call it like this, with types in <> and tensors in ()");
  return lang::Fault{{}};
}}"""


def identifier(name):
    return name + "_" if name in KEYWORDS else name


def constant(name, doc):
    return f'inline constexpr std::string_view {identifier(name)} = "{name}";  // {doc}'


def word_type(row):
    return WORD_TYPE.format(constant=identifier(row["name"]), floats=str(row["on_floats"]).lower(), **row)


def friends(row):
    spelling = "operator" + row["operator"] if row["operator"] else row["name"]
    if row["operator"] in ("==", "!="):
        shape = EQUALITY
    elif row["operator"] == "!":
        shape = NOT
    else:
        shape = {1: UNARY, 2: BINARY, 3: SELECT}[row["arity"]]
    if row["operator"] and row["arity"] == 2 and row["typing"] == "same":
        shape += "\n" + ASSIGNMENT
    body = "select" if row["typing"] == "select" else "elementwise"
    return shape.format(spelling=spelling, type=row["type"], body=body)


def unnamed(word):
    """The doc of a word with axes begins with how it is spelled: softmax<Axis>(x)."""
    spelled = re.match(r"(\w+)<([^>]*)>\([^)]*\)", word["Doc"])
    if not spelled:
        return []
    return [UNNAMED.format(name=spelled[1], spelled=spelled[0])]


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
        "on_floats": bool(records[name]["OnFloat"]),
    } for name in in_order(records["!instanceof"]["Pointwise"])]

    constants = [constant(w["Name"], w["Doc"]) for w in words] + [constant(n, d) for n, d in STRUCTURAL.items()]
    outputs = {
        "words.h": WORDS_H.format(constants="\n".join(constants)),
        "pointwise.h": POINTWISE_H.format(types="\n".join(map(word_type, rows)),
                                          friends="\n".join(map(friends, rows))),
        "unnamed.h": UNNAMED_H.format(words="\n\n".join(text for w in words for text in unnamed(w))),
    }
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, text in outputs.items():
        file = arguments.folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


if __name__ == "__main__":
    main()
