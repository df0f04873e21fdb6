// SPDX-License-Identifier: GPL-2.0-only
#include "model/request-ledger.h"

#include "model/request-header.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemRequestLedger");

RequestLedger::RequestLedger(const OptionTable& options,
                             std::vector<Cells> cells,
                             TransferCounter countTransfers)
    : m_options(options),
      m_cells(std::move(cells)),
      m_countTransfers(countTransfers),
      m_users(m_cells.size())
{
    for (size_t i = 0; i < m_users.size(); ++i)
    {
        m_users[i].goodputsBps.resize(m_cells[i].size());
    }
}

void
RequestLedger::SetQueueCounter(QueueCounter countBytes)
{
    m_countQueuedBytes = countBytes;
}

void
RequestLedger::SetJobCounter(JobCounter countJobs)
{
    m_countSiteJobs = countJobs;
}

void
RequestLedger::WatchServing(ServingFinder find)
{
    m_findServing = find;
}

void
RequestLedger::WatchEnergy(const EnergyConfig& config, std::vector<std::vector<RadioPower>> radios)
{
    m_energy = config;
    m_radios = std::move(radios);
}

void
RequestLedger::DeclareRecords(AgentLink& link,
                              const std::vector<std::string>& sites,
                              const std::vector<std::string>& paths)
{
    m_records = std::make_unique<TypedRecords<Request>>(
        DeclareRequestRecords(link, sites, paths, m_energy, !m_findServing.IsNull()));
}

const Request&
RequestLedger::Open(uint32_t user, uint32_t epoch, uint32_t option, uint32_t access)
{
    NS_LOG_FUNCTION(this << user << epoch << option);
    Request request;
    request.id = m_nextId++;
    request.user = user;
    request.epoch = epoch;
    request.option = option;
    request.access = access;
    request.cellIndex = m_cells[user].at(access).index;
    request.cell = m_cells[user].at(access).kind;
    request.choice = m_options.Get(option);
    request.arrival = Simulator::Now();
    request.stageBegin = request.arrival;
    if (!m_findServing.IsNull())
    {
        request.servedAtStart = m_findServing(user, access);
    }
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
    case Stage::UPLOAD_QUEUE:
        components[Component::DEVICE_QUEUE] += elapsed;
        break;
    case Stage::DEVICE_COMPUTE:
        components[Component::DEVICE_COMPUTE] = elapsed;
        break;
    case Stage::UPLINK: {
        const TransferCounters now = m_countTransfers(request.user, request.access);
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
    NS_LOG_FUNCTION(this << request.id << static_cast<uint32_t>(stage));
    CloseStage(request);
    request.stage = stage;
    request.stageBegin = Simulator::Now();
}

void
RequestLedger::Close(Request& request, RequestStatus status)
{
    Enter(request, Stage::FINISHED);
    request.finish = Simulator::Now();
    request.status = status;
    if (!m_findServing.IsNull())
    {
        request.servedAtEnd = m_findServing(request.user, request.access);
    }
    if (request.choice.site != DEVICE && request.uploadBegin.IsStrictlyPositive())
    {
        const TransferCounters now = m_countTransfers(request.user, request.access);
        request.tcpRetransmissions =
            now.tcpRetransmissions - request.atUploadStart.tcpRetransmissions;
        if (!m_radios.empty())
        {
            const auto& radios = m_radios[request.user];
            for (size_t i = 0; i < radios.size(); ++i)
            {
                const RadioTimes& before = request.atUploadStart.radios.at(i);
                const RadioTimes& after = now.radios.at(i);
                request.radioEnergyJ +=
                    radios[i].ExtraEnergyJ(after.txS - before.txS, after.rxS - before.rxS);
            }
        }
    }
    request.deviceEnergyJ =
        m_energy.deviceW * request.components[Component::DEVICE_COMPUTE].GetSeconds();
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
RequestLedger::DeviceFinished(uint64_t id)
{
    if (Request* request = Find(id))
    {
        Enter(*request, Stage::UPLOAD_QUEUE);
    }
}

void
RequestLedger::UploadStarted(uint64_t id)
{
    Request* request = Find(id);
    // A repeated upload keeps the start of the first one.
    if (request && request->stage < Stage::UPLINK)
    {
        Enter(*request, Stage::UPLINK);
        request->uploadBegin = request->stageBegin;
        request->atUploadStart = m_countTransfers(request->user, request->access);
        if (!m_countQueuedBytes.IsNull())
        {
            request->metQueueBytes = m_countQueuedBytes(request->user, request->access);
        }
    }
}

void
RequestLedger::UploadRestarted(uint64_t id)
{
    NS_LOG_FUNCTION(this << id);
    Request* request = Find(id);
    if (!request)
    {
        return;
    }
    ++request->attempt;
    if (request->stage >= Stage::UPLINK)
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
        UserState& user = m_users[request->user];
        user.goodputBps = 8.0 * request->choice.uploadBytes / duration.GetSeconds();
        user.goodputsBps[request->access] = user.goodputBps;
        if (!m_countSiteJobs.IsNull())
        {
            request->metSiteJobs = m_countSiteJobs(request->choice.site);
        }
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

std::optional<Request>
RequestLedger::Finish(uint64_t id, RequestStatus status)
{
    NS_LOG_FUNCTION(this << id << static_cast<uint32_t>(status));
    const auto found = m_open.find(id);
    if (found == m_open.end())
    {
        return std::nullopt;
    }
    Request request = found->second;
    m_open.erase(found);
    Close(request, status);
    UserState& user = m_users[request.user];
    --user.unfinished;
    user.any = true;
    user.last = request;
    if (m_records)
    {
        m_records->Add(request);
    }
    return request;
}

void
RequestLedger::RecordOpen()
{
    NS_LOG_FUNCTION(this << m_open.size());
    if (!m_records)
    {
        return;
    }
    for (const auto& entry : m_open) // in order of arrival
    {
        Request request = entry.second;
        Close(request, RequestStatus::OPEN);
        m_records->Add(request);
    }
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

double
RequestLedger::GetGoodput(uint32_t user, uint32_t access) const
{
    return m_users[user].goodputsBps.at(access);
}

} // namespace ns3::tandem
