// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-client.h"

#include "agent-link/argument-check.h"
#include "model/inference-server.h"
#include "model/request-header.h"
#include "model/request-ledger.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceClient");

NS_OBJECT_ENSURE_REGISTERED(InferenceClient);

namespace
{
/** @return what goes in front of a request's upload */
RequestHeader
MakeHeader(const Request& request)
{
    RequestHeader header;
    header.requestId = request.id;
    header.user = request.user;
    header.option = request.option;
    header.variant = request.choice.variantIndex;
    header.uploadBytes = request.choice.uploadBytes;
    header.replyBytes = request.choice.replyBytes;
    return header;
}
} // namespace

TypeId
InferenceClient::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::InferenceClient")
                            .SetParent<Application>()
                            .SetGroupName("Tandem")
                            .AddConstructor<InferenceClient>()
                            .AddAttribute("User",
                                          "Index of the user",
                                          UintegerValue(0),
                                          MakeUintegerAccessor(&InferenceClient::m_user),
                                          MakeUintegerChecker<uint32_t>())
                            .AddAttribute("Timeout",
                                          "Time after which a request is given up for good",
                                          TimeValue(Seconds(DEFAULT_TIMEOUT_S)),
                                          MakeTimeAccessor(&InferenceClient::m_timeout),
                                          MakeTimeChecker(NanoSeconds(1)))
                            .AddAttribute("ConnectAtStart",
                                          "Open the connections when the application starts; "
                                          "else when Connect() is called",
                                          BooleanValue(true),
                                          MakeBooleanAccessor(&InferenceClient::m_connectAtStart),
                                          MakeBooleanChecker())
                            .AddTraceSource("Issued",
                                            "A request arrives at the user.",
                                            MakeTraceSourceAccessor(&InferenceClient::m_issued),
                                            "ns3::tandem::InferenceClient::RequestTracedCallback")
                            .AddTraceSource("Finished",
                                            "A request has ended, served or timed out.",
                                            MakeTraceSourceAccessor(&InferenceClient::m_finished),
                                            "ns3::tandem::InferenceClient::RequestTracedCallback");
    return tid;
}

void
InferenceClient::Attach(const OptionTable& options,
                        const UserPaths& paths,
                        std::vector<ClientAccess> accesses,
                        RequestLedger& ledger)
{
    m_accesses = std::move(accesses);
    m_options = &options;
    m_paths = &paths;
    m_ledger = &ledger;
}

void
InferenceClient::Require(uint32_t option) const
{
    const InferenceOption& choice = m_options->Get(option);
    if (!m_paths->Find(m_user, choice))
    {
        const std::string path = m_paths->GetNames().at(*choice.path);
        Fail("user " + std::to_string(m_user) + " has no " + path + " interface, which option " +
             std::to_string(option) +
             " takes; choose an option that the user's action mask allows");
    }
}

void
InferenceClient::StartApplication()
{
    NS_LOG_FUNCTION(this);
    if (m_connectAtStart)
    {
        Connect();
    }
}

void
InferenceClient::Connect()
{
    NS_LOG_FUNCTION(this);
    NS_ABORT_MSG_UNLESS(m_options && m_paths && m_ledger && !m_accesses.empty(),
                        "call InferenceClient::Attach() before the start");
    for (const ClientAccess& access : m_accesses)
    {
        for (const Ipv4Address site : access.sites)
        {
            auto connection =
                std::make_unique<UploadConnection>(GetNode(),
                                                   InetSocketAddress(site, INFERENCE_PORT),
                                                   *access.gateway,
                                                   *m_ledger,
                                                   MakeCallback(&InferenceClient::Finish, this));
            connection->Open();
            m_connections.push_back(std::move(connection));
        }
    }
}

void
InferenceClient::DoDispose()
{
    NS_LOG_FUNCTION(this);
    m_pending.clear();
    m_connections.clear();
    Application::DoDispose();
}

