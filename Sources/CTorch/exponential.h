#pragma once
#include "vector.h"

namespace ct {

/// x becomes eˣ within two units in the last place, for x ≤ 0; what is below the least normal number becomes that.
/// (Vectors go by reference: by value they would change the calling convention.)
CT_INLINE void exponentiate(Vector& x) {
    constexpr float magic = 12582912, least = -87.3F;  // magic: 1.5 · 2²³, where adding rounds to an integer
    const Vector lowest = Vector{} + least;
    x = x < lowest ? lowest : x;
    const Vector power = (x * 1.44269504088896341F + magic) - magic;
    const Vector rest = (x - power * 0.693359375F) + power * 2.12194440e-4F;
    // The minimax polynomial of Cephes' expf.
    Vector sum = rest * 1.9875691500e-4F + 1.3981999507e-3F;
    sum = sum * rest + 8.3334519073e-3F;
    sum = sum * rest + 4.1665795894e-2F;
    sum = sum * rest + 1.6666665459e-1F;
    sum = sum * rest + 5.0000001201e-1F;
    sum = sum * (rest * rest) + rest + 1;
    const IntegerVector exponent = __builtin_convertvector(power, IntegerVector) << 23;
    x = (Vector)((IntegerVector)sum + exponent);
}

}  // namespace ct
