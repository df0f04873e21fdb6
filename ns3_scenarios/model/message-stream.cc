// SPDX-License-Identifier: GPL-2.0-only
#include "model/message-stream.h"

#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/socket.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemMessageStream");

void
MessageWriter::SetBeginCallback(Callback<void, const RequestHeader&, uint64_t> begun)
{
    m_begun = begun;
}

void
MessageWriter::Push(const RequestHeader& header, uint32_t bytes)
{
    NS_LOG_FUNCTION(this << header.requestId << bytes);
    m_messages.push_back({header, bytes, 0});
    m_pending += bytes;
}

void
MessageWriter::Pump(Ptr<Socket> socket)
{
    while (!m_messages.empty())
    {
        Message& message = m_messages.front();
        const bool first = message.written == 0;
        const uint32_t room = socket->GetTxAvailable();
        if (room == 0 || (first && room < RequestHeader::SIZE))
        {
            return;
        }
        const uint32_t chunk = std::min(room, message.bytes - message.written);
        Ptr<Packet> packet;
        if (first)
        {
            packet = Create<Packet>(chunk - RequestHeader::SIZE);
            packet->AddHeader(message.header);
        }
        else
        {
            packet = Create<Packet>(chunk);
        }
        if (socket->Send(packet) != static_cast<int>(chunk))
        {
            return; // the connection is going down; its owner hears of it by the close callback
        }
        message.written += chunk;
        m_pending -= chunk;
        m_written += chunk;
        const RequestHeader header = message.header;
        if (message.written == message.bytes)
        {
            m_messages.pop_front();
        }
        if (first && !m_begun.IsNull())
        {
            m_begun(header, m_written - chunk);
        }
    }
}

void
MessageWriter::Clear()
{
    NS_LOG_FUNCTION(this << m_pending);
    m_messages.clear();
    m_pending = 0;
    m_written = 0;
}

bool
MessageWriter::Remove(uint64_t requestId)
{
    NS_LOG_FUNCTION(this << requestId);
    const auto found =
        std::find_if(m_messages.begin(), m_messages.end(), [requestId](const Message& message) {
            return message.header.requestId == requestId;
        });
    if (found == m_messages.end() || found->written > 0)
    {
        return false;
    }
    m_pending -= found->bytes;
    m_messages.erase(found);
    return true;
}

uint64_t
MessageWriter::GetPending() const
{
    return m_pending;
}

MessageReader::MessageReader(bool upload)
    : m_upload(upload)
{
}

void
MessageReader::SetReceiveCallback(Callback<void, const RequestHeader&> received)
{
    m_received = received;
}

void
MessageReader::Drain(Ptr<Socket> socket)
{
    while (true)
    {
        const bool inHeader = m_headerBytes < RequestHeader::SIZE;
        const uint32_t wanted = inHeader ? RequestHeader::SIZE - m_headerBytes : m_missing;
        Ptr<Packet> packet = socket->Recv(wanted, 0);
        if (!packet || packet->GetSize() == 0)
        {
            return;
        }
        if (inHeader)
        {
            m_headerBytes += packet->CopyData(m_bytes.data() + m_headerBytes, wanted);
            if (m_headerBytes == RequestHeader::SIZE)
            {
                ParseHeader();
            }
        }
        else
        {
            m_missing -= packet->GetSize();
        }
        if (m_headerBytes == RequestHeader::SIZE && m_missing == 0)
        {
            m_headerBytes = 0;
            m_received(m_header);
        }
    }
}

void
MessageReader::ParseHeader()
{
    NS_LOG_FUNCTION(this);
    Create<Packet>(m_bytes.data(), RequestHeader::SIZE)->PeekHeader(m_header);
    m_missing = (m_upload ? m_header.uploadBytes : m_header.replyBytes) - RequestHeader::SIZE;
}

void
MessageReader::Clear()
{
    NS_LOG_FUNCTION(this << m_missing);
    m_headerBytes = 0;
    m_missing = 0;
}

} // namespace ns3::tandem
