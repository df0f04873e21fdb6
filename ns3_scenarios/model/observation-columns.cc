// SPDX-License-Identifier: GPL-2.0-only
#include "model/observation-columns.h"

#include "model/inference-client.h"

#include <functional>

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
constexpr double MAX_J = 1e9;

constexpr double BITS_PER_BYTE = 8;

double
KindIndex(const AccessCell& cell)
{
    return cell.GetKind() == "lte" ? 1 : 0;
}

double
RetransmissionsOf(const AccessView& access)
{
    return static_cast<double>(access.now.macRetransmissions - access.before.macRetransmissions);
}

double
AirtimeOf(const AccessView& access)
{
    return access.now.txAirtimeS - access.before.txAirtimeS;
}

template <Component C>
double
Last(const UserView& view)
{
    return view.last.components[C].GetSeconds();
}

} // namespace

double
SiteView::Share(double coreS) const
{
    const double allS = elapsedS * cores->GetCores();
    return allS > 0 ? coreS / allS : 0;
}

double
CellView::PerSecond(double amount) const
{
    return elapsedS > 0 ? amount / elapsedS : 0;
}

// One column: name, unit, bounds, help, getter. A table that formatting would tear apart.
// clang-format off
std::vector<ObservationField<UserView>>
RadioColumns()
{
    return {
        {{"cell", "", 0, 1,
          "kind of the user's cell: 0 wifi, 1 lte"},
         [](const UserView& v) -> double { return KindIndex(*v.GetHome().cell); }},
        {{"snr_db", "dB", MIN_DB, MAX_DB,
          "uplink signal-to-noise ratio at the AP or eNB; 0 until heard"},
         [](const UserView& v) -> double { return v.GetHome().radio.snrDb; }},
        {{"rate_bps", "bit/s", 0, MAX_BPS,
          "PHY rate of the user's last data transmission (LTE: of its MCS in the whole band)"},
         [](const UserView& v) -> double { return v.GetHome().radio.rateBps; }},
        {{"mcs", "", 0, MAX_MCS,
          "modulation and coding index of that transmission"},
         [](const UserView& v) -> double { return v.GetHome().radio.mcs; }},
        {{"mac_queue_bytes", "B", 0, MAX_BYTES,
          "bytes that wait in the user's device"},
         [](const UserView& v) -> double { return v.GetHome().radio.macQueueBytes; }},
        {{"tcp_backlog_bytes", "B", 0, MAX_BYTES,
          "upload bytes not yet acknowledged, all sites"},
         [](const UserView& v) -> double { return static_cast<double>(v.backlogBytes); }},
    };
}

/** A column of the connection to a remote site: one per site. */
struct ConnectionColumn
{
    const char* name;
    const char* unit;
    double high;
    const char* help; //!< before the site's name
    const char* more; //!< after it
    double TcpSample::* member;
};

const ConnectionColumn CONNECTION_COLUMNS[] = {
    {"cwnd_bytes", "B", MAX_BYTES,
     "congestion window that the next upload to the ", " starts with",
     &TcpSample::windowBytes},
    {"ssthresh_bytes", "B", MAX_BYTES,
     "window at which slow start of the next upload to the ", " ends; the send buffer where nothing limits it",
     &TcpSample::thresholdBytes},
    {"idle_s", "s", MAX_OBSERVED_S,
     "since the last segment from or to the ", "",
     &TcpSample::idleS},
    {"rtt_s", "s", MAX_OBSERVED_S,
     "TCP's smoothed round-trip time to the ", "",
     &TcpSample::rttS},
};

std::vector<ObservationField<UserView>>
ConnectionColumns(const std::vector<std::string>& sites)
{
    std::vector<ObservationField<UserView>> fields;
    for (const ConnectionColumn& quantity : CONNECTION_COLUMNS)
    {
        for (size_t i = 0; i < sites.size(); ++i)
        {
            fields.push_back({{sites[i] + "_" + quantity.name, quantity.unit, 0, quantity.high,
                               quantity.help + sites[i] + quantity.more},
                              [i, member = quantity.member](const UserView& v) -> double { return v.GetHome().toSites[i].*member; }});
        }
    }
    return fields;
}

