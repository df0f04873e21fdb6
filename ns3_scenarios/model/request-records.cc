// SPDX-License-Identifier: GPL-2.0-only
#include "model/request-records.h"

namespace ns3::tandem
{

namespace
{

/** @return whether bytes go from the user to a site */
bool
Transfers(const Request& request)
{
    return request.choice.site != DEVICE;
}

/** @return ", 1 edge, 2 cloud" */
std::string
ListCodes(const std::vector<std::string>& names, size_t first)
{
    std::string codes;
    for (size_t i = 0; i < names.size(); ++i)
    {
        codes += ", " + std::to_string(first + i) + " " + names[i];
    }
    return codes;
}

template <Component C>
double
Part(const Request& request)
{
    return request.components[C].GetSeconds();
}

} // namespace

TypedRecords<Request>
DeclareRequestRecords(AgentLink& link,
                      const std::vector<std::string>& sites,
                      const std::vector<std::string>& paths,
                      const EnergyConfig& energy,
                      bool handover)
{
    const std::string siteCodes = "0 device" + ListCodes(sites, 1);
    // One column: name, unit, help, getter. A table that formatting would tear apart.
    // clang-format off
    std::vector<RecordField<Request>> fields{
        {"request_id", "",
         "number of the request in its episode, in order of arrival",
         [](const Request& r) -> int64_t { return static_cast<int64_t>(r.id); }},
        {"user", "",
         "index of the user",
         [](const Request& r) -> int64_t { return r.user; }},
        {"decision", "",
         "decision in whose epoch the request arrived, from 0",
         [](const Request& r) -> int64_t { return r.epoch; }},
        {"option", "",
         "row of the option table that served it",
         [](const Request& r) -> int64_t { return r.option; }},
        {"variant", "",
         "DNN variant, index into meta.variants",
         [](const Request& r) -> int64_t { return r.choice.variantIndex; }},
        {"site", "",
         siteCodes,
         [](const Request& r) -> int64_t { return static_cast<int64_t>(r.choice.site); }},
        {"cell", "",
         "0 wifi, 1 lte",
         [](const Request& r) -> int64_t { return r.cell; }},
        {"status", "",
         "0 ok, 1 timed out, 2 open: not ended when the episode was",
         [](const Request& r) -> int64_t { return static_cast<int64_t>(r.status); }},
        {"upload_bytes", "B",
         "bytes from user to site, TCP payload; 0 at the device",
         [](const Request& r) -> int64_t { return Transfers(r) ? r.choice.uploadBytes : 0; }},
        {"reply_bytes", "B",
         "bytes from site to user, TCP payload; 0 at the device",
         [](const Request& r) -> int64_t { return Transfers(r) ? r.choice.replyBytes : 0; }},
        {"tcp_retransmissions", "",
         "segments that the user's TCP sent again, from the upload's first byte to the end of the request or of the episode",
         [](const Request& r) -> int64_t { return static_cast<int64_t>(r.tcpRetransmissions); }},
        {"mac_retransmissions", "",
         "frames or HARQ blocks that the user's radio sent again during the uplink",
         [](const Request& r) -> int64_t { return static_cast<int64_t>(r.macRetransmissions); }},
        {"arrival_s", "s",
         "simulated time of arrival",
         [](const Request& r) -> double { return r.arrival.GetSeconds(); }},
        {"response_time_s", "s",
         "arrival to end; open: to the end of the episode, less than it will take. The sum of the eight components",
         [](const Request& r) -> double { return r.GetResponseTime().GetSeconds(); }},
        {"device_queue_s", "s",
         "wait at the device: for its core, and before the upload",
         Part<DEVICE_QUEUE>},
        {"device_compute_s", "s",
         "service on the device: all of it, or the first layers of a split option",
         Part<DEVICE_COMPUTE>},
        {"uplink_queue_s", "s",
         "first byte written to gateway has forwarded all, without uplink_air_s: queues, contention, grants, TCP window",
         Part<UPLINK_QUEUE>},
        {"uplink_air_s", "s",
         "time that the user's own radio transmitted in that interval; in LTE whole subframes, which users share by resource blocks, so the sum over users can exceed the time",
         Part<UPLINK_AIR>},
        {"uplink_backhaul_s", "s",
         "gateway has forwarded all to site has all",
         Part<UPLINK_BACKHAUL>},
        {"site_queue_s", "s",
         "wait for a core of the site",
         Part<SITE_QUEUE>},
        {"site_compute_s", "s",
         "service on the site",
         Part<SITE_COMPUTE>},
        {"downlink_s", "s",
         "result ready to last byte of the reply at the user",
         Part<DOWNLINK>},
        {"accuracy_top5_percent", "%",
         "published top-5 accuracy of the variant",
         [](const Request& r) -> double { return r.choice.top5Percent; }},
        {"accuracy_top1_percent", "%",
         "published top-1 accuracy of the variant",
         [](const Request& r) -> double { return r.choice.top1Percent; }},
        {"met_queue_bytes", "B",
         "bytes that waited in the user's device as the upload began",
         [](const Request& r) -> double { return r.metQueueBytes; }},
        {"met_site_jobs", "",
         "jobs that waited or were served at the site as the upload arrived, background included",
         [](const Request& r) -> int64_t { return r.metSiteJobs; }},
    };
    if (energy.watched)
    {
        fields.push_back({"radio_energy_j", "J",
         "what the user's radio drew more than an idle one, from the upload's first byte to the end; requests of a user at the same time both count it",
         [](const Request& r) -> double { return r.radioEnergyJ; }});
    }
    if (energy.watched && energy.deviceW > 0)
    {
        fields.push_back({"device_energy_j", "J",
         "what the device drew for its part in the service",
         [](const Request& r) -> double { return r.deviceEnergyJ; }});
    }
    if (handover)
    {
        fields.push_back({"serving_start", "",
         "which eNB of that cell served the user as the request arrived, from 0",
         [](const Request& r) -> int64_t { return r.servedAtStart; }});
        fields.push_back({"serving_end", "",
         "which one as the request ended",
         [](const Request& r) -> int64_t { return r.servedAtEnd; }});
    }
    if (!paths.empty())
    {
        fields.push_back({"path", "",
         "the path that it took: -1 none, at the device" + ListCodes(paths, 0),
         [](const Request& r) -> int64_t { return r.choice.path ? static_cast<int64_t>(*r.choice.path) : -1; }});
        fields.push_back({"path_cell", "",
         "the cell that it went through, index into meta.cells; at the device that of the user's first interface",
         [](const Request& r) -> int64_t { return r.cellIndex; }});
    }
    // clang-format on
    return {link, "requests", std::move(fields)};
}

} // namespace ns3::tandem
