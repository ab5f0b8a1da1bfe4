// expect: heed: axis<name, extent>: an extent is not negative
#include "axes.h"

struct Wrong : axis<"wrong", -2> {};
