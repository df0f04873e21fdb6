// SPDX-License-Identifier: GPL-2.0-only
#include "model/observation-columns.h"

#include "model/column-bounds.h"
#include "model/inference-client.h"

#include <utility>

namespace ns3::tandem
{

namespace
{

constexpr double BITS_PER_BYTE = 8;

double
KindIndex(const AccessCell& cell)
{
    return cell.GetKind() == "lte" ? 1 : 0;
}

/** @return a column about the user's first interface */
ObservationField<UserView>
OfHome(AccessField field)
{
    return {std::move(field.column),
            [get = std::move(field.get)](const UserView& v) { return get(v.GetHome()); }};
}

/** @return a column about the interface on a path; 0 where the user has none */
ObservationField<UserView>
OfPath(size_t path, const std::string& name, AccessField field)
{
    field.column.name = name + "_" + field.column.name;
    field.column.help = name + " interface: " + field.column.help;
    return {std::move(field.column), [path, get = std::move(field.get)](const UserView& v) {
                return v.paths[path] ? get(*v.paths[path]) : 0;
            }};
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
ObservationField<UserView>
CellColumn()
{
    return {{"cell", "", 0, 1,
             "kind of the user's cell: 0 wifi, 1 lte"},
            [](const UserView& v) -> double { return KindIndex(*v.GetHome().cell); }};
}

ObservationField<UserView>
BacklogColumn()
{
    return {{"tcp_backlog_bytes", "B", 0, MAX_BYTES,
             "upload bytes not yet acknowledged, all sites"},
            [](const UserView& v) -> double { return static_cast<double>(v.backlogBytes); }};
}

std::vector<ObservationField<UserView>>
RequestColumns()
{
    return {
        {{"weak", "", 0, 1,
          "1 if the user's network is weak (extra delay on each outgoing packet)"},
         [](const UserView& v) -> double { return v.user->weak ? 1 : 0; }},
        OfHome(RetransmissionsColumn()),
        {{"tcp_retransmissions", "", 0, MAX_COUNT,
          "segments the user's TCP sent again since the last decision"},
         [](const UserView& v) -> double { return static_cast<double>(v.now.tcpRetransmissions - v.before.tcpRetransmissions); }},
        OfHome(AirtimeColumn()),
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
        OfHome(DistanceColumn()),
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
// clang-format on

/** Of the interface on a path; one of each per path. */
std::vector<AccessField>
PathColumns(const std::string& name, const std::vector<std::string>& sites, bool handover)
{
    std::vector<AccessField> fields{
        {{"interface",
          "",
          0,
          1,
          "1 if the user has one in a " + name + " cell; else its other columns are 0"},
         [](const AccessView&) { return 1; }}
    };
    const auto append = [&fields](std::vector<AccessField> part) {
        fields.insert(fields.end(), part.begin(), part.end());
    };
    append(RadioColumns());
    append({
        RetransmissionsColumn(),
        AirtimeColumn(),
        DistanceColumn(),
        {{"goodput_bps", "bit/s", 0, MAX_BPS, "goodput of the last upload over it"},
            [](const AccessView& a) { return a.goodputBps; }}
    });
    append(ConnectionColumns(sites));
    if (handover)
    {
        append({ServingColumn()});
    }
    return fields;
}

std::vector<ObservationField<UserView>>
UserColumns(const std::vector<std::string>& sites,
            const std::vector<std::string>& paths,
            const EnergyConfig& energy,
            bool handover)
{
    std::vector<ObservationField<UserView>> fields{CellColumn()};
    for (const AccessField& field : RadioColumns())
    {
        fields.push_back(OfHome(field));
    }
    fields.push_back(BacklogColumn());
    for (const AccessField& field : ConnectionColumns(sites))
    {
        fields.push_back(OfHome(field));
    }
    for (const auto& part : {RequestColumns(), EnergyColumns(energy)})
    {
        fields.insert(fields.end(), part.begin(), part.end());
    }
    if (handover)
    {
        fields.push_back(OfHome(ServingColumn()));
    }
    for (size_t path = 0; path < paths.size(); ++path)
    {
        for (const AccessField& field : PathColumns(paths[path], sites, handover))
        {
            fields.push_back(OfPath(path, paths[path], field));
        }
    }
    return fields;
}

} // namespace ns3::tandem
