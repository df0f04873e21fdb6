// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-server.h"

#include "ns3/abort.h"
#include "ns3/inet-socket-address.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceServer");

NS_OBJECT_ENSURE_REGISTERED(InferenceServer);

TypeId
InferenceServer::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::InferenceServer")
            .SetParent<Application>()
            .SetGroupName("Tandem")
            .AddConstructor<InferenceServer>()
            .AddAttribute("Cores",
                          "Requests that are served at the same time; set it before Configure()",
                          UintegerValue(1),
                          MakeUintegerAccessor(&InferenceServer::m_coreCount),
                          MakeUintegerChecker<uint32_t>(1))
            .AddTraceSource("UploadArrived",
                            "The last byte of a request's upload is here.",
                            MakeTraceSourceAccessor(&InferenceServer::m_uploadArrived),
                            "ns3::tandem::InferenceServer::RequestTracedCallback")
            .AddTraceSource("ServiceStarted",
                            "A core takes a request up.",
                            MakeTraceSourceAccessor(&InferenceServer::m_serviceStarted),
                            "ns3::tandem::InferenceServer::RequestTracedCallback")
            .AddTraceSource("ServiceFinished",
                            "The result of a request is there, its reply goes out.",
                            MakeTraceSourceAccessor(&InferenceServer::m_serviceFinished),
                            "ns3::tandem::InferenceServer::RequestTracedCallback");
    return tid;
}

void
InferenceServer::Configure(const OptionTable& options, const BackgroundLoadConfig& background)
{
    m_options = &options;
    m_cores = std::make_unique<CorePool>(m_coreCount);
    m_background = std::make_unique<BackgroundLoad>(background, *m_cores);
}

void
InferenceServer::BeginEpisode()
{
    m_background->Start();
}

int64_t
InferenceServer::AssignStreams(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    return m_background->AssignStreams(first);
}

void
InferenceServer::DoDispose()
{
    NS_LOG_FUNCTION(this);
    m_background.reset();
    m_connections.clear();
    m_listener = nullptr;
    Application::DoDispose();
}

void
InferenceServer::StartApplication()
{
    NS_LOG_FUNCTION(this);
    NS_ABORT_MSG_UNLESS(m_cores, "call InferenceServer::Configure() before the start");
    m_listener = AbortableTcpSocket::CreateOn(GetNode());
    m_listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), INFERENCE_PORT));
    m_listener->Listen();
    m_listener->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
                                  MakeCallback(&InferenceServer::Accept, this));
}

void
InferenceServer::StopApplication()
{
    NS_LOG_FUNCTION(this);
    while (!m_connections.empty())
    {
        Close(m_connections.begin()->first, true);
    }
    if (m_listener)
    {
        m_listener->Abort();
        m_listener = nullptr;
    }
}

void
InferenceServer::Accept(Ptr<Socket> socket, const Address& peer)
{
    NS_LOG_FUNCTION(this << socket << peer);
    const Ipv4Address address = InetSocketAddress::ConvertFrom(peer).GetIpv4();
    // A user has one connection to a site. If it opens another one, it has given the old one up,
    // and the reset that said so was lost.
    for (auto it = m_connections.begin(); it != m_connections.end();)
    {
        const uint64_t old = it->first;
        const bool superseded = it->second->peer == address;
        ++it;
        if (superseded)
        {
            Close(old, true);
        }
    }

    const uint64_t id = m_nextConnection++;
    auto connection = std::make_unique<Connection>();
    connection->socket = DynamicCast<AbortableTcpSocket>(socket);
    connection->peer = address;
    connection->reader.SetReceiveCallback(Callback<void, const RequestHeader&>(
        [this, id](const RequestHeader& header) { Serve(id, header); }));
    Connection* raw = connection.get();
    m_connections[id] = std::move(connection);

    // The callbacks are dropped with the connection, so the bare pointer does not outlive it.
    socket->SetRecvCallback(
        Callback<void, Ptr<Socket>>([raw](Ptr<Socket> s) { raw->reader.Drain(s); }));
    socket->SetSendCallback(Callback<void, Ptr<Socket>, uint32_t>(
        [raw](Ptr<Socket> s, uint32_t) { raw->writer.Pump(s); }));
    const auto closed = Callback<void, Ptr<Socket>>([this, id](Ptr<Socket>) { Close(id, false); });
    socket->SetCloseCallbacks(closed, closed);
}

void
InferenceServer::Serve(uint64_t connection, const RequestHeader& header)
{
    NS_LOG_FUNCTION(this << connection << header.requestId);
    m_uploadArrived(header);
    const Time service = Seconds(m_options->Get(header.option).serviceS);
    const CorePool::Job job = m_cores->Submit(
        service,
        false,
        [this, header] { m_serviceStarted(header); },
        [this, connection, header] { Reply(connection, header); });
    m_connections.at(connection)->jobs[header.requestId] = job;
}

void
InferenceServer::Reply(uint64_t connection, const RequestHeader& header)
{
    NS_LOG_FUNCTION(this << connection << header.requestId);
    m_serviceFinished(header);
    Connection& to = *m_connections.at(connection);
    to.jobs.erase(header.requestId);
    to.writer.Push(header, header.replyBytes);
    to.writer.Pump(to.socket);
}

void
InferenceServer::Close(uint64_t connection, bool reset)
{
    NS_LOG_FUNCTION(this << connection << reset);
    const auto found = m_connections.find(connection);
    if (found == m_connections.end())
    {
        return;
    }
    // Take it out first: cancelling a job starts the next one, which may come back here.
    const std::unique_ptr<Connection> gone = std::move(found->second);
    m_connections.erase(found);
    for (const auto& [id, job] : gone->jobs)
    {
        m_cores->Cancel(job);
    }
    if (reset)
    {
        gone->socket->Abort();
    }
    else
    {
        gone->socket->Silence();
        // TcpSocketBase is still in the middle of closing: let it finish, then drop what is left.
        Simulator::ScheduleNow(&AbortableTcpSocket::Abort, gone->socket);
    }
}

const CorePool&
InferenceServer::GetCores() const
{
    return *m_cores;
}

} // namespace ns3::tandem
