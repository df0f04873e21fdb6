// SPDX-License-Identifier: MIT
// Preloaded into a process: its wall clock jumps by years fifty times a second; other clocks do
// not. libfaketime would do that as well, but it holds semaphores, over which a process that is
// killed makes all others stand still.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

typedef int (*ClockGettime)(clockid_t, struct timespec*);

static int
Real(clockid_t clock, struct timespec* now)
{
    static ClockGettime real;
    if (!real)
    {
        real = (ClockGettime)dlsym(RTLD_NEXT, "clock_gettime");
    }
    return real(clock, now);
}

static time_t
Offset(void)
{
    static const time_t days[] = {30, -30, 5 * 365, -5 * 365, 0};
    struct timespec now;
    Real(CLOCK_MONOTONIC, &now);
    const long long slice = (now.tv_sec * 1000LL + now.tv_nsec / 1000000) / 20;
    return days[slice % 5] * 24 * 3600;
}

int
clock_gettime(clockid_t clock, struct timespec* now)
{
    const int failed = Real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    {
        now->tv_sec += Offset();
    }
    return failed;
}

int
gettimeofday(struct timeval* now, void* zone)
{
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t
time(time_t* to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to)
    {
        *to = now.tv_sec;
    }
    return now.tv_sec;
}
