// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/process.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemProcess");

namespace
{
/** Exit status of a process whose agent has gone away. */
constexpr int EXIT_ORPHANED = 3;
/** How often an idle process looks whether its commander lives. */
constexpr int ORPHAN_CHECK_MS = 500;
/** How often a process that waits for its group looks whether a child has left it. */
constexpr int GROUP_CHECK_MS = 5;
/** What waitpid() can wait for. */
constexpr pid_t ANY_CHILD = -1;
constexpr pid_t OWN_GROUP = 0;
/** Longest message of the control socket. */
constexpr size_t CONTROL_BYTES = 256;

/** Have a descriptor of WatchChildren() wait for the next end. */
void
ForgetEnds(int childFd)
{
    signalfd_siginfo info;
    while (read(childFd, &info, sizeof info) > 0)
    {
    }
}

/** Reap what has ended. @return whether children are left */
bool
Reap(pid_t whose, const ChildEnded& ended)
{
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(whose, &status, WNOHANG)) > 0)
    {
        ended(pid, status);
    }
    return pid == 0;
}
} // namespace

void
DieWithParent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ExitIfOrphaned(parent); // it may have died before the call
}

void
OutliveParentThread()
{
    prctl(PR_SET_PDEATHSIG, 0);
}

void
ExitIfOrphaned(pid_t parent)
{
    if (getppid() != parent)
    {
        _exit(EXIT_ORPHANED);
    }
}

int
WatchChildren()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    NS_ABORT_MSG_IF(fd < 0, "signalfd: " << std::strerror(errno));
    return fd;
}

void
ForgetChildren(int fd)
{
    close(fd);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void
ReapEnded(const ChildEnded& ended)
{
    Reap(ANY_CHILD, ended);
}

int
WaitFor(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    {
    }
    return status;
}

void
ReapGroup(int childFd, const ChildEnded& ended)
{
    NS_LOG_FUNCTION(childFd);
    while (Reap(OWN_GROUP, ended))
    {
        pollfd watched{childFd, POLLIN, 0};
        poll(&watched, 1, GROUP_CHECK_MS);
        ForgetEnds(childFd);
        // What is forgotten may be the end of a child outside the group, which nothing tells again.
        Reap(ANY_CHILD, ended);
    }
}

void
ExitIfClosed(int fd)
{
    pollfd watched{fd, POLLIN, 0};
    if (poll(&watched, 1, 0) > 0 && (watched.revents & POLLHUP) != 0)
    {
        _exit(EXIT_ORPHANED);
    }
}

void
KeepStandardDescriptors()
{
    for (int fd = 0; fd <= STDERR_FILENO; ++fd)
    {
        if (fcntl(fd, F_GETFD) < 0)
        {
            // The lowest free number, which is this one: the lower ones are open.
            [[maybe_unused]] const int opened = open("/dev/null", O_RDWR);
        }
    }
}

void
MuteFiles()
{
    NS_LOG_FUNCTION_NOARGS();
    DIR* folder = opendir("/proc/self/fd");
    if (folder == nullptr)
    {
        return;
    }
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    while (const dirent* entry = readdir(folder))
    {
        const int fd = std::atoi(entry->d_name);
        struct stat info{};
        if (fd <= STDERR_FILENO || fd == null || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        {
            continue;
        }
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
        {
            dup2(null, fd);
        }
    }
    close(null);
    closedir(folder);
}

void
SendControl(int fd, const std::string& text, int attachment)
{
    NS_LOG_FUNCTION(fd << text << attachment);
    iovec data{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))] = {};
    if (attachment >= 0)
    {
        message.msg_control = ancillary;
        message.msg_controllen = sizeof ancillary;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &attachment, sizeof attachment);
    }
    // A failed send means that the agent is gone, which the next receive notices.
    while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
    {
    }
}

std::string
ReceiveControl(int fd)
{
    char buffer[CONTROL_BYTES];
    ssize_t bytes;
    do
    {
        bytes = recv(fd, buffer, sizeof buffer, 0);
    } while (bytes < 0 && errno == EINTR);
    return bytes > 0 ? std::string(buffer, bytes) : std::string();
}

std::string
WaitForCommand(int fd,
               int childFd,
               const ::tandem::channel::PeerWatch& commander,
               const std::function<void()>& reap)
{
    NS_LOG_FUNCTION(fd << childFd);
    while (true)
    {
        pollfd watched[] = {
            {fd,      POLLIN, 0},
            {childFd, POLLIN, 0}
        };
        const int ready = poll(watched, 2, ORPHAN_CHECK_MS);
        if (ready <= 0)
        {
            if (commander.IsDead())
            {
                return "";
            }
            continue;
        }
        if (watched[1].revents != 0)
        {
            ForgetEnds(childFd);
            reap();
        }
        if (watched[0].revents != 0)
        {
            return ReceiveControl(fd);
        }
    }
}

ResetCommand
ReadReset(const std::string& message)
{
    ResetCommand reset{};
    NS_ABORT_MSG_IF(std::sscanf(message.c_str(), "RESET %lu %lu", &reset.seed, &reset.number) != 2,
                    "unknown control message '" << message << "'");
    return reset;
}

} // namespace ns3::tandem
