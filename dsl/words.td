// The words of the language, each in one row. From this table come the DSL functions (dsl/words.py -> words.h),
// the heed ops and their meaning (passes/ir/pointwise.td). Plain TableGen: no MLIR include.

class Word<string name, string doc> {
  string Name = name;
  string Doc = doc;
}

// How the element type of a pointwise result follows from its operands.
class Typing<string kind> { string Kind = kind; }
def Same    : Typing<"same">;     // all operands and the result have one element type
def Float   : Typing<"float">;    // the same, floating point only
def Compare : Typing<"compare">;  // operands of one type, result i1
def Logic   : Typing<"logic">;    // i1 in, i1 out
def Select  : Typing<"select">;   // i1, T, T -> T

// meaning: C++ over `double x[]`, the reference. onFloat, onInt: the scalar MLIR op it lowers to, "" where the word
// is not defined for that kind; a comparison's predicate, or a constant that is the op's last operand, follows a space.
class Pointwise<string name, int arity, Typing typing, string meaning, string onFloat, string onInt, string doc>
    : Word<name, doc> {
  int Arity = arity;
  Typing Type = typing;
  string Meaning = meaning;
  string OnFloat = onFloat;
  string OnInt = onInt;
  string Operator = "";  // the C++ operator that spells it, when it has one
}

class Unary<string name, string meaning, string onFloat, string doc>
    : Pointwise<name, 1, Float, meaning, onFloat, "", doc>;
class Binary<string name, string sign, string meaning, string onFloat, string onInt, string doc>
    : Pointwise<name, 2, Same, meaning, onFloat, onInt, doc> { let Operator = sign; }
class Comparison<string name, string sign, string onFloat, string onInt, string doc>
    : Pointwise<name, 2, Compare, "x[0] " # sign # " x[1]", onFloat, onInt, doc> { let Operator = sign; }

def Add : Binary<"add", "+", "x[0] + x[1]", "arith.addf", "arith.addi", "sum">;
def Sub : Binary<"sub", "-", "x[0] - x[1]", "arith.subf", "arith.subi", "difference">;
def Mul : Binary<"mul", "*", "integer ? int32_t(uint32_t(int64_t(x[0])) * uint32_t(int64_t(x[1]))) : x[0] * x[1]", "arith.mulf", "arith.muli", "product">;
def Div : Binary<"div", "/", "divide(x[0], x[1], integer)", "arith.divf", "arith.divsi", "quotient; integers round towards zero">;
def Rem : Pointwise<"rem", 2, Same, "remainder(x[0], x[1], integer)", "arith.remf", "arith.remsi", "remainder, with the sign of the dividend"> { let Operator = "%"; }
def Max : Pointwise<"max", 2, Same, "larger(x[0], x[1])", "arith.maximumf", "arith.maxsi", "the larger; NaN if either is">;
def Min : Pointwise<"min", 2, Same, "smaller(x[0], x[1])", "arith.minimumf", "arith.minsi", "the smaller; NaN if either is">;

def Eq : Comparison<"eq", "==", "arith.cmpf oeq", "arith.cmpi eq", "equal">;
def Ne : Comparison<"ne", "!=", "arith.cmpf une", "arith.cmpi ne", "not equal">;
def Lt : Comparison<"lt", "<",  "arith.cmpf olt", "arith.cmpi slt", "less">;
def Le : Comparison<"le", "<=", "arith.cmpf ole", "arith.cmpi sle", "less or equal">;
def Gt : Comparison<"gt", ">",  "arith.cmpf ogt", "arith.cmpi sgt", "greater">;
def Ge : Comparison<"ge", ">=", "arith.cmpf oge", "arith.cmpi sge", "greater or equal">;

def And : Pointwise<"and", 2, Logic, "x[0] != 0 && x[1] != 0", "", "arith.andi", "both"> { let Operator = "&&"; }
def Or  : Pointwise<"or", 2, Logic, "x[0] != 0 || x[1] != 0", "", "arith.ori", "either"> { let Operator = "||"; }
def Not : Pointwise<"not", 1, Logic, "x[0] == 0", "", "arith.xori 1", "not"> { let Operator = "!"; }

