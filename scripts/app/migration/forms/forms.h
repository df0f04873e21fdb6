// SPDX-License-Identifier: MIT
#ifndef FORMS_H
#define FORMS_H

#include <cstdint>

struct Summands
{
    uint32_t a{0};
    uint32_t b{0};
};

struct Sum
{
    uint32_t c{0};
};

#endif // FORMS_H
