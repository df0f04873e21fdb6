// SPDX-License-Identifier: GPL-2.0-only
#include "compat/turn-block.h"

#include "compat/turn-interface.h"

#include "ns3/global-value.h"
#include "ns3/uinteger.h"

#include <map>
#include <stdexcept>

namespace ns3
{

namespace
{
constexpr uint32_t DEFAULT_KEY = 1234;
constexpr uint32_t DEFAULT_POOL_BYTES = 4096;

/** Scripts give these as arguments or by NS_GLOBAL_VALUE. */
GlobalValue g_key("SharedMemoryKey",
                  "ns3-ai 1.x: which Python program's memory to use",
                  UintegerValue(DEFAULT_KEY),
                  MakeUintegerChecker<uint32_t>());
GlobalValue g_poolBytes("SharedMemoryPoolSize",
                        "ns3-ai 1.x: taken for compatibility, each block has its own memory",
                        UintegerValue(DEFAULT_POOL_BYTES),
                        MakeUintegerChecker<uint32_t>());

std::map<uint16_t, std::weak_ptr<tandem::compat::TurnBlock>>&
GetBlocks()
{
    static std::map<uint16_t, std::weak_ptr<tandem::compat::TurnBlock>> blocks;
    return blocks;
}
} // namespace

namespace tandem::compat
{

std::string
GetTurnBlockName(uint16_t id)
{
    UintegerValue key;
    g_key.GetValue(key);
    return "ns3-ai 1.x " + std::to_string(key.Get()) + "/" + std::to_string(id);
}

std::shared_ptr<TurnBlock>
GetTurnBlock(uint16_t id, uint64_t bytes)
{
    auto block = GetBlocks()[id].lock();
    if (!block)
    {
        block = std::make_shared<TurnBlock>(id, bytes);
        GetBlocks()[id] = block;
    }
    if (block->GetBytes() != bytes)
    {
        throw std::logic_error("the memory with the id " + std::to_string(id) + " has " +
                               std::to_string(block->GetBytes()) +
                               " bytes and is used with structs of " + std::to_string(bytes) +
                               "; give each kind of structs an id of its own");
    }
    return block;
}

} // namespace tandem::compat

uint8_t
SharedMemoryPool::GetMemoryVersion(uint16_t id)
{
    const auto block = GetBlocks()[id].lock();
    if (!block)
    {
        throw std::logic_error("SharedMemoryPool: there is no memory with the id " +
                               std::to_string(id) + "; make an Ns3AIRL or Ns3AIDL with it first");
    }
    return block->GetVersion();
}

} // namespace ns3
