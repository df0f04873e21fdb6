// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Keeps this folder's classes apart from those of a real ns3-ai or ns3-gym in the same program.
 *
 * Scenarios need the original names in namespace ns3, also in forward declarations, which rules
 * out an inline namespace. An ABI tag leaves the names alone and changes the symbols: the linker
 * and the loader never mix ours with theirs. ns-3's own registry of types is by name, so our
 * TypeIds are called ns3::tandem::….
 */
#ifndef TANDEM_COMPAT_TAG_H
#define TANDEM_COMPAT_TAG_H

#define TANDEM_COMPAT __attribute__((abi_tag("tandem")))

namespace ns3
{
class TANDEM_COMPAT OpenGymDataContainer;
class TANDEM_COMPAT OpenGymEnv;
class TANDEM_COMPAT OpenGymInterface;
class TANDEM_COMPAT OpenGymSpace;
} // namespace ns3

#endif // TANDEM_COMPAT_TAG_H