def Neg   : Pointwise<"neg", 1, Same, "-x[0]", "arith.negf", "arith.muli -1", "the negative"> { let Operator = "-"; }
def Abs   : Pointwise<"abs", 1, Same, "std::fabs(x[0])", "math.absf", "math.absi", "absolute value">;
def Exp   : Unary<"exp", "std::exp(x[0])", "math.exp", "e to the x">;
def Exp2  : Unary<"exp2", "std::exp2(x[0])", "math.exp2", "2 to the x">;
def Log   : Unary<"log", "std::log(x[0])", "math.log", "natural logarithm">;
def Tanh  : Unary<"tanh", "std::tanh(x[0])", "math.tanh", "hyperbolic tangent">;
def Erf   : Unary<"erf", "std::erf(x[0])", "math.erf", "error function">;
def Sqrt  : Unary<"sqrt", "std::sqrt(x[0])", "math.sqrt", "square root">;
def Rsqrt : Unary<"rsqrt", "1 / std::sqrt(x[0])", "math.rsqrt", "1 over the square root">;
def Sin   : Unary<"sin", "std::sin(x[0])", "math.sin", "sine, radians">;
def Cos   : Unary<"cos", "std::cos(x[0])", "math.cos", "cosine, radians">;
def Floor : Unary<"floor", "std::floor(x[0])", "math.floor", "largest integer not above x">;

// The bits of an i32; what a counter-based random number is made of.
def BitXor  : Pointwise<"bitxor", 2, Same, "int32_t(x[0]) ^ int32_t(x[1])", "", "arith.xori", "exclusive or of the bits"> { let Operator = "^"; }
def Upper16 : Pointwise<"upper16", 1, Same, "uint32_t(int64_t(x[0])) >> 16", "", "arith.shrui 16", "the upper 16 bits, as 0 to 65535">;
def Lower16 : Pointwise<"lower16", 1, Same, "uint32_t(int64_t(x[0])) & 65535", "", "arith.andi 65535", "the lower 16 bits, as 0 to 65535">;

def Where : Pointwise<"where", 3, Select, "x[0] != 0 ? x[1] : x[2]", "arith.select", "arith.select", "where(mask, x, other)">;

// Words with a shape of their own; each is an op of passes/ir/ops.td and a function of dsl/words/.
def Constant  : Word<"constant", "a number; attribute value">;
def IndexAlong : Word<"index", "index<Axis>(): i32, the position along Axis">;  // `Index` is taken by ODS
def Cast      : Word<"cast", "cast<T>(x): the same numbers as element type T">;
def Contract  : Word<"contract", "contract<Axis...>(l, r): sum over Axis of l*r; any other shared axis is a batch axis">;
def Softmax   : Word<"softmax", "softmax<Axis>(x): exp(x - max) / sum along Axis; 0 where the row is -inf throughout">;
def Logsumexp : Word<"logsumexp", "logsumexp<Axis>(x): log of the sum of exp(x) along Axis; -inf where the row is">;
def Sum       : Word<"sum", "sum<Axis...>(x)">;
def Mean      : Word<"mean", "mean<Axis...>(x)">;
def Amax      : Word<"amax", "amax<Axis...>(x): the largest along the axes">;
def Amin      : Word<"amin", "amin<Axis...>(x): the smallest along the axes">;
def Rename    : Word<"rename", "rename<From, To>(x): the same data under another axis name">;
def Permute   : Word<"permute", "the same tensor with another order of axes in memory">;
def Along     : Word<"along", "along<Axis>(x): x repeated along a new axis, on purpose">;
def Split     : Word<"split", "split<Axis, Parts...>(x): one axis as several, the last the fastest">;
def Merge     : Word<"merge", "merge<Outer, Inner, Axis>(x): two axes as one">;
def Take      : Word<"take", "take<Axis>(table, i): the rows of table along Axis that i names">;
def Append    : Word<"append", "append<Seq, Key>(state, x): writes the tokens of this call after those of earlier ones">;
def Repeat    : Word<"repeat", "Repeat<N, Block>: N copies of Block with weights of their own">;
