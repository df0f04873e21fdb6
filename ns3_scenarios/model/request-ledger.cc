// SPDX-License-Identifier: GPL-2.0-only
#include "model/request-ledger.h"

#include "agent-link/agent-link.h"
#include "model/request-header.h"

#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{

// One row, one column: a table that formatting would tear apart.
// clang-format off
std::vector<RecordColumn>
RequestColumns()
{
    const auto INT = RecordColumn::INT64;
    const auto REAL = RecordColumn::FLOAT64;
    return {
        {"request_id", INT, "", "number of the request in its episode, in order of arrival"},
        {"user", INT, "", "index of the user"},
        {"epoch", INT, "", "decision epoch in which the request arrived, from 0"},
        {"option", INT, "", "row of the option table that served it"},
        {"variant", INT, "", "DNN variant, index into meta.variants"},
        {"site", INT, "", "0 device, 1 edge, 2 cloud"},
        {"cell", INT, "", "0 wifi, 1 lte"},
        {"status", INT, "", "0 ok, 1 timed out"},
        {"upload_bytes", INT, "B", "bytes from user to site, TCP payload; 0 at the device"},
        {"reply_bytes", INT, "B", "bytes from site to user, TCP payload; 0 at the device"},
        {"tcp_retransmissions", INT, "",
         "segments that the user's TCP sent again, from the upload's first byte to the end of the "
         "request"},
        {"mac_retransmissions", INT, "",
         "frames or HARQ blocks that the user's radio sent again during the uplink"},
        {"arrival_s", REAL, "s", "simulated time of arrival"},
        {"response_time_s", REAL, "s", "arrival to end; the sum of the eight components"},
        {"device_queue_s", REAL, "s", "wait at the device before service or upload"},
        {"device_compute_s", REAL, "s", "service on the device"},
        {"uplink_queue_s", REAL, "s",
         "first byte written to gateway has forwarded all, without uplink_air_s: queues, "
         "contention, grants, TCP window"},
        {"uplink_air_s", REAL, "s", "time that the user's own radio transmitted in that interval"},
        {"uplink_backhaul_s", REAL, "s", "gateway has forwarded all to site has all"},
        {"site_queue_s", REAL, "s", "wait for a core of the site"},
        {"site_compute_s", REAL, "s", "service on the site"},
        {"downlink_s", REAL, "s", "result ready to last byte of the reply at the user"},
        {"accuracy_top5_percent", REAL, "%", "published top-5 accuracy of the variant"},
        {"accuracy_top1_percent", REAL, "%", "published top-1 accuracy of the variant"},
        {"met_queue_bytes", REAL, "B", "bytes that waited in the user's device as the upload began"},
        {"met_site_jobs", INT, "",
         "jobs that waited or were served at the site as the upload arrived, background included"},
    };
}
// clang-format on

} // namespace

RequestLedger::RequestLedger(const OptionTable& options,
                             std::vector<uint32_t> cellKinds,
                             Counters counters)
    : m_options(options),
      m_cellKinds(std::move(cellKinds)),
      m_counters(std::move(counters)),
      m_users(m_cellKinds.size())
{
}

void
RequestLedger::DeclareRecords(AgentLink& link)
{
    m_records = link.AddRecords("requests", RequestColumns());
}

const Request&
RequestLedger::Open(uint32_t user, uint32_t epoch, uint32_t option)
{
    Request request;
    request.id = m_nextId++;
    request.user = user;
    request.epoch = epoch;
    request.option = option;
    request.cell = m_cellKinds[user];
    request.choice = m_options.Get(option);
    request.arrival = Simulator::Now();
    request.stageBegin = request.arrival;
    ++m_users[user].unfinished;
    return m_open[request.id] = request;
}

Request*
RequestLedger::Find(uint64_t id)
{
    const auto found = m_open.find(id);
    return found == m_open.end() ? nullptr : &found->second;
}

Request*
RequestLedger::Find(const RequestHeader& header)
{
    Request* request = Find(header.requestId);
    // A site may still work on what came over a connection that has been given up.
    return request && request->attempt == header.attempt ? request : nullptr;
}

void
RequestLedger::CloseStage(Request& request)
{
    auto& components = request.components;
    const Time elapsed = Simulator::Now() - request.stageBegin;
    switch (request.stage)
    {
    case Stage::DEVICE_QUEUE:
        components[Component::DEVICE_QUEUE] = elapsed;
        break;
    case Stage::DEVICE_COMPUTE:
        components[Component::DEVICE_COMPUTE] = elapsed;
        break;
    case Stage::UPLINK: {
        const TransferCounters now = m_counters(request.user);
        const Time air = Seconds(now.airtimeS - request.atUploadStart.airtimeS);
        components[Component::UPLINK_AIR] = std::min(std::max(air, Time()), elapsed);
        components[Component::UPLINK_QUEUE] = elapsed - components[Component::UPLINK_AIR];
        request.macRetransmissions =
            now.macRetransmissions - request.atUploadStart.macRetransmissions;
        break;
    }
    case Stage::BACKHAUL:
        components[Component::UPLINK_BACKHAUL] = elapsed;
        break;
    case Stage::SITE_QUEUE:
        components[Component::SITE_QUEUE] = elapsed;
        break;
    case Stage::SITE_COMPUTE:
        components[Component::SITE_COMPUTE] = elapsed;
        break;
    case Stage::DOWNLINK:
        components[Component::DOWNLINK] = elapsed;
        break;
    case Stage::FINISHED:
        break;
    }
}

