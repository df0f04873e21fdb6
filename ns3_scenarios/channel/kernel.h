// SPDX-License-Identifier: MIT
#ifndef TANDEM_CHANNEL_KERNEL_H
#define TANDEM_CHANNEL_KERNEL_H

#include <cerrno>
#include <cstring>
#include <string>

namespace tandem::channel
{

/** @return why the kernel refused memory or a descriptor, and what to do about it */
inline std::string
ExplainRefusal(int reason)
{
    const std::string why = std::strerror(reason);
    switch (reason)
    {
    case EPERM:
    case ENOSYS:
        return why + ": memfd_create and pidfd_open need Linux 5.3 or later, and a container or "
                     "sandbox (seccomp) that allows them; `tandem doctor` tries both";
    case EMFILE:
    case ENFILE:
        return why + ": close other environments, or raise the limit with `ulimit -n`";
    case EFBIG:
        return why + ": raise the limit of file sizes with `ulimit -f`";
    case ENOMEM:
    case ENOSPC:
        return why + ": run fewer simulators, lower --branchSlots or --recordCapacity, or give the "
                     "machine or container more memory";
    default:
        return why;
    }
}

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_KERNEL_H