void
InferenceClient::Issue(uint32_t option, uint32_t epoch)
{
    NS_LOG_FUNCTION(this << option << epoch);
    NS_ABORT_MSG_IF(m_connections.empty(), "a request was issued before the client was started");
    Require(option);
    m_lastOption = static_cast<int32_t>(option);
    const uint32_t access = *m_paths->Find(m_user, m_options->Get(option));
    const Request request = m_ledger->Open(m_user, epoch, option, access);
    const uint64_t id = request.id;
    m_issued(request);
    Pending& pending = m_pending[id];
    pending.timeout = Simulator::Schedule(m_timeout, &InferenceClient::GiveUp, this, id);
    if (request.choice.site != DEVICE)
    {
        pending.connection = FindConnection(request.choice.site, access);
    }
    if (request.choice.site == DEVICE)
    {
        pending.job = Compute(id, request.choice.serviceS, [this, id] { Finish(id); });
    }
    else if (request.choice.deviceServiceS > 0)
    {
        const RequestHeader header = MakeHeader(request);
        pending.job = Compute(id, request.choice.deviceServiceS, [this, header] {
            m_ledger->DeviceFinished(header.requestId);
            Upload(header);
        });
    }
    else
    {
        Upload(MakeHeader(request));
    }
}

CorePool::Job
InferenceClient::Compute(uint64_t requestId, double serviceS, std::function<void()> onEnd)
{
    return m_device.Submit(
        Seconds(serviceS),
        false,
        [this, requestId] { m_ledger->DeviceStarted(requestId); },
        std::move(onEnd));
}

void
InferenceClient::Upload(const RequestHeader& header)
{
    NS_LOG_FUNCTION(this << header.requestId);
    Pending& pending = m_pending.at(header.requestId);
    pending.uploads = true;
    m_connections.at(pending.connection)->Submit(header);
}

void
InferenceClient::Finish(uint64_t requestId)
{
    NS_LOG_FUNCTION(this << requestId);
    const auto found = m_pending.find(requestId);
    found->second.timeout.Cancel();
    m_pending.erase(found);
    Close(requestId, RequestStatus::OK);
}

void
InferenceClient::GiveUp(uint64_t requestId)
{
    NS_LOG_FUNCTION(this << requestId);
    const auto found = m_pending.find(requestId);
    const Pending pending = found->second;
    m_pending.erase(found);
    if (!pending.uploads)
    {
        m_device.Cancel(pending.job);
    }
    else
    {
        m_connections.at(pending.connection)->Drop(requestId);
    }
    Close(requestId, RequestStatus::TIMEOUT);
}

void
InferenceClient::Close(uint64_t requestId, RequestStatus status)
{
    if (const auto request = m_ledger->Finish(requestId, status))
    {
        m_finished(*request);
    }
}

bool
InferenceClient::IsReady() const
{
    return !m_connections.empty() &&
           std::all_of(m_connections.begin(), m_connections.end(), [](const auto& connection) {
               return connection->IsReady();
           });
}

const CorePool&
InferenceClient::GetDevice() const
{
    return m_device;
}

size_t
InferenceClient::FindConnection(Site site, uint32_t access) const
{
    const size_t sites = m_accesses.at(access).sites.size();
    NS_ABORT_MSG_IF(site == DEVICE || site > sites, "no connection to site " << site);
    return access * sites + site - 1;
}

const UploadConnection&
InferenceClient::GetConnection(Site site, uint32_t access) const
{
    return *m_connections.at(FindConnection(site, access));
}

uint64_t
InferenceClient::GetBacklog() const
{
    uint64_t bytes = 0;
    for (const auto& connection : m_connections)
    {
        bytes += connection->GetBacklog();
    }
    return bytes;
}

uint64_t
InferenceClient::CountRetransmissions() const
{
    uint64_t segments = 0;
    for (const auto& connection : m_connections)
    {
        segments += connection->GetProbe().GetRetransmissions();
    }
    return segments;
}

int32_t
InferenceClient::GetLastOption() const
{
    return m_lastOption;
}

} // namespace ns3::tandem
