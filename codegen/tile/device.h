// The device's part of the tile dialect in C++. See device.td.
#pragma once

#include "heed/codegen/tile/tile.h"
#define GET_OP_CLASSES
#include "heed/codegen/tile/device_ops.h.inc"
