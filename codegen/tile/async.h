// The asynchronous ops of the tile dialect in C++. See async.td.
#pragma once

#include "heed/codegen/tile/tile.h"
#define GET_OP_CLASSES
#include "heed/codegen/tile/async_ops.h.inc"
