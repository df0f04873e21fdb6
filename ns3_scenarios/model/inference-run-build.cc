// SPDX-License-Identifier: GPL-2.0-only
// The applications of an inference run, and what is counted for them.
#include "access/backhaul.h"
#include "model/inference-run.h"

#include "ns3/boolean.h"
#include "ns3/ipv4-address.h"
#include "ns3/log.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRunBuild");

void
InferenceRun::BuildApplications()
{
    NS_LOG_FUNCTION(this);
    std::vector<RequestLedger::Cells> cells;
    for (const ObservedUser& user : m_users)
    {
        auto& ofUser = cells.emplace_back();
        for (const UserAccess& access : user.accesses)
        {
            ofUser.push_back({access.cell, m_cells[access.cell]->GetKind() == "lte" ? 1U : 0U});
        }
    }
    m_ledger = std::make_unique<RequestLedger>(m_options,
                                               std::move(cells),
                                               MakeCallback(&InferenceRun::CountTransfers, this));
    m_ledger->SetQueueCounter(MakeCallback(&InferenceRun::CountQueuedBytes, this));
    m_ledger->SetJobCounter(MakeCallback(&InferenceRun::CountJobs, this));
    WatchEnergy();
    WatchServing();

    for (uint32_t i = 0; i < m_config.sites.size(); ++i)
    {
        const RemoteSite& site = m_config.sites[i];
        auto server =
            CreateObjectWithAttributes<InferenceServer>("Cores", UintegerValue(site.cores));
        server->Configure(m_options, site.load);
        RequestLedger* ledger = m_ledger.get();
        server->TraceConnectWithoutContext("UploadArrived",
                                           MakeCallback(&RequestLedger::UploadArrived, ledger));
        server->TraceConnectWithoutContext("ServiceStarted",
                                           MakeCallback(&RequestLedger::SiteStarted, ledger));
        server->TraceConnectWithoutContext("ServiceFinished",
                                           MakeCallback(&RequestLedger::SiteFinished, ledger));
        m_backhaul->GetHost(i)->AddApplication(server);
        m_servers.push_back(server);
    }

    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        ObservedUser& user = m_users[i];
        user.client =
            CreateObjectWithAttributes<InferenceClient>("User",
                                                        UintegerValue(i),
                                                        "Timeout",
                                                        TimeValue(Seconds(m_config.timeoutS)),
                                                        "ConnectAtStart",
                                                        BooleanValue(false));
        std::vector<ClientAccess> accesses;
        for (const UserAccess& access : user.accesses)
        {
            auto& to = accesses.emplace_back();
            to.gateway = m_gateways[access.cell].get();
            for (uint32_t site = 0; site < m_servers.size(); ++site)
            {
                to.sites.push_back(m_backhaul->GetAddress(access.cell, site));
            }
        }
        user.client->Attach(m_options, m_paths, std::move(accesses), *m_ledger);
        const UserAccess& home = user.GetHome();
        m_cells[home.cell]->GetUser(home.index)->AddApplication(user.client);
    }
}

void
InferenceRun::WatchServing()
{
    if (CanHandOver(GetCells()))
    {
        m_ledger->WatchServing(MakeCallback(&InferenceRun::FindServing, this));
    }
}

uint32_t
InferenceRun::FindServing(uint32_t index, uint32_t access) const
{
    const UserAccess& at = m_users[index].accesses.at(access);
    return m_cells[at.cell]->GetServing(at.index);
}

void
InferenceRun::WatchEnergy()
{
    if (!m_config.energy.watched)
    {
        return;
    }
    std::vector<std::vector<RadioPower>> radios;
    for (const ObservedUser& user : m_users)
    {
        auto& ofUser = radios.emplace_back();
        for (const UserAccess& access : user.accesses)
        {
            ofUser.push_back(m_config.energy.OfKind(m_cells[access.cell]->GetKind()));
        }
    }
    m_ledger->WatchEnergy(m_config.energy, std::move(radios));
    for (const auto& cell : m_cells)
    {
        cell->WatchReception();
    }
}

double
InferenceRun::CountQueuedBytes(uint32_t index, uint32_t access) const
{
    const UserAccess& at = m_users[index].accesses.at(access);
    return m_cells[at.cell]->Sample(at.index).macQueueBytes;
}

bool
InferenceRun::HasQueue(uint32_t index) const
{
    for (uint32_t access = 0; access < m_users[index].accesses.size(); ++access)
    {
        if (CountQueuedBytes(index, access) > 0)
        {
            return true;
        }
    }
    return false;
}

uint32_t
InferenceRun::CountJobs(Site site) const
{
    const CorePool& cores = m_servers.at(site - 1)->GetCores();
    return cores.GetBusyCores() + cores.GetQueueLength();
}

TransferCounters
InferenceRun::CountTransfers(uint32_t index, uint32_t access) const
{
    const ObservedUser& user = m_users[index];
    const UserAccess& taken = user.accesses.at(access);
    const RadioCounters radio = m_cells[taken.cell]->Count(taken.index);
    TransferCounters counters;
    counters.airtimeS = radio.txAirtimeS;
    counters.macRetransmissions = radio.macRetransmissions;
    counters.tcpRetransmissions = user.client->CountRetransmissions();
    for (const UserAccess& each : user.accesses)
    {
        if (m_config.energy.watched)
        {
            const RadioCounters times = m_cells[each.cell]->Count(each.index);
            counters.radios.push_back({times.txAirtimeS, times.rxAirtimeS});
        }
    }
    return counters;
}

} // namespace ns3::tandem
