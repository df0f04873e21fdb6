// SPDX-License-Identifier: MIT
#ifndef PAIR_H
#define PAIR_H

#include <array>
#include <cstdint>

/** What the simulator sends. */
struct Sent
{
    double a{1.5};
    float b{2.5F};
    std::array<uint8_t, 3> c{7, 8, 9};
};

/** What Python answers. */
struct Answer
{
    double sum{0};
    int64_t turn{-1};
};

#endif // PAIR_H
