// expect: heed: part<Whole, Parts, name>: the extent of Parts does not divide that of Whole
#include "axes.h"

struct Seven : axis<"heads", 7> {};
struct Part : part<Model, Seven, "depth"> {};
