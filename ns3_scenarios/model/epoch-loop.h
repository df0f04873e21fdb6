// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_EPOCH_LOOP_H
#define TANDEM_EPOCH_LOOP_H

#include "model/arrivals.h"
#include "model/inference-client.h"

#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/traced-callback.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace ns3::tandem
{

class ActionBlock;
class AgentLink;
class Observation;
struct InferenceConfig;
struct Request;

/**
 * Decision after decision. Synchronous arrivals: when all requests of a decision have ended and
 * the gap has passed. Otherwise: at equal intervals, and requests carry over.
 */
class EpochLoop : public Object
{
  public:
    static TypeId GetTypeId();

    /**
     * Everything referred to must outlive the loop.
     * @param hasQueue whether something of the user's waits in its device
     * @throw CsvError as Arrivals() does
     */
    EpochLoop(const InferenceConfig& config,
              AgentLink& link,
              ActionBlock& action,
              Observation& observation,
              std::vector<Ptr<InferenceClient>> clients,
              std::function<bool(uint32_t user)> hasQueue);

    /** @return the number of streams used */
    int64_t AssignStreams(int64_t first);

    /** Schedule the first decision. */
    void Start(Time delay);

    /**
     * Signature of the trace source `Decided`.
     *
     * @param epoch the decision's number, from 0
     */
    typedef void (*DecidedTracedCallback)(uint32_t epoch);

  private:
    void Decide();
    void Rest();
    bool IsReady() const;
    void Arrive(uint32_t user);
    void Ended(const Request& request);

    AgentLink& m_link;
    ActionBlock& m_action;
    Observation& m_observation;
    std::vector<Ptr<InferenceClient>> m_clients;
    std::function<bool(uint32_t)> m_hasQueue;
    Arrivals m_arrivals;
    Time m_epochLength;
    Time m_epochGap;
    Time m_longestWait;
    Time m_rest;                    //!< how long it must have been quiet after a time-out
    Time m_restSince;               //!< since when it has been
    Time m_waitUntil;               //!< decide then in any case
    std::vector<uint32_t> m_choice; //!< option of each user in this epoch
    std::vector<bool> m_timedOut;   //!< users with a time-out in this epoch
    TracedCallback<uint32_t> m_decided;
    uint32_t m_epoch{0};
    uint32_t m_unended{0}; //!< synchronous: requests of this epoch that have not ended
};

} // namespace ns3::tandem

#endif // TANDEM_EPOCH_LOOP_H