std::vector<ObservationField<UserView>>
RequestColumns()
{
    return {
        {{"weak", "", 0, 1,
          "1 if the user's network is weak (extra delay on each outgoing packet)"},
         [](const UserView& v) -> double { return v.user->weak ? 1 : 0; }},
        {{"mac_retransmissions", "", 0, MAX_COUNT,
          "frames or HARQ blocks the user's radio sent again since the last decision"},
         [](const UserView& v) -> double { return RetransmissionsOf(v.GetHome()); }},
        {{"tcp_retransmissions", "", 0, MAX_COUNT,
          "segments the user's TCP sent again since the last decision"},
         [](const UserView& v) -> double { return static_cast<double>(v.now.tcpRetransmissions - v.before.tcpRetransmissions); }},
        {{"airtime_s", "s", 0, MAX_OBSERVED_S,
          "time the user's radio transmitted since the last decision; in LTE whole subframes, which users share by resource blocks, so the sum over users can exceed the time"},
         [](const UserView& v) -> double { return AirtimeOf(v.GetHome()); }},
        {{"goodput_bps", "bit/s", 0, MAX_BPS,
          "upload bytes over upload time of the last upload that arrived; 0 before the first one"},
         [](const UserView& v) -> double { return v.goodputBps; }},
        {{"device_backlog_s", "s", 0, MAX_OBSERVED_S,
          "work that waits or is in service at the device"},
         [](const UserView& v) -> double { return v.user->client->GetDevice().GetBacklogS(); }},
        {{"unfinished_requests", "", 0, MAX_COUNT,
          "requests of the user that have not ended"},
         [](const UserView& v) -> double { return v.unfinished; }},
        {{"last_option", "", -1, MAX_INDEX,
          "option of the request issued last; -1 before the first one"},
         [](const UserView& v) -> double { return v.user->client->GetLastOption(); }},
        {{"last_response_time_s", "s", 0, MAX_OBSERVED_S,
          "response time of the request that ended last; 0 before the first one, as in the columns that follow"},
         [](const UserView& v) -> double { return v.last.GetResponseTime().GetSeconds(); }},
        {{"last_device_queue_s", "s", 0, MAX_OBSERVED_S,
          "its wait at the device"},
         Last<DEVICE_QUEUE>},
        {{"last_device_compute_s", "s", 0, MAX_OBSERVED_S,
          "its service on the device"},
         Last<DEVICE_COMPUTE>},
        {{"last_uplink_queue_s", "s", 0, MAX_OBSERVED_S,
          "its uplink without last_uplink_air_s"},
         Last<UPLINK_QUEUE>},
        {{"last_uplink_air_s", "s", 0, MAX_OBSERVED_S,
          "time the user's radio transmitted during its uplink; in LTE whole subframes, as in airtime_s"},
         Last<UPLINK_AIR>},
        {{"last_uplink_backhaul_s", "s", 0, MAX_OBSERVED_S,
          "from the gateway to the site"},
         Last<UPLINK_BACKHAUL>},
        {{"last_site_queue_s", "s", 0, MAX_OBSERVED_S,
          "its wait for a core of the site"},
         Last<SITE_QUEUE>},
        {{"last_site_compute_s", "s", 0, MAX_OBSERVED_S,
          "its service on the site"},
         Last<SITE_COMPUTE>},
        {{"last_downlink_s", "s", 0, MAX_OBSERVED_S,
          "result ready to last byte at the user"},
         Last<DOWNLINK>},
        {{"last_status", "", 0, 1,
          "0 ok, 1 timed out"},
         [](const UserView& v) -> double { return static_cast<double>(v.last.status); }},
        {{"distance_m", "m", 0, MAX_M,
          "distance between user and AP or eNB"},
         [](const UserView& v) -> double { return v.GetHome().distanceM; }},
    };
}

std::vector<ObservationField<SiteView>>
SiteColumns()
{
    return {
        {{"cores", "", 1, MAX_COUNT,
          "cores of the site"},
         [](const SiteView& v) -> double { return v.cores->GetCores(); }},
        {{"utilisation", "", 0, 1,
          "busy share of the core time since the last decision"},
         [](const SiteView& v) -> double { return v.Share(v.now.busyS - v.before.busyS); }},
        {{"busy_cores", "", 0, MAX_COUNT,
          "cores in use now"},
         [](const SiteView& v) -> double { return v.cores->GetBusyCores(); }},
        {{"queue_length", "", 0, MAX_COUNT,
          "jobs that wait for a core now, background included"},
         [](const SiteView& v) -> double { return v.cores->GetQueueLength(); }},
        {{"backlog_s", "s", 0, MAX_OBSERVED_S,
          "core time of all work that waits or is in service now"},
         [](const SiteView& v) -> double { return v.cores->GetBacklogS(); }},
        {{"background_utilisation", "", 0, 1,
          "share of the core time that background jobs used since the last decision"},
         [](const SiteView& v) -> double { return v.Share(v.now.backgroundS - v.before.backgroundS); }},
    };
}

std::vector<ObservationField<CellView>>
CellColumns()
{
    return {
        {{"kind", "", 0, 1,
          "0 wifi, 1 lte"},
         [](const CellView& v) -> double { return KindIndex(*v.cell); }},
        {{"airtime_fraction", "", 0, 1,
          "share of time the medium was busy (wifi) or of uplink resource blocks used (lte) since the last decision"},
         [](const CellView& v) -> double { return v.PerSecond(v.now.busyS - v.before.busyS); }},
        {{"stations", "", 0, MAX_COUNT,
          "users and background stations"},
         [](const CellView& v) -> double { return v.cell->GetStationCount(); }},
        {{"background_bps", "bit/s", 0, MAX_BPS,
          "background traffic delivered since the last decision"},
         [](const CellView& v) -> double { return v.PerSecond(BITS_PER_BYTE * static_cast<double>(v.now.backgroundBytes - v.before.backgroundBytes)); }},
    };
}

