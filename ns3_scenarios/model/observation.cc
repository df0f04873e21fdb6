// SPDX-License-Identifier: GPL-2.0-only
#include "model/observation.h"

#include "agent-link/agent-link.h"
#include "model/inference-client.h"
#include "model/inference-server.h"
#include "model/request-ledger.h"

#include "ns3/simulator.h"

namespace ns3::tandem
{

namespace
{

// Bounds of the columns: what physics or the protocols allow, with room to spare. Values are
// clamped, so a bound that is too tight would hide something from the agent.
constexpr double MAX_BYTES = 1e9;
constexpr double MAX_BPS = 1e11;
constexpr double MAX_OBSERVED_S = 1e6;
constexpr double MAX_COUNT = 1e9;
constexpr double MAX_INDEX = 1e6;
constexpr double MAX_M = 1e6;
constexpr double MIN_DB = -50;
constexpr double MAX_DB = 100;
constexpr double MAX_MCS = 64;

// One row, one column: a table that formatting would tear apart.
// clang-format off
std::vector<Column>
UserColumns()
{
    return {
        {"cell", "", 0, 1, "kind of the user's cell: 0 wifi, 1 lte"},
        {"snr_db", "dB", MIN_DB, MAX_DB,
         "uplink signal-to-noise ratio at the AP or eNB; 0 until heard"},
        {"rate_bps", "bit/s", 0, MAX_BPS, "PHY rate of the user's last data transmission"},
        {"mcs", "", 0, MAX_MCS, "modulation and coding index of that transmission"},
        {"mac_queue_bytes", "B", 0, MAX_BYTES, "bytes that wait in the user's device"},
        {"tcp_backlog_bytes", "B", 0, MAX_BYTES, "upload bytes not yet acknowledged, both sites"},
        {"edge_cwnd_bytes", "B", 0, MAX_BYTES,
         "congestion window that the next upload to the edge starts with"},
        {"cloud_cwnd_bytes", "B", 0, MAX_BYTES,
         "congestion window that the next upload to the cloud starts with"},
        {"edge_ssthresh_bytes", "B", 0, MAX_BYTES,
         "window at which slow start of the next upload to the edge ends; the send buffer where "
         "nothing limits it"},
        {"cloud_ssthresh_bytes", "B", 0, MAX_BYTES, "likewise to the cloud"},
        {"edge_idle_s", "s", 0, MAX_OBSERVED_S, "since the last segment from or to the edge"},
        {"cloud_idle_s", "s", 0, MAX_OBSERVED_S, "since the last segment from or to the cloud"},
        {"edge_rtt_s", "s", 0, MAX_OBSERVED_S, "TCP's smoothed round-trip time to the edge"},
        {"cloud_rtt_s", "s", 0, MAX_OBSERVED_S, "TCP's smoothed round-trip time to the cloud"},
        {"weak", "", 0, 1, "1 if the user's network is weak (extra delay on each outgoing packet)"},
        {"mac_retransmissions", "", 0, MAX_COUNT,
         "frames or HARQ blocks the user's radio sent again since the last decision"},
        {"tcp_retransmissions", "", 0, MAX_COUNT,
         "segments the user's TCP sent again since the last decision"},
        {"airtime_s", "s", 0, MAX_OBSERVED_S, "time the user's radio transmitted since the last decision"},
        {"goodput_bps", "bit/s", 0, MAX_BPS,
         "upload bytes over upload time of the last upload that arrived; 0 before the first "
         "one"},
        {"device_backlog_s", "s", 0, MAX_OBSERVED_S, "work that waits or is in service at the device"},
        {"unfinished_requests", "", 0, MAX_COUNT, "requests of the user that have not ended"},
        {"last_option", "", -1, MAX_INDEX,
         "option of the request issued last; -1 before the first one"},
        {"last_response_time_s", "s", 0, MAX_OBSERVED_S,
         "response time of the request that ended last; 0 before the first one, as in the "
         "columns that follow"},
        {"last_device_queue_s", "s", 0, MAX_OBSERVED_S, "its wait at the device"},
        {"last_device_compute_s", "s", 0, MAX_OBSERVED_S, "its service on the device"},
        {"last_uplink_queue_s", "s", 0, MAX_OBSERVED_S, "its uplink without last_uplink_air_s"},
        {"last_uplink_air_s", "s", 0, MAX_OBSERVED_S, "time the user's radio transmitted during its uplink"},
        {"last_uplink_backhaul_s", "s", 0, MAX_OBSERVED_S, "from the gateway to the site"},
        {"last_site_queue_s", "s", 0, MAX_OBSERVED_S, "its wait for a core of the site"},
        {"last_site_compute_s", "s", 0, MAX_OBSERVED_S, "its service on the site"},
        {"last_downlink_s", "s", 0, MAX_OBSERVED_S, "result ready to last byte at the user"},
        {"last_status", "", 0, 1, "0 ok, 1 timed out"},
        {"distance_m", "m", 0, MAX_M, "distance between user and AP or eNB"},
    };
}

std::vector<Column>
SiteColumns()
{
    return {
        {"cores", "", 1, MAX_COUNT, "cores of the site"},
        {"utilisation", "", 0, 1, "busy share of the core time since the last decision"},
        {"busy_cores", "", 0, MAX_COUNT, "cores in use now"},
        {"queue_length", "", 0, MAX_COUNT, "jobs that wait for a core now, background included"},
        {"backlog_s", "s", 0, MAX_OBSERVED_S, "core time of all work that waits or is in service now"},
        {"background_utilisation", "", 0, 1,
         "share of the core time that background jobs used since the last decision"},
    };
}

std::vector<Column>
CellColumns()
{
    return {
        {"kind", "", 0, 1, "0 wifi, 1 lte"},
        {"airtime_fraction", "", 0, 1,
         "share of time the medium was busy (wifi) or of uplink resource blocks used (lte) "
         "since the last decision"},
        {"stations", "", 0, MAX_COUNT, "users and background stations"},
        {"background_bps", "bit/s", 0, MAX_BPS,
         "background traffic delivered since the last decision"},
    };
}
// clang-format on

constexpr double BITS_PER_BYTE = 8;

double
KindIndex(const AccessCell& cell)
{
    return cell.GetKind() == "lte" ? 1 : 0;
}

} // namespace

Observation::Observation(std::vector<ObservedUser> users,
                         std::vector<const AccessCell*> cells,
                         Ptr<InferenceServer> edge,
                         Ptr<InferenceServer> cloud,
                         const RequestLedger& ledger)
    : m_users(std::move(users)),
      m_cells(std::move(cells)),
      m_sites{edge, cloud},
      m_ledger(ledger),
      m_lastUsers(m_users.size()),
      m_lastSites(m_sites.size()),
      m_lastCells(m_cells.size())
{
}

void
Observation::Declare(AgentLink& link)
{
    const auto declare = [&link](const char* name, size_t rows, std::vector<Column> columns) {
        const auto width = static_cast<uint32_t>(columns.size());
        return link.AddObservation(name, {static_cast<uint32_t>(rows), width}, std::move(columns));
    };
    m_userBlock = declare("users", m_users.size(), UserColumns());
    m_siteBlock = declare("sites", m_sites.size(), SiteColumns());
    m_cellBlock = declare("cells", m_cells.size(), CellColumns());
}

Observation::UserCounters
Observation::CountUser(uint32_t index) const
{
    const ObservedUser& user = m_users[index];
    UserCounters counters;
    counters.radio = m_cells[user.cell]->Count(user.indexInCell);
    for (const Site site : {Site::EDGE, Site::CLOUD})
    {
        counters.tcpRetransmissions +=
            user.client->GetConnection(site).GetProbe().GetRetransmissions();
    }
    return counters;
}

void
Observation::BeginEpisode()
{
    m_lastTime = Simulator::Now();
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
    const Time now = Simulator::Now();
    const double elapsedS = (now - m_lastTime).GetSeconds();
    m_lastTime = now;
    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        FillUser(i);
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
Observation::FillUser(uint32_t index)
{
    const ObservedUser& user = m_users[index];
    const AccessCell& cell = *m_cells[user.cell];
    const RadioSample radio = cell.Sample(user.indexInCell);
    const UploadConnection& edge = user.client->GetConnection(Site::EDGE);
    const UploadConnection& cloud = user.client->GetConnection(Site::CLOUD);
    const TcpSample toEdge = edge.GetProbe().Sample();
    const TcpSample toCloud = cloud.GetProbe().Sample();

    const UserCounters now = CountUser(index);
    const UserCounters before = m_lastUsers[index];
    m_lastUsers[index] = now;

    size_t column = 0;
    const auto put = [&](double value) { m_userBlock->Set(index, column++, value); };
    const auto count = [&](uint64_t value) { put(static_cast<double>(value)); };
    put(KindIndex(cell));
    put(radio.snrDb);
    put(radio.rateBps);
    put(radio.mcs);
    put(radio.macQueueBytes);
    count(edge.GetBacklog() + cloud.GetBacklog());
    put(toEdge.windowBytes);
    put(toCloud.windowBytes);
    put(toEdge.thresholdBytes);
    put(toCloud.thresholdBytes);
    put(toEdge.idleS);
    put(toCloud.idleS);
    put(toEdge.rttS);
    put(toCloud.rttS);
    put(user.weak ? 1 : 0);
    count(now.radio.macRetransmissions - before.radio.macRetransmissions);
    count(now.tcpRetransmissions - before.tcpRetransmissions);
    put(now.radio.txAirtimeS - before.radio.txAirtimeS);
    put(m_ledger.GetGoodput(index));
    put(user.client->GetDevice().GetBacklogS());
    count(m_ledger.GetUnfinished(index));
    put(user.client->GetLastOption());
    const Request none;
    const Request* ended = m_ledger.GetLast(index);
    const Request& last = ended ? *ended : none;
    put(last.GetResponseTime().GetSeconds());
    for (const Time& component : last.components)
    {
        put(component.GetSeconds());
    }
    put(static_cast<double>(last.status));
    put(cell.GetDistance(user.indexInCell));
}

void
Observation::FillSite(uint32_t index, double elapsedS)
{
    const CorePool& cores = m_sites[index]->GetCores();
    const CoreCounters now = cores.Count();
    const CoreCounters before = m_lastSites[index];
    m_lastSites[index] = now;
    const double coreS = elapsedS * cores.GetCores();

    size_t column = 0;
    const auto put = [&](double value) { m_siteBlock->Set(index, column++, value); };
    put(cores.GetCores());
    put(coreS > 0 ? (now.busyS - before.busyS) / coreS : 0);
    put(cores.GetBusyCores());
    put(cores.GetQueueLength());
    put(cores.GetBacklogS());
    put(coreS > 0 ? (now.backgroundS - before.backgroundS) / coreS : 0);
}

void
Observation::FillCell(uint32_t index, double elapsedS)
{
    const AccessCell& cell = *m_cells[index];
    const CellCounters now = cell.CountCell();
    const CellCounters before = m_lastCells[index];
    m_lastCells[index] = now;
    const auto bytes = static_cast<double>(now.backgroundBytes - before.backgroundBytes);

    size_t column = 0;
    const auto put = [&](double value) { m_cellBlock->Set(index, column++, value); };
    put(KindIndex(cell));
    put(elapsedS > 0 ? (now.busyS - before.busyS) / elapsedS : 0);
    put(cell.GetStationCount());
    put(elapsedS > 0 ? BITS_PER_BYTE * bytes / elapsedS : 0);
}

} // namespace ns3::tandem
