#pragma once
// How the columns of a product are cut. Compiled for any processor, unlike the loops over them.
#include <cstdint>

namespace ct {

/// Vectors of the next panel where `left` vectors of columns are left: four at best, never one after others.
constexpr int panel_width(int64_t left) {
    if (left % 4 == 0) return 4;
    return left % 3 == 1 && left > 3 ? 4 : left < 3 ? static_cast<int>(left) : 3;
}

}  // namespace ct
