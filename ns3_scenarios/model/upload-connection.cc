// SPDX-License-Identifier: GPL-2.0-only
#include "model/upload-connection.h"

#include "model/gateway-probe.h"
#include "model/request-ledger.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemUploadConnection");

UploadConnection::UploadConnection(Ptr<Node> user,
                                   const InetSocketAddress& site,
                                   GatewayProbe& gateway,
                                   RequestLedger& ledger,
                                   Callback<void, uint64_t> replied)
    : m_user(user),
      m_site(site),
      m_gateway(gateway),
      m_ledger(ledger),
      m_replied(replied),
      m_local(Ipv4Address::GetAny(), 0)
{
    m_writer.SetBeginCallback(MakeCallback(&UploadConnection::FirstByte, this));
    m_reader.SetReceiveCallback(MakeCallback(&UploadConnection::Reply, this));
}

UploadConnection::~UploadConnection()
{
    m_reopen.Cancel();
    if (m_socket)
    {
        m_socket->Silence();
    }
}

void
UploadConnection::Open()
{
    NS_LOG_FUNCTION(this);
    m_ready = false;
    m_socket = AbortableTcpSocket::CreateOn(m_user);
    m_probe.Attach(m_socket);
    m_socket->SetConnectCallback(MakeCallback(&UploadConnection::Established, this),
                                 MakeCallback(&UploadConnection::Lost, this));
    m_socket->SetCloseCallbacks(MakeCallback(&UploadConnection::Lost, this),
                                MakeCallback(&UploadConnection::Lost, this));
    m_socket->SetRecvCallback(
        Callback<void, Ptr<Socket>>([this](Ptr<Socket> socket) { m_reader.Drain(socket); }));
    m_socket->SetSendCallback(
        Callback<void, Ptr<Socket>, uint32_t>([this](Ptr<Socket> socket, uint32_t) {
            if (m_ready)
            {
                m_writer.Pump(socket);
            }
        }));
    // An ephemeral port, so never the one of the connection before.
    NS_ABORT_MSG_IF(m_socket->Bind() != 0 || m_socket->Connect(m_site) != 0,
                    "node " << m_user->GetId() << " has no route to " << m_site.GetIpv4());
    Address local;
    m_socket->GetSockName(local);
    m_local = InetSocketAddress::ConvertFrom(local);
    m_gateway.Watch(m_local.GetIpv4(), m_local.GetPort(), [this](uint64_t bytes) {
        Forwarded(bytes);
    });
}

void
UploadConnection::Established(Ptr<Socket> socket)
{
    NS_LOG_FUNCTION(this << socket);
    m_ready = true;
    m_writer.Pump(socket);
}

void
UploadConnection::Lost(Ptr<Socket>)
{
    NS_LOG_FUNCTION(this);
    // TcpSocketBase is still in the middle of closing: deal with it when it is through.
    m_ready = false;
    m_socket->Silence();
    m_reopen.Cancel();
    m_reopen = Simulator::ScheduleNow(&UploadConnection::Reopen, this);
}

void
UploadConnection::CloseSocket()
{
    m_reopen.Cancel();
    m_gateway.Forget(m_local.GetIpv4(), m_local.GetPort());
    m_socket->Abort();
    m_reader.Clear();
    m_writer.Clear();
}

void
UploadConnection::Reopen()
{
    NS_LOG_FUNCTION(this);
    CloseSocket();
    for (Upload& upload : m_uploads)
    {
        m_ledger.UploadRestarted(upload.header.requestId);
        ++upload.header.attempt;
        upload.started = false;
        upload.forwarded = false;
        m_writer.Push(upload.header, upload.header.uploadBytes);
    }
    Open();
}

void
UploadConnection::Submit(const RequestHeader& header)
{
    NS_LOG_FUNCTION(this << header.requestId);
    Upload upload;
    upload.header = header;
    m_uploads.push_back(upload);
    m_writer.Push(header, header.uploadBytes);
    if (m_ready)
    {
        m_writer.Pump(m_socket);
    }
}

void
UploadConnection::Drop(uint64_t requestId)
{
    NS_LOG_FUNCTION(this << requestId);
    const auto found =
        std::find_if(m_uploads.begin(), m_uploads.end(), [requestId](const Upload& upload) {
            return upload.header.requestId == requestId;
        });
    if (found == m_uploads.end())
    {
        return;
    }
    m_uploads.erase(found);
    if (!m_writer.Remove(requestId))
    {
        Reopen();
    }
}

void
UploadConnection::FirstByte(const RequestHeader& header, uint64_t offset)
{
    NS_LOG_FUNCTION(this << header.requestId << offset);
    for (Upload& upload : m_uploads)
    {
        if (upload.header.requestId == header.requestId)
        {
            upload.started = true;
            upload.end = offset + header.uploadBytes;
        }
    }
    m_ledger.UploadStarted(header.requestId);
}

void
UploadConnection::Forwarded(uint64_t bytes)
{
    for (Upload& upload : m_uploads)
    {
        if (!upload.started || upload.end > bytes)
        {
            return; // the ones behind it come later in the stream
        }
        if (!upload.forwarded)
        {
            upload.forwarded = true;
            m_ledger.GatewayForwarded(upload.header.requestId);
        }
    }
}

void
UploadConnection::Reply(const RequestHeader& header)
{
    NS_LOG_FUNCTION(this << header.requestId);
    const auto found =
        std::find_if(m_uploads.begin(), m_uploads.end(), [&header](const Upload& upload) {
            return upload.header.requestId == header.requestId;
        });
    NS_ABORT_MSG_IF(found == m_uploads.end(),
                    "a reply to request " << header.requestId
                                          << " came over a connection that did not carry it");
    m_uploads.erase(found);
    m_replied(header.requestId);
}

bool
UploadConnection::IsReady() const
{
    return m_ready;
}

uint64_t
UploadConnection::GetBacklog() const
{
    return m_writer.GetPending() + static_cast<uint64_t>(m_probe.Sample().backlogBytes);
}

const TcpProbe&
UploadConnection::GetProbe() const
{
    return m_probe;
}

} // namespace ns3::tandem
