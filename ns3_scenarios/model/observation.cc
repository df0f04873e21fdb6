// SPDX-License-Identifier: GPL-2.0-only
#include "model/observation.h"

#include "model/inference-client.h"
#include "model/inference-server.h"
#include "model/request-ledger.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemObservation");

Observation::Observation(std::vector<ObservedUser> users,
                         std::vector<const AccessCell*> cells,
                         std::vector<Ptr<InferenceServer>> sites,
                         std::vector<std::string> siteNames,
                         const UserPaths& paths,
                         const RequestLedger& ledger,
                         const EnergyConfig& energy)
    : m_users(std::move(users)),
      m_cells(std::move(cells)),
      m_sites(std::move(sites)),
      m_siteNames(std::move(siteNames)),
      m_paths(paths),
      m_ledger(ledger),
      m_energy(energy),
      m_batteriesJ(m_users.size(), energy.batteryJ),
      m_lastUsers(m_users.size()),
      m_lastSites(m_sites.size()),
      m_lastCells(m_cells.size())
{
}

void
Observation::Declare(AgentLink& link)
{
    NS_LOG_FUNCTION(this);
    m_userBlock.emplace(
        link,
        "users",
        m_users.size(),
        UserColumns(m_siteNames, m_paths.GetNames(), m_energy, CanHandOver(m_cells)),
        "user");
    m_siteBlock.emplace(link, "sites", m_sites.size(), SiteColumns(), "site");
    m_cellBlock.emplace(link, "cells", m_cells.size(), CellColumns(), "cell");
}

UserCounters
Observation::CountUser(uint32_t index) const
{
    const ObservedUser& user = m_users[index];
    UserCounters counters;
    counters.deviceBusyS = user.client->GetDevice().Count().busyS;
    counters.tcpRetransmissions = user.client->CountRetransmissions();
    for (const UserAccess& access : user.accesses)
    {
        counters.radios.push_back(m_cells[access.cell]->Count(access.index));
    }
    return counters;
}

void
Observation::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    m_lastTime = Simulator::Now();
    m_batteriesJ.assign(m_users.size(), m_energy.batteryJ);
    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        m_lastUsers[i] = CountUser(i);
    }
    for (uint32_t i = 0; i < m_sites.size(); ++i)
    {
        m_lastSites[i] = m_sites[i]->GetCores().Count();
    }
    for (uint32_t i = 0; i < m_cells.size(); ++i)
    {
        m_lastCells[i] = m_cells[i]->CountCell();
    }
}

void
Observation::Fill()
{
    NS_LOG_FUNCTION(this);
    const Time now = Simulator::Now();
    const double elapsedS = (now - m_lastTime).GetSeconds();
    m_lastTime = now;
    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        FillUser(i, elapsedS);
    }
    for (uint32_t i = 0; i < m_sites.size(); ++i)
    {
        FillSite(i, elapsedS);
    }
    for (uint32_t i = 0; i < m_cells.size(); ++i)
    {
        FillCell(i, elapsedS);
    }
}

void
Observation::FillUser(uint32_t index, double elapsedS)
{
    const ObservedUser& user = m_users[index];
    UserView view;
    view.user = &user;
    view.before = m_lastUsers[index];
    view.now = CountUser(index);
    view.backlogBytes = user.client->GetBacklog();
    for (uint32_t i = 0; i < user.accesses.size(); ++i)
    {
        view.accesses.push_back(ViewAccess(index, i, view));
    }
    for (uint32_t path = 0; path < m_paths.GetNames().size(); ++path)
    {
        const auto access = m_paths.Find(index, path);
        view.paths.push_back(access ? &view.accesses[*access] : nullptr);
    }
    view.goodputBps = m_ledger.GetGoodput(index);
    view.unfinished = m_ledger.GetUnfinished(index);
    if (const Request* ended = m_ledger.GetLast(index))
    {
        view.last = *ended;
    }
    if (m_energy.watched)
    {
        view.energy = Draw(index, view, elapsedS);
    }
    m_lastUsers[index] = view.now;
    m_userBlock->Fill(index, view);
}

AccessView
Observation::ViewAccess(uint32_t user, uint32_t access, const UserView& view) const
{
    const UserAccess& place = m_users[user].accesses[access];
    AccessView result;
    result.cell = m_cells[place.cell];
    result.radio = result.cell->Sample(place.index);
    for (Site site = 1; site <= m_sites.size(); ++site)
    {
        result.toSites.push_back(
            m_users[user].client->GetConnection(site, access).GetProbe().Sample());
    }
    result.before = view.before.radios[access];
    result.now = view.now.radios[access];
    result.goodputBps = m_ledger.GetGoodput(user, access);
    result.distanceM = result.cell->GetDistance(place.index);
    result.serving = result.cell->GetServing(place.index);
    return result;
}

UserEnergy
Observation::Draw(uint32_t index, const UserView& view, double elapsedS)
{
    UserEnergy energy;
    for (const AccessView& access : view.accesses)
    {
        const RadioPower& radio = m_energy.OfKind(access.cell->GetKind());
        energy.radioJ += radio.EnergyJ(elapsedS,
                                       access.now.txAirtimeS - access.before.txAirtimeS,
                                       access.now.rxAirtimeS - access.before.rxAirtimeS);
    }
    energy.deviceJ = m_energy.deviceW * (view.now.deviceBusyS - view.before.deviceBusyS);
    double& battery = m_batteriesJ[index];
    battery = std::max(0.0, battery - energy.radioJ - energy.deviceJ);
    energy.batteryJ = battery;
    return energy;
}

void
Observation::FillSite(uint32_t index, double elapsedS)
{
    const CorePool& cores = m_sites[index]->GetCores();
    const SiteView view{&cores, m_lastSites[index], cores.Count(), elapsedS};
    m_lastSites[index] = view.now;
    m_siteBlock->Fill(index, view);
}

void
Observation::FillCell(uint32_t index, double elapsedS)
{
    const AccessCell& cell = *m_cells[index];
    const CellView view{&cell, m_lastCells[index], cell.CountCell(), elapsedS};
    m_lastCells[index] = view.now;
    m_cellBlock->Fill(index, view);
}

} // namespace ns3::tandem
