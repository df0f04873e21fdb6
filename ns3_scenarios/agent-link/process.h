// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * What the simulator's processes need of the kernel: dying with their parent, keeping forked
 * copies away from files, and the control socket's messages.
 */
#ifndef TANDEM_PROCESS_H
#define TANDEM_PROCESS_H

#include "channel/peer.h"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <sys/types.h>

namespace ns3::tandem
{

/**
 * Write each line of standard output as soon as it is complete. In a file it would else stay in a
 * buffer, and be lost if the process is killed: its last words above all.
 */
inline void
PrintByLine()
{
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
}

/** Have the kernel kill this process when its parent dies; exits if it is dead already. */
void DieWithParent(pid_t parent);
/** Undo DieWithParent(). */
void OutliveParentThread();
/** Exit if the parent is no longer `parent`. */
void ExitIfOrphaned(pid_t parent);
/** Exit if nobody holds the other end of a socket any more. */
void ExitIfClosed(int fd);
/**
 * Open /dev/null in the place of a closed standard input, output or error: else the next file takes
 * its number, and what is printed goes into that.
 */
void KeepStandardDescriptors();

/**
 * Have ends of child processes come in on a file descriptor instead of a signal.
 *
 * @return the descriptor, readable when a child has ended
 */
int WatchChildren();
/** Undo WatchChildren(), in a forked copy that goes its own way. */
void ForgetChildren(int fd);

/** Called with a child that has ended and its wait status. */
using ChildEnded = std::function<void(pid_t, int)>;

/** Reap all children that have ended. */
void ReapEnded(const ChildEnded& ended);

/** @return the wait status of a child that ends or has ended */
int WaitFor(pid_t child);

/**
 * Wait until no child is left in this process's group, and reap all that end. A fork may leave
 * the group while this waits, which a blocking waitpid() would never notice.
 *
 * @param childFd from WatchChildren()
 * @param ended called for each
 */
void ReapGroup(int childFd, const ChildEnded& ended);

/** Point every regular file open for writing, except standard output and error, to /dev/null. */
void MuteFiles();

/**
 * Send one message over the control socket.
 *
 * @param fd the socket
 * @param text the message
 * @param attachment a file descriptor to pass along, or -1
 */
void SendControl(int fd, const std::string& text, int attachment = -1);

/** @return the next message, or "" if the other side has closed the socket */
std::string ReceiveControl(int fd);

/**
 * Wait for a command of another process; see to children that end meanwhile.
 *
 * @param fd the socket of the commands
 * @param childFd from WatchChildren()
 * @param commander who gives the commands: a stranger may hold the socket when it is gone
 * @param reap called when a child has ended
 * @return the next message, or "" if the commander is gone or has closed the socket
 */
std::string WaitForCommand(int fd,
                           int childFd,
                           const ::tandem::channel::PeerWatch& commander,
                           const std::function<void()>& reap);

/** A RESET: which episode is to begin. */
struct ResetCommand
{
    uint64_t seed;   //!< of the episode
    uint64_t number; //!< told to the agent with the episode, which may have given up an earlier one
};

/** @return what a RESET message says; other messages are a fatal error */
ResetCommand ReadReset(const std::string& message);

} // namespace ns3::tandem

#endif // TANDEM_PROCESS_H
