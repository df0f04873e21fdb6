// SPDX-License-Identifier: MIT
// Preloaded into a simulator: it takes half a second to lift the signal that ends it with the
// thread that started it, so that whoever relies on the lift too early is caught.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <unistd.h>

int
prctl(int option, ...)
{
    unsigned long values[4];
    va_list arguments;
    va_start(arguments, option);
    for (int i = 0; i < 4; ++i)
    {
        values[i] = va_arg(arguments, unsigned long);
    }
    va_end(arguments);
    if (option == PR_SET_PDEATHSIG && values[0] == 0)
    {
        usleep(500000);
    }
    int (*real)(int, ...) = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
    return real(option, values[0], values[1], values[2], values[3]);
}
