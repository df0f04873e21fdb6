// SPDX-License-Identifier: GPL-2.0-only
// What an agent of an inference run sees, chooses and is told.
#include "agent-link/argument-check.h"
#include "model/inference-run.h"
#include "model/run-metadata.h"

#include "ns3/log.h"

#include <cmath>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRunDeclare");

void
InferenceRun::Declare()
{
    NS_LOG_FUNCTION(this);
    const std::vector<std::string> sites = m_config.GetSiteNames();
    m_observation = std::make_unique<Observation>(m_users,
                                                  GetCells(),
                                                  m_servers,
                                                  sites,
                                                  m_paths,
                                                  *m_ledger,
                                                  m_config.energy);
    m_observation->Declare(m_link);
    ActionBlock* action = m_link.AddAction("option",
                                           {m_config.users},
                                           0,
                                           static_cast<int32_t>(m_options.GetCount()) - 1,
                                           "user");
    DeclareMask(*action);
    m_ledger->DeclareRecords(m_link, sites, m_paths.GetNames());
    m_positions = std::make_unique<PositionTable>(m_link, GetCells());
    DeclareFrames();
    if (m_policy) // agents have policies like it of their own
    {
        m_link.SetPolicy([this](ActionBlock* block) { m_policy->Act(*block); });
    }
    if (m_linkTrace)
    {
        m_link.Warn("the link trace lasts " + FormatNumber(m_linkTrace->GetPeriod().GetSeconds()) +
                    " s, carries " + FormatNumber(std::round(m_linkTrace->GetMeanBps())) +
                    " bit/s on average, and is repeated in longer episodes");
    }
    for (const auto& cell : m_cells)
    {
        if (const std::string notice = cell->GetNotice(); !notice.empty())
        {
            m_link.Warn(notice);
        }
    }
    DescribeRun(m_link, m_config, m_options, GetCells(), m_users, m_paths, *m_backhaul);

    std::vector<Ptr<InferenceClient>> clients;
    for (const ObservedUser& user : m_users)
    {
        clients.push_back(user.client);
    }
    m_loop = CreateObject<EpochLoop>(m_config,
                                     m_link,
                                     *action,
                                     *m_observation,
                                     std::move(clients),
                                     [this](uint32_t user) { return HasQueue(user); });
    m_loop->TraceConnectWithoutContext("Decided",
                                       MakeCallback(&PositionTable::Write, m_positions.get()));
}

void
InferenceRun::DeclareFrames()
{
    if (!m_config.recordFrames)
    {
        return;
    }
    m_frames = std::make_unique<FrameTables>(m_link);
    std::vector<StationNumber> users; // in the order of their numbers
    int64_t first = 0;
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        const AccessCell& cell = *m_cells[c];
        const auto placed = static_cast<int64_t>(cell.GetPlacedNodes().size());
        const uint32_t background = cell.GetStationCount() - cell.GetUserCount();
        // AP or eNBs come first in the topology, then the cell's own stations.
        int64_t node = first + placed - m_cellUsers[c] - background;
        std::vector<StationNumber> stations;
        for (uint32_t i = 0; i < m_cellUsers[c]; ++i)
        {
            users.push_back({node++, static_cast<int64_t>(users.size())});
            stations.push_back(users.back());
        }
        for (const uint32_t guest : m_guests[c])
        {
            stations.push_back(users.at(guest));
        }
        for (uint32_t i = 0; i < background; ++i)
        {
            stations.push_back({node++, -1});
        }
        for (const StationNumber& station : stations)
        {
            m_frames->AddNode(station.node, station.user);
        }
        m_cells[c]->RecordFrames(*m_frames, first, stations);
        first += placed;
    }
}

void
InferenceRun::DeclareMask(const ActionBlock& action)
{
    if (m_paths.GetNames().empty())
    {
        return;
    }
    ActionMask* mask = m_link.AddActionMask(&action);
    for (uint32_t user = 0; user < m_users.size(); ++user)
    {
        for (uint32_t option = 0; option < m_options.GetCount(); ++option)
        {
            const bool has = m_paths.Find(user, m_options.Get(option)).has_value();
            mask->Allow(user, static_cast<int32_t>(option), has);
        }
    }
}

} // namespace ns3::tandem
