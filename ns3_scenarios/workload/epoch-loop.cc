// SPDX-License-Identifier: GPL-2.0-only
#include "workload/epoch-loop.h"

#include "agent-link/agent-link.h"
#include "probes/observation.h"
#include "probes/request-ledger.h"
#include "workload/inference-config.h"

#include "ns3/simulator.h"

namespace ns3::tandem
{

namespace
{

/** How often to look whether the traces of a time-out are gone. */
const Time READY_POLL = MilliSeconds(5);

} // namespace

EpochLoop::EpochLoop(const InferenceConfig& config,
                     AgentLink& link,
                     ActionBlock& action,
                     Observation& observation,
                     RequestLedger& ledger,
                     std::vector<Ptr<InferenceClient>> clients,
                     std::function<bool(uint32_t user)> hasQueue)
    : m_link(link),
      m_action(action),
      m_observation(observation),
      m_clients(std::move(clients)),
      m_hasQueue(std::move(hasQueue)),
      m_arrivals(config.arrivals, config.users, [this](uint32_t user) { Arrive(user); }),
      m_epochLength(Seconds(config.epochLengthS)),
      m_epochGap(Seconds(config.epochGapS)),
      m_longestWait(Seconds(config.timeoutS)),
      m_choice(config.users, 0),
      m_timedOut(config.users, false)
{
    ledger.onFinished = [this](const Request& request) { Ended(request); };
}

int64_t
EpochLoop::AssignStreams(int64_t first)
{
    return m_arrivals.AssignStreams(first);
}

void
EpochLoop::Start(Time delay)
{
    Simulator::Schedule(delay, &EpochLoop::Decide, this);
}

void
EpochLoop::Decide()
{
    m_observation.Fill();
    const bool first = m_link.GetEpoch() == 0;
    if (!m_link.Decide())
    {
        Simulator::Stop();
        return;
    }
    m_epoch = m_link.GetEpoch() - 1;
    for (uint32_t i = 0; i < m_choice.size(); ++i)
    {
        m_choice[i] = static_cast<uint32_t>(m_action.Get(i));
    }
    if (m_arrivals.IsSynchronous())
    {
        m_timedOut.assign(m_timedOut.size(), false);
        m_unended = static_cast<uint32_t>(m_choice.size());
        m_arrivals.IssueAll();
        return;
    }
    if (first)
    {
        m_arrivals.Start();
    }
    Simulator::Schedule(m_epochLength, &EpochLoop::Decide, this);
}

void
EpochLoop::Arrive(uint32_t user)
{
    m_clients[user]->Issue(m_choice[user], m_epoch);
}

void
EpochLoop::Ended(const Request& request)
{
    if (!m_arrivals.IsSynchronous())
    {
        return;
    }
    m_timedOut[request.user] = request.status == RequestStatus::TIMEOUT;
    if (--m_unended == 0)
    {
        m_waitUntil = Simulator::Now() + m_epochGap + m_longestWait;
        Simulator::Schedule(m_epochGap, &EpochLoop::DecideWhenReady, this);
    }
}

bool
EpochLoop::IsReady() const
{
    for (uint32_t i = 0; i < m_clients.size(); ++i)
    {
        if (!m_clients[i]->IsReady() || (m_timedOut[i] && m_hasQueue(i)))
        {
            return false;
        }
    }
    return true;
}

void
EpochLoop::DecideWhenReady()
{
    // A time-out leaves a connection to open anew and segments in the user's device that nobody
    // wants any more. That belongs to the epoch that caused it, so the next one has to wait; but
    // a user who is out of reach must not hold up the others for ever.
    if (IsReady() || Simulator::Now() >= m_waitUntil)
    {
        Decide();
        return;
    }
    Simulator::Schedule(READY_POLL, &EpochLoop::DecideWhenReady, this);
}

} // namespace ns3::tandem
