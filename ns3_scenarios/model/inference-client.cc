// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-client.h"

#include "model/inference-server.h"
#include "model/request-ledger.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceClient");

NS_OBJECT_ENSURE_REGISTERED(InferenceClient);

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
                            .AddAttribute("EdgeAddress",
                                          "Where the edge listens",
                                          Ipv4AddressValue(Ipv4Address::GetAny()),
                                          MakeIpv4AddressAccessor(&InferenceClient::m_edgeAddress),
                                          MakeIpv4AddressChecker())
                            .AddAttribute("CloudAddress",
                                          "Where the cloud listens",
                                          Ipv4AddressValue(Ipv4Address::GetAny()),
                                          MakeIpv4AddressAccessor(&InferenceClient::m_cloudAddress),
                                          MakeIpv4AddressChecker())
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
InferenceClient::Attach(const OptionTable& options, GatewayProbe& gateway, RequestLedger& ledger)
{
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
    const auto open = [this](Ipv4Address site) {
        auto connection =
            std::make_unique<UploadConnection>(GetNode(),
                                               InetSocketAddress(site, INFERENCE_PORT),
                                               *m_gateway,
                                               *m_ledger,
                                               MakeCallback(&InferenceClient::Finish, this));
        connection->Open();
        return connection;
    };
    m_edge = open(m_edgeAddress);
    m_cloud = open(m_cloudAddress);
}

void
InferenceClient::DoDispose()
{
    NS_LOG_FUNCTION(this);
    m_pending.clear();
    m_edge.reset();
    m_cloud.reset();
    Application::DoDispose();
}

UploadConnection&
InferenceClient::Connection(Site site)
{
    return site == Site::EDGE ? *m_edge : *m_cloud;
}

void
InferenceClient::Issue(uint32_t option, uint32_t epoch)
{
    NS_LOG_FUNCTION(this << option << epoch);
    NS_ABORT_MSG_UNLESS(m_edge, "a request was issued before the client was started");
    m_lastOption = static_cast<int32_t>(option);
    const Request request = m_ledger->Open(m_user, epoch, option);
    const uint64_t id = request.id;
    m_issued(request);
    Pending& pending = m_pending[id];
    pending.site = request.choice.site;
    pending.timeout = Simulator::Schedule(m_timeout, &InferenceClient::GiveUp, this, id);
    if (pending.site == Site::DEVICE)
    {
        pending.job = m_device.Submit(
            Seconds(request.choice.serviceS),
            false,
            [this, id] { m_ledger->DeviceStarted(id); },
            [this, id] { Finish(id); });
        return;
    }
    RequestHeader header;
    header.requestId = id;
    header.user = m_user;
    header.option = option;
    header.variant = request.choice.variantIndex;
    header.uploadBytes = request.choice.uploadBytes;
    header.replyBytes = request.choice.replyBytes;
    Connection(pending.site).Submit(header);
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
    if (pending.site == Site::DEVICE)
    {
        m_device.Cancel(pending.job);
    }
    else
    {
        Connection(pending.site).Drop(requestId);
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
    return m_edge && m_edge->IsReady() && m_cloud->IsReady();
}

const CorePool&
InferenceClient::GetDevice() const
{
    return m_device;
}

const UploadConnection&
InferenceClient::GetConnection(Site site) const
{
    NS_ABORT_MSG_IF(!m_edge || site == Site::DEVICE, "no connection to " << SiteName(site));
    return site == Site::EDGE ? *m_edge : *m_cloud;
}

int32_t
InferenceClient::GetLastOption() const
{
    return m_lastOption;
}

} // namespace ns3::tandem
