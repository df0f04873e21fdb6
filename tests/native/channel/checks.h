// SPDX-License-Identifier: MIT
#ifndef TANDEM_CHANNEL_CHECKS_H
#define TANDEM_CHANNEL_CHECKS_H

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/** Stop the process with the place and the condition; works in children, too. */
#define CHECK(condition)                                                                       \
    do                                                                                         \
    {                                                                                          \
        if (!(condition))                                                                      \
        {                                                                                      \
            std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            std::_Exit(1);                                                                     \
        }                                                                                      \
    } while (false)

namespace tandem::checks
{

/** @return whether `action` throws something whose text has `part` in it */
template <typename Action>
bool
Throws(Action action, const std::string& part)
{
    try
    {
        action();
    }
    catch (const std::exception& error)
    {
        return std::string(error.what()).find(part) != std::string::npos;
    }
    return false;
}

/** Run a function in a forked process. @return its pid */
template <typename Function>
pid_t
InChild(Function function)
{
    std::fflush(nullptr);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
    {
        function();
        std::_Exit(0);
    }
    return pid;
}

/** @return the wait status of a child that has ended */
inline int
WaitFor(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

} // namespace tandem::checks

#endif // TANDEM_CHANNEL_CHECKS_H