std::vector<ObservationField<UserView>>
EnergyColumns(const EnergyConfig& energy)
{
    std::vector<ObservationField<UserView>> fields;
    if (energy.watched)
    {
        fields.push_back({{"radio_energy_j", "J", 0, MAX_J,
          "what the user's radio drew since the last decision, idle time included"},
         [](const UserView& v) -> double { return v.energy.radioJ; }});
    }
    if (energy.watched && energy.deviceW > 0)
    {
        fields.push_back({{"device_energy_j", "J", 0, MAX_J,
          "what the device drew for inference since the last decision"},
         [](const UserView& v) -> double { return v.energy.deviceJ; }});
    }
    if (energy.watched && energy.batteryJ > 0)
    {
        fields.push_back({{"battery_j", "J", 0, MAX_J,
          "what is left in the battery; an empty one stops nothing"},
         [](const UserView& v) -> double { return v.energy.batteryJ; }});
    }
    return fields;
}

/** Of the interface on a path: one of each per path, all 0 where the user has none there. */
std::vector<ObservationField<UserView>>
PathColumns(const std::vector<std::string>& sites, size_t path, const std::string& name, bool handover)
{
    using Getter = std::function<double(const AccessView&)>;
    std::vector<ObservationField<UserView>> fields;
    const auto add = [&](const std::string& column, const std::string& unit, double low, double high,
                         const std::string& help, const Getter& get) {
        fields.push_back({{name + "_" + column, unit, low, high, help},
                          [path, get](const UserView& v) -> double { return v.paths[path] ? get(*v.paths[path]) : 0; }});
    };
    const std::string on = name + " interface: ";
    add("interface", "", 0, 1, "1 if the user has an interface in a " + name + " cell; without one the columns that follow are 0",
        [](const AccessView&) -> double { return 1; });
    add("snr_db", "dB", MIN_DB, MAX_DB, on + "uplink signal-to-noise ratio; 0 until heard",
        [](const AccessView& a) -> double { return a.radio.snrDb; });
    add("rate_bps", "bit/s", 0, MAX_BPS, on + "PHY rate of the last data transmission",
        [](const AccessView& a) -> double { return a.radio.rateBps; });
    add("mcs", "", 0, MAX_MCS, on + "modulation and coding index of that transmission",
        [](const AccessView& a) -> double { return a.radio.mcs; });
    add("mac_queue_bytes", "B", 0, MAX_BYTES, on + "bytes that wait",
        [](const AccessView& a) -> double { return a.radio.macQueueBytes; });
    add("mac_retransmissions", "", 0, MAX_COUNT, on + "frames or HARQ blocks sent again since the last decision",
        RetransmissionsOf);
    add("airtime_s", "s", 0, MAX_OBSERVED_S, on + "time it transmitted since the last decision",
        AirtimeOf);
    add("goodput_bps", "bit/s", 0, MAX_BPS, on + "goodput of the last upload over it; 0 before the first one",
        [](const AccessView& a) -> double { return a.goodputBps; });
    add("distance_m", "m", 0, MAX_M, on + "distance to AP or eNB",
        [](const AccessView& a) -> double { return a.distanceM; });
    for (const ConnectionColumn& quantity : CONNECTION_COLUMNS)
    {
        for (size_t i = 0; i < sites.size(); ++i)
        {
            add(sites[i] + "_" + quantity.name, quantity.unit, 0, quantity.high,
                on + quantity.help + sites[i] + quantity.more,
                [i, member = quantity.member](const AccessView& a) -> double { return a.toSites[i].*member; });
        }
    }
    if (handover)
    {
        add("serving", "", 0, MAX_INDEX, on + "which AP or eNB of its cell serves it, from 0",
            [](const AccessView& a) -> double { return a.serving; });
    }
    return fields;
}

std::vector<ObservationField<UserView>>
ServingColumns()
{
    return {
        {{"serving", "", 0, MAX_INDEX,
          "which eNB of its cell serves the user, from 0"},
         [](const UserView& v) -> double { return v.GetHome().serving; }},
    };
}
// clang-format on

std::vector<ObservationField<UserView>>
UserColumns(const std::vector<std::string>& sites,
            const std::vector<std::string>& paths,
            const EnergyConfig& energy,
            bool handover)
{
    std::vector<ObservationField<UserView>> fields = RadioColumns();
    for (auto part : {ConnectionColumns(sites), RequestColumns(), EnergyColumns(energy)})
    {
        fields.insert(fields.end(), part.begin(), part.end());
    }
    if (handover)
    {
        const auto serving = ServingColumns();
        fields.insert(fields.end(), serving.begin(), serving.end());
    }
    for (size_t path = 0; path < paths.size(); ++path)
    {
        const auto part = PathColumns(sites, path, paths[path], handover);
        fields.insert(fields.end(), part.begin(), part.end());
    }
    return fields;
}

} // namespace ns3::tandem
