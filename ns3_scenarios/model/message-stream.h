// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_MESSAGE_STREAM_H
#define TANDEM_MESSAGE_STREAM_H

#include "model/request-header.h"

#include "ns3/callback.h"
#include "ns3/ptr.h"

#include <array>
#include <cstdint>
#include <deque>

namespace ns3
{
class Socket;
}

namespace ns3::tandem
{

/**
 * Writes messages (a RequestHeader and padding) to a socket one after the other, as far as its
 * send buffer has room.
 */
class MessageWriter
{
  public:
    /**
     * @param begun called when the first byte of a message is written, with the header and with
     *        the place of that byte in the stream
     */
    void SetBeginCallback(Callback<void, const RequestHeader&, uint64_t> begun);

    /** @param bytes length of the message, header included */
    void Push(const RequestHeader& header, uint32_t bytes);

    /** Write what the socket takes; call it again from the socket's send callback. */
    void Pump(Ptr<Socket> socket);

    /** Forget what has not been written. */
    void Clear();

    /** Remove a message of which no byte has been written. @return false if there is none such */
    bool Remove(uint64_t requestId);

    /** @return bytes accepted by Push() and not yet written */
    uint64_t GetPending() const;

  private:
    struct Message
    {
        RequestHeader header;
        uint32_t bytes;
        uint32_t written;
    };

    Callback<void, const RequestHeader&, uint64_t> m_begun;
    std::deque<Message> m_messages;
    uint64_t m_pending{0};
    uint64_t m_written{0}; //!< since the last Clear()
};

/** Cuts a byte stream into messages: the counterpart of MessageWriter. */
class MessageReader
{
  public:
    /**
     * @param upload true to read uploads, false to read replies: which of the two lengths in the
     *        header counts
     */
    explicit MessageReader(bool upload);

    /** @param received called when the last byte of a message has arrived */
    void SetReceiveCallback(Callback<void, const RequestHeader&> received);

    /** Read all that the socket has. */
    void Drain(Ptr<Socket> socket);

    /** Forget a message that has begun: the connection is gone. */
    void Clear();

  private:
    void ParseHeader();

    bool m_upload;
    Callback<void, const RequestHeader&> m_received;
    std::array<uint8_t, RequestHeader::SIZE> m_bytes{};
    uint32_t m_headerBytes{0}; //!< how much of the header is in m_bytes
    RequestHeader m_header;
    uint32_t m_missing{0}; //!< bytes of the message still to come after its header
};

} // namespace ns3::tandem

#endif // TANDEM_MESSAGE_STREAM_H
