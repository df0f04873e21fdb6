// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * What a simulator does to reach the Python program that offers its shared memory.
 */
#ifndef TANDEM_COMPAT_SIMULATOR_END_H
#define TANDEM_COMPAT_SIMULATOR_END_H

#include "agent-link/loaded-libraries.h"
#include "channel/duplex.h"
#include "channel/peer.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace ns3::tandem::compat
{

/** Environment variable with "<file descriptor>:<segment name>", set by the launching Python. */
constexpr const char* SEGMENT_VARIABLE = "TANDEM_SEGMENT";
/** Environment variable with the longest wait for a Python program to appear, in seconds. */
constexpr const char* WAIT_VARIABLE = "TANDEM_WAIT_S";
constexpr double DEFAULT_WAIT_S = 60.0;
constexpr long SEARCH_INTERVAL_MS = 100;
/** Exit status of a simulator whose Python program has gone away. */
constexpr int EXIT_WITHOUT_AGENT = 3;

/** End the process in order, but without destructors: the simulation is in mid-event. */
[[noreturn]] inline void
EndProcess(const std::string& why)
{
    std::cout.flush();
    std::cerr << why << std::endl;
    std::fflush(nullptr);
    _exit(EXIT_WITHOUT_AGENT);
}

/**
 * The memory that the launching Python program passed to this process. It is given out once, so
 * that a second interface finds a segment of its own.
 *
 * @param name the segment's name, "" for whatever was passed
 * @return a file descriptor, or -1
 */
inline int
TakeInheritedSegment(const std::string& name)
{
    static bool taken = false;
    const char* value = std::getenv(SEGMENT_VARIABLE);
    if (taken || value == nullptr)
    {
        return -1;
    }
    char* end = nullptr;
    const long fd = std::strtol(value, &end, 10);
    if (end == value || *end != ':' || (!name.empty() && name != end + 1))
    {
        return -1;
    }
    taken = true;
    return static_cast<int>(fd);
}

/** @return the segment of the Python program that started this one, which comes before any other */
inline int
FindOwnSegment(const std::vector<std::string>& names)
{
    if (std::getenv(SEGMENT_VARIABLE) == nullptr)
    {
        return -1; // started by hand
    }
    for (const std::string& name : names)
    {
        if (const int fd = TakeInheritedSegment(name); fd >= 0)
        {
            return fd;
        }
    }
    // A program with several interfaces: what the script offers besides, under this name.
    for (const std::string& name : names)
    {
        if (const int fd = ::tandem::channel::FindOffer(name, getppid()); fd >= 0)
        {
            return fd;
        }
    }
    return TakeInheritedSegment(""); // the scenario calls its segment otherwise
}

/**
 * Find the segment of one of these names: passed by the parent, or offered by a running program.
 * Waits for one to appear and ends the process if none does in time.
 *
 * @param names in the order of preference
 * @param accept takes a file descriptor, returns false if that segment will not do now
 */
template <typename Accept>
void
FindSegment(const std::vector<std::string>& names, Accept accept)
{
    const char* limit = std::getenv(WAIT_VARIABLE);
    const double limitS = limit != nullptr ? std::strtod(limit, nullptr) : DEFAULT_WAIT_S;
    bool told = false;
    for (double waitedS = 0;; waitedS += SEARCH_INTERVAL_MS / 1e3)
    {
        if (const int fd = FindOwnSegment(names); fd >= 0 && accept(fd))
        {
            return;
        }
        for (const std::string& name : names)
        {
            if (const int fd = ::tandem::channel::FindOffer(name); fd >= 0 && accept(fd))
            {
                return;
            }
        }
        if (!told)
        {
            std::cerr << "waiting for a Python program that offers segment '" << names.front()
                      << "'" << std::endl;
            told = true;
        }
        if (waitedS >= limitS)
        {
            EndProcess("no Python program offers segment '" + names.front() + "' after " +
                       std::to_string(static_cast<int>(waitedS)) +
                       " s: start the Python script, which starts the simulator by itself, or "
                       "raise " +
                       WAIT_VARIABLE);
        }
        const timespec pause{0, SEARCH_INTERVAL_MS * 1000000L};
        nanosleep(&pause, nullptr);
    }
}

/**
 * Map the segment of one of these names and say that this process is its simulator. Waits while
 * another simulator is connected to it.
 */
inline void
OpenSegment(::tandem::channel::DuplexSegment& segment,
            const std::vector<std::string>& names,
            const ::tandem::channel::DuplexItems& items)
{
    // By line: in a file, output would else stay in a buffer, and be lost if the process is killed.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    ns3::tandem::CheckNs3Libraries();
    try
    {
        FindSegment(names, [&segment, &items](int fd) {
            segment.Open(fd, items);
            close(fd);
            return segment.Header().accepting.exchange(0) != 0;
        });
        segment.Header().simulatorPid.store(getpid());
    }
    catch (const std::runtime_error& error)
    {
        EndProcess(std::string("cannot use segment '") + names.front() + "': " + error.what());
    }
}

} // namespace ns3::tandem::compat

#endif // TANDEM_COMPAT_SIMULATOR_END_H
