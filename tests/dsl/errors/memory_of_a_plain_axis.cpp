// expect: heed: memory<Tokens, name>: Tokens is a sequence<name, Rows...>
#include "axes.h"

struct Past : memory<Seq, "past"> {};
