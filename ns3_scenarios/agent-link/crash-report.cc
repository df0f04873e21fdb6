// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/crash-report.h"

#include "ns3/log.h"

#include <csignal>
#include <cstring>
#include <execinfo.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemCrashReport");

namespace
{
constexpr int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
/** As many as fit in the part of the output that an error message quotes. */
constexpr int FRAMES = 24;
/** The handler and the kernel's own frames of it are of no interest. */
constexpr int OWN_FRAMES = 2;
/** A stack of its own: a full stack is a fault as well. */
constexpr size_t STACK_BYTES = 64 << 10;

void
Write(const char* text)
{
    // What cannot be written cannot be told.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

/** Async-signal-safe but for backtrace(), whose library ReportCrashes() has loaded. */
void
Report(int signal)
{
    Write(signal == SIGSEGV  ? "SIGSEGV"
          : signal == SIGBUS ? "SIGBUS"
          : signal == SIGFPE ? "SIGFPE"
                             : "SIGILL");
    Write(": call stack, innermost first (c++filt names functions, addr2line -e gives lines):\n");
    void* frames[FRAMES + OWN_FRAMES];
    const int count = backtrace(frames, FRAMES + OWN_FRAMES);
    if (count > OWN_FRAMES)
    {
        backtrace_symbols_fd(frames + OWN_FRAMES, count - OWN_FRAMES, STDERR_FILENO);
    }
    // SA_RESETHAND has restored the default, which takes effect on return.
    raise(signal);
}
} // namespace

void
ReportCrashes()
{
    NS_LOG_FUNCTION_NOARGS();
    static char stack[STACK_BYTES];
    stack_t present{};
    if (sigaltstack(nullptr, &present) != 0)
    {
        return;
    }
    if ((present.ss_flags & SS_DISABLE) != 0) // a sanitizer has its own, and frees it
    {
        stack_t alternative{};
        alternative.ss_sp = stack;
        alternative.ss_size = sizeof stack;
        sigaltstack(&alternative, nullptr);
    }
    void* frame = nullptr;
    backtrace(&frame, 1); // loads its library now: not in the handler
    for (const int signal : FAULTS)
    {
        struct sigaction set{};
        if (sigaction(signal, nullptr, &set) != 0 || set.sa_handler != SIG_DFL)
        {
            continue;
        }
        set.sa_handler = &Report;
        set.sa_flags = SA_ONSTACK | SA_RESETHAND;
        sigemptyset(&set.sa_mask);
        sigaction(signal, &set, nullptr);
    }
}

} // namespace ns3::tandem
