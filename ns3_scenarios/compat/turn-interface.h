// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * The classes of ns3-ai 1.x, `Ns3AIRL` and `Ns3AIDL`, on tandem's channel: structs in one block of
 * memory that simulator and Python write by turns. A block has a version, which SetCompleted() and
 * Python's Release() raise; by default the simulator's turn is at even versions.
 *
 * Each struct has a getter and a setter, which are the same, in three forms: `Cond` waits for
 * SetCond()'s versions, `Target` for one version, `CondFunc` for those that SetCondFunc()'s
 * function takes. The forms without a condition are not served: they lock the memory in the midst
 * of Python's turn.
 */
#ifndef TANDEM_COMPAT_TURN_INTERFACE_H
#define TANDEM_COMPAT_TURN_INTERFACE_H

#include "compat/tag.h"
#include "compat/turn-block.h"

#include <ns3/simple-ref-count.h>
#include <ns3/singleton.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

/** What scenarios end their structs with; Python's have `_pack_ = 1`. */
#ifndef Packed
#define Packed __attribute__((__packed__))
#endif

/** The ways to reach one struct of a block. */
#define TANDEM_COMPAT_TURN_ACCESS(Type, Name, member) \
    Type* Name##GetterCond()                          \
    {                                                 \
        return Take(member);                          \
    }                                                 \
    Type* Name##GetterTarget(uint8_t version)         \
    {                                                 \
        return TakeAt(member, version);               \
    }                                                 \
    Type* Name##GetterCondFunc()                      \
    {                                                 \
        return TakeIf(member);                        \
    }                                                 \
    Type* Name##SetterCond()                          \
    {                                                 \
        return Take(member);                          \
    }                                                 \
    Type* Name##SetterTarget(uint8_t version)         \
    {                                                 \
        return TakeAt(member, version);               \
    }                                                 \
    Type* Name##SetterCondFunc()                      \
    {                                                 \
        return TakeIf(member);                        \
    }

namespace ns3
{

/** A placeholder where a scenario has nothing else to tell. */
struct TANDEM_COMPAT RLEmptyInfo
{
    uint8_t unused;
} Packed;

using DLEmptyInfo = RLEmptyInfo;

/** Versions of the blocks; the pool itself is Python's. */
class TANDEM_COMPAT SharedMemoryPool : public Singleton<SharedMemoryPool>
{
  public:
    /** @throw std::logic_error if this program uses no such block */
    uint8_t GetMemoryVersion(uint16_t id);
};

/** What both interfaces have. */
class TANDEM_COMPAT Ns3AITurns
{
  public:
    /** It is the simulator's turn when the version divided by @p mod leaves @p res. */
    void SetCond(uint8_t mod, uint8_t res)
    {
        m_mod = mod;
        m_res = res;
    }

    void SetCondFunc(bool (*cond)(uint8_t version))
    {
        m_cond = cond;
    }

    /** What was read may change now; it stays the simulator's turn. */
    void GetCompleted()
    {
        m_block->Release(false);
    }

    /** What was written is Python's now. */
    void SetCompleted()
    {
        m_block->Release(true);
    }

    uint8_t GetVersion()
    {
        return m_block->GetVersion();
    }

    /** Tell Python that nothing more comes; done at the end of the id's last object by itself. */
    void SetFinish()
    {
        m_block->Finish();
    }

    bool GetIsFinish()
    {
        return m_block->IsFinished();
    }

  protected:
    Ns3AITurns(uint16_t id, uint64_t bytes)
        : m_id(id),
          m_block(tandem::compat::GetTurnBlock(id, bytes + sizeof(bool))),
          m_baseAddr(m_block->GetData())
    {
    }

    ~Ns3AITurns() = default;

    template <typename T>
    T* Take(T* what)
    {
        m_block->Acquire([this](uint8_t version) { return version % m_mod == m_res; });
        return what;
    }

    template <typename T>
    T* TakeAt(T* what, uint8_t target)
    {
        m_block->Acquire([target](uint8_t version) { return version == target; });
        return what;
    }

    template <typename T>
    T* TakeIf(T* what)
    {
        if (m_cond == nullptr)
        {
            throw std::logic_error("…CondFunc() needs SetCondFunc() first");
        }
        m_block->Acquire(m_cond);
        return what;
    }

    uint16_t m_id;
    std::shared_ptr<tandem::compat::TurnBlock> m_block;
    uint8_t* m_baseAddr;
    uint8_t m_mod{2};
    uint8_t m_res{0};
    bool (*m_cond)(uint8_t version){nullptr};
};

/** ns3-ai 1.x's interface of reinforcement learning: what is seen, what is done, anything else. */
template <typename EnvType, typename ActionType, typename SimInfoType = RLEmptyInfo>
class TANDEM_COMPAT Ns3AIRL : public SimpleRefCount<Ns3AIRL<EnvType, ActionType, SimInfoType>>,
                              public Ns3AITurns
{
  public:
    /** @param id the same as in Python */
    explicit Ns3AIRL(uint16_t id)
        : Ns3AITurns(id, sizeof(EnvType) + sizeof(ActionType) + sizeof(SimInfoType)),
          m_env(reinterpret_cast<EnvType*>(m_baseAddr)),
          m_act(reinterpret_cast<ActionType*>(m_baseAddr + sizeof(EnvType))),
          m_info(reinterpret_cast<SimInfoType*>(m_baseAddr + sizeof(EnvType) + sizeof(ActionType)))
    {
    }

    TANDEM_COMPAT_TURN_ACCESS(EnvType, Env, m_env)
    TANDEM_COMPAT_TURN_ACCESS(ActionType, Action, m_act)
    TANDEM_COMPAT_TURN_ACCESS(SimInfoType, Info, m_info)

  protected:
    EnvType* m_env;
    ActionType* m_act;
    SimInfoType* m_info;
};

/** ns3-ai 1.x's interface of supervised learning: features, what is predicted, what came. */
template <typename FeatureType,
          typename PredictedType,
          typename TargetType,
          typename SimInfoType = DLEmptyInfo>
class TANDEM_COMPAT Ns3AIDL
    : public SimpleRefCount<Ns3AIDL<FeatureType, PredictedType, TargetType, SimInfoType>>,
      public Ns3AITurns
{
  public:
    /** @param id the same as in Python */
    explicit Ns3AIDL(uint16_t id)
        : Ns3AITurns(id, AFTER_TARGET + sizeof(SimInfoType)),
          m_feature(reinterpret_cast<FeatureType*>(m_baseAddr)),
          m_predicted(reinterpret_cast<PredictedType*>(m_baseAddr + sizeof(FeatureType))),
          m_target(reinterpret_cast<TargetType*>(m_baseAddr + AFTER_TARGET - sizeof(TargetType))),
          m_info(reinterpret_cast<SimInfoType*>(m_baseAddr + AFTER_TARGET))
    {
    }

    TANDEM_COMPAT_TURN_ACCESS(FeatureType, Feature, m_feature)
    TANDEM_COMPAT_TURN_ACCESS(PredictedType, Predicted, m_predicted)
    TANDEM_COMPAT_TURN_ACCESS(TargetType, Target, m_target)
    TANDEM_COMPAT_TURN_ACCESS(SimInfoType, Info, m_info)

  protected:
    static constexpr uint64_t AFTER_TARGET =
        sizeof(FeatureType) + sizeof(PredictedType) + sizeof(TargetType);

    FeatureType* m_feature;
    PredictedType* m_predicted;
    TargetType* m_target;
    SimInfoType* m_info;
};

} // namespace ns3

#endif // TANDEM_COMPAT_TURN_INTERFACE_H
