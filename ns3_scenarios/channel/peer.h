// SPDX-License-Identifier: MIT
/**
 * @file
 * The process at the other end of a duplex channel: whether it lives, and how a simulator that was
 * started by hand finds the memory that a Python program offers.
 *
 * Memory is offered as an open memfd. It is visible in /proc while, and only while, its process
 * lives, so a segment found there is never stale.
 */
#ifndef TANDEM_CHANNEL_PEER_H
#define TANDEM_CHANNEL_PEER_H

#include "kernel.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace tandem::channel
{

/** What every offered memfd's name starts with; the rest is the segment's name. */
constexpr const char* OFFER_PREFIX = "tandem-segment:";
/** Longest name that memfd_create takes. */
constexpr std::size_t MEMFD_NAME_BYTES = 249;

/** Tells whether a process still runs, without any race on reused pids. */
class PeerWatch
{
  public:
    PeerWatch() = default;
    PeerWatch(const PeerWatch&) = delete;
    PeerWatch& operator=(const PeerWatch&) = delete;

    ~PeerWatch()
    {
        Forget();
    }

    /** Watch this process from now on; 0 watches none. */
    void Watch(pid_t pid)
    {
        if (pid == m_pid)
        {
            return;
        }
        Forget();
        m_pid = pid;
        if (pid != 0)
        {
            m_pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
            m_gone = m_pidfd < 0 && errno == ESRCH;
        }
    }

    /** @return true once the process has ended (a zombie has); false if none is watched */
    bool IsDead() const
    {
        if (m_gone || m_pid == 0)
        {
            return m_gone;
        }
        if (m_pidfd < 0)
        {
            return HasEnded(m_pid); // no descriptor left, or a kernel or sandbox without pidfds
        }
        pollfd watched{m_pidfd, POLLIN, 0};
        return poll(&watched, 1, 0) > 0;
    }

    pid_t GetPid() const
    {
        return m_pid;
    }

  private:
    /** @return true if the process is gone or a zombie, as far as its number tells */
    static bool HasEnded(pid_t pid)
    {
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        std::string line;
        std::getline(file, line);
        const auto name = line.rfind(") "); // the name in brackets may hold anything
        return name == std::string::npos || line[name + 2] == 'Z' || line[name + 2] == 'X';
    }

    void Forget()
    {
        if (m_pidfd >= 0)
        {
            close(m_pidfd);
        }
        m_pidfd = -1;
        m_pid = 0;
        m_gone = false;
    }

    pid_t m_pid{0};
    int m_pidfd{-1};
    bool m_gone{false};
};

/** @return what the kernel calls the memory of a segment */
inline std::string
OfferName(const std::string& name)
{
    return (OFFER_PREFIX + name).substr(0, MEMFD_NAME_BYTES);
}

/**
 * Make the memory that a segment will lie in.
 *
 * @param name how a simulator started by hand finds it; may be empty for one that inherits it
 * @return a file descriptor, the caller's
 * @throws std::runtime_error if the kernel refuses
 */
inline int
OfferMemory(const std::string& name)
{
    const int fd = memfd_create(OfferName(name).c_str(), MFD_CLOEXEC);
    if (fd < 0)
    {
        throw std::runtime_error("cannot create shared memory: " + ExplainRefusal(errno));
    }
    return fd;
}

/** Memory by its identity → a path that opens it. */
using Offers = std::map<std::pair<dev_t, ino_t>, std::string>;

/** Add the memory that one process offers under a name. */
inline void
CollectOffers(const std::string& pid, const std::string& name, Offers& found)
{
    const std::string wanted = "/memfd:" + OfferName(name) + " (deleted)";
    const std::string folder = "/proc/" + pid + "/fd";
    DIR* files = opendir(folder.c_str()); // fails for other users' processes
    if (files == nullptr)
    {
        return;
    }
    while (const dirent* file = readdir(files))
    {
        const std::string path = folder + "/" + file->d_name;
        char target[PATH_MAX];
        const ssize_t bytes = readlink(path.c_str(), target, sizeof target);
        struct stat info{};
        if (bytes > 0 && wanted == std::string(target, bytes) && stat(path.c_str(), &info) == 0)
        {
            found.emplace(std::make_pair(info.st_dev, info.st_ino), path);
        }
    }
    closedir(files);
}

/**
 * Look for the memory that a running program of this user offers under a name.
 *
 * @param name the segment's name; memory without one is for those who inherit it
 * @param owner look at this process only; 0: at all
 * @return a file descriptor, the caller's, or -1 if there is none
 * @throws std::runtime_error if several segments are offered under that name
 */
inline int
FindOffer(const std::string& name, pid_t owner = 0)
{
    Offers found;
    DIR* processes = name.empty() ? nullptr : opendir("/proc");
    if (processes == nullptr)
    {
        return -1;
    }
    while (const dirent* process = readdir(processes))
    {
        const std::string pid = process->d_name;
        if (pid.find_first_not_of("0123456789") == std::string::npos &&
            (owner == 0 || pid == std::to_string(owner)))
        {
            CollectOffers(pid, name, found);
        }
    }
    closedir(processes);
    if (found.size() > 1)
    {
        std::string paths;
        for (const auto& [inode, path] : found)
        {
            paths += " " + path;
        }
        throw std::runtime_error(std::to_string(found.size()) + " programs offer a segment '" +
                                 name + "' (" + paths.substr(1) +
                                 "): start the simulator from Python, or give each its own name");
    }
    return found.empty() ? -1 : open(found.begin()->second.c_str(), O_RDWR | O_CLOEXEC);
}

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_PEER_H
