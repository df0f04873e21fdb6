// SPDX-License-Identifier: GPL-2.0-only
#include "model/epoch-loop.h"

#include "agent-link/agent-link.h"
#include "model/inference-config.h"
#include "model/observation.h"
#include "model/request.h"

#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemEpochLoop");

namespace
{

/** How often to look whether the traces of a time-out are gone. */
const Time READY_POLL = MilliSeconds(5);

/**
 * The least rest after the traces of a time-out are gone. An LTE scheduler goes on granting a user
 * for some milliseconds what it took the abandoned bytes for, and so would serve the next upload
 * sooner than one that starts from rest.
 */
const Time SHORTEST_REST = MilliSeconds(50);

} // namespace

NS_OBJECT_ENSURE_REGISTERED(EpochLoop);

TypeId
EpochLoop::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::EpochLoop")
            .SetParent<Object>()
            .SetGroupName("Tandem")
            .AddTraceSource("Decided",
                            "A decision has been taken; its requests have not arrived yet.",
                            MakeTraceSourceAccessor(&EpochLoop::m_decided),
                            "ns3::tandem::EpochLoop::DecidedTracedCallback");
    return tid;
}

EpochLoop::EpochLoop(const InferenceConfig& config,
                     AgentLink& link,
                     ActionBlock& action,
                     Observation& observation,
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
    for (const auto& client : m_clients)
    {
        client->TraceConnectWithoutContext("Finished", MakeCallback(&EpochLoop::Ended, this));
    }
}

int64_t
EpochLoop::AssignStreams(int64_t first)
{
    return m_arrivals.AssignStreams(first);
}

void
EpochLoop::Start(Time delay)
{
    NS_LOG_FUNCTION(this << delay);
    Simulator::Schedule(delay, &EpochLoop::Decide, this);
}

void
EpochLoop::Decide()
{
    NS_LOG_FUNCTION(this << m_link.GetEpoch());
    m_observation.Fill();
    const bool first = m_link.GetEpoch() == 0;
    if (!m_link.Decide())
    {
        Simulator::Stop();
        return;
    }
    m_epoch = m_link.GetEpoch() - 1;
    m_decided(m_epoch);
    for (uint32_t i = 0; i < m_choice.size(); ++i)
    {
        m_choice[i] = static_cast<uint32_t>(m_action.Get(i));
        m_clients[i]->Require(m_choice[i]);
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
    NS_LOG_FUNCTION(this << user << m_choice[user]);
    m_clients[user]->Issue(m_choice[user], m_epoch);
}

void
EpochLoop::Ended(const Request& request)
{
    NS_LOG_FUNCTION(this << request.id);
    m_arrivals.NoteEnd(request.user);
    if (!m_arrivals.IsSynchronous())
    {
        return;
    }
    m_timedOut[request.user] = request.status == RequestStatus::TIMEOUT;
    if (--m_unended > 0)
    {
        return;
    }
    const bool timedOut = std::find(m_timedOut.begin(), m_timedOut.end(), true) != m_timedOut.end();
    m_rest = timedOut ? std::max(m_epochGap, SHORTEST_REST) : m_epochGap;
    m_restSince = Simulator::Now();
    m_waitUntil = m_restSince + m_rest + m_longestWait;
    Simulator::Schedule(timedOut ? Time() : m_rest, &EpochLoop::Rest, this);
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
EpochLoop::Rest()
{
    NS_LOG_FUNCTION(this);
    // A time-out leaves a connection to open anew and segments in the user's device that nobody
    // wants any more. That belongs to the epoch that caused it, so the next one has to wait; but
    // a user who is out of reach must not hold up the others for ever.
    const Time now = Simulator::Now();
    if (!IsReady())
    {
        m_restSince = now;
    }
    if (now - m_restSince >= m_rest || now >= m_waitUntil)
    {
        Decide();
        return;
    }
    Simulator::Schedule(READY_POLL, &EpochLoop::Rest, this);
}

} // namespace ns3::tandem