void
RequestLedger::Enter(Request& request, Stage stage)
{
    CloseStage(request);
    request.stage = stage;
    request.stageBegin = Simulator::Now();
}

void
RequestLedger::DeviceStarted(uint64_t id)
{
    if (Request* request = Find(id))
    {
        Enter(*request, Stage::DEVICE_COMPUTE);
    }
}

void
RequestLedger::UploadStarted(uint64_t id)
{
    Request* request = Find(id);
    // A repeated upload keeps the start of the first one.
    if (request && request->stage == Stage::DEVICE_QUEUE)
    {
        Enter(*request, Stage::UPLINK);
        request->uploadBegin = request->stageBegin;
        request->atUploadStart = m_counters(request->user);
        request->metQueueBytes = countQueuedBytes ? countQueuedBytes(request->user) : 0;
    }
}

void
RequestLedger::UploadRestarted(uint64_t id)
{
    Request* request = Find(id);
    if (!request)
    {
        return;
    }
    ++request->attempt;
    if (request->stage != Stage::DEVICE_QUEUE)
    {
        std::fill(request->components.begin() + Component::UPLINK_QUEUE,
                  request->components.end(),
                  Time());
        request->stage = Stage::UPLINK;
        request->stageBegin = request->uploadBegin;
    }
}

void
RequestLedger::GatewayForwarded(uint64_t id)
{
    if (Request* request = Find(id))
    {
        Enter(*request, Stage::BACKHAUL);
    }
}

void
RequestLedger::UploadArrived(const RequestHeader& header)
{
    if (Request* request = Find(header))
    {
        const Time duration = Simulator::Now() - request->uploadBegin;
        m_users[request->user].goodputBps =
            8.0 * request->choice.uploadBytes / duration.GetSeconds();
        request->metSiteJobs = countSiteJobs ? countSiteJobs(request->choice.site) : 0;
        Enter(*request, Stage::SITE_QUEUE);
    }
}

void
RequestLedger::SiteStarted(const RequestHeader& header)
{
    if (Request* request = Find(header))
    {
        Enter(*request, Stage::SITE_COMPUTE);
    }
}

void
RequestLedger::SiteFinished(const RequestHeader& header)
{
    if (Request* request = Find(header))
    {
        Enter(*request, Stage::DOWNLINK);
    }
}

void
RequestLedger::Finish(uint64_t id, RequestStatus status)
{
    const auto found = m_open.find(id);
    if (found == m_open.end())
    {
        return;
    }
    Request request = found->second;
    m_open.erase(found);
    Enter(request, Stage::FINISHED);
    request.finish = Simulator::Now();
    request.status = status;
    if (request.choice.site != Site::DEVICE && request.uploadBegin.IsStrictlyPositive())
    {
        request.tcpRetransmissions =
            m_counters(request.user).tcpRetransmissions - request.atUploadStart.tcpRetransmissions;
    }
    UserState& user = m_users[request.user];
    --user.unfinished;
    user.any = true;
    user.last = request;
    if (m_records)
    {
        Write(request);
    }
    if (onFinished)
    {
        onFinished(request);
    }
}

void
RequestLedger::Write(const Request& request)
{
    const bool transfers = request.choice.site != Site::DEVICE;
    m_records->Begin();
    size_t column = 0;
    for (const uint64_t value : {request.id,
                                 uint64_t{request.user},
                                 uint64_t{request.epoch},
                                 uint64_t{request.option},
                                 uint64_t{request.choice.variantIndex},
                                 static_cast<uint64_t>(request.choice.site),
                                 uint64_t{request.cell},
                                 static_cast<uint64_t>(request.status),
                                 uint64_t{transfers ? request.choice.uploadBytes : 0},
                                 uint64_t{transfers ? request.choice.replyBytes : 0},
                                 request.tcpRetransmissions,
                                 request.macRetransmissions})
    {
        m_records->SetInt(column++, static_cast<int64_t>(value));
    }
    m_records->Set(column++, request.arrival.GetSeconds());
    m_records->Set(column++, request.GetResponseTime().GetSeconds());
    for (const Time& component : request.components)
    {
        m_records->Set(column++, component.GetSeconds());
    }
    m_records->Set(column++, request.choice.top5Percent);
    m_records->Set(column++, request.choice.top1Percent);
    m_records->Set(column++, request.metQueueBytes);
    m_records->SetInt(column, request.metSiteJobs);
    m_records->End();
}

uint32_t
RequestLedger::GetUnfinished() const
{
    return static_cast<uint32_t>(m_open.size());
}

uint32_t
RequestLedger::GetUnfinished(uint32_t user) const
{
    return m_users[user].unfinished;
}

const Request*
RequestLedger::GetLast(uint32_t user) const
{
    return m_users[user].any ? &m_users[user].last : nullptr;
}

double
RequestLedger::GetGoodput(uint32_t user) const
{
    return m_users[user].goodputBps;
}

} // namespace ns3::tandem
