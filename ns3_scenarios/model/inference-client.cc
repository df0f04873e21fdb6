// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-client.h"

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
                        std::vector<Ipv4Address> sites,
                        GatewayProbe& gateway,
                        RequestLedger& ledger)
{
    m_sites = std::move(sites);
    m_options = &options;
    m_gateway = &gateway;
    m_ledger = &ledger;
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
    NS_ABORT_MSG_UNLESS(m_options && m_gateway && m_ledger,
                        "call InferenceClient::Attach() before the start");
    for (const Ipv4Address site : m_sites)
    {
        auto connection =
            std::make_unique<UploadConnection>(GetNode(),
                                               InetSocketAddress(site, INFERENCE_PORT),
                                               *m_gateway,
                                               *m_ledger,
                                               MakeCallback(&InferenceClient::Finish, this));
        connection->Open();
        m_connections.push_back(std::move(connection));
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
    m_lastOption = static_cast<int32_t>(option);
    const Request request = m_ledger->Open(m_user, epoch, option);
    const uint64_t id = request.id;
    m_issued(request);
    Pending& pending = m_pending[id];
    pending.site = request.choice.site;
    pending.timeout = Simulator::Schedule(m_timeout, &InferenceClient::GiveUp, this, id);
    if (pending.site == DEVICE)
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
    m_connections.at(pending.site - 1)->Submit(header);
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
        m_connections.at(pending.site - 1)->Drop(requestId);
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

const UploadConnection&
InferenceClient::GetConnection(Site site) const
{
    NS_ABORT_MSG_IF(site == DEVICE || site > m_connections.size(),
                    "no connection to site " << site);
    return *m_connections[site - 1];
}

int32_t
InferenceClient::GetLastOption() const
{
    return m_lastOption;
}

} // namespace ns3::tandem
