// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_UPLOAD_CONNECTION_H
#define TANDEM_UPLOAD_CONNECTION_H

#include "model/abortable-tcp-socket.h"
#include "model/message-stream.h"
#include "model/tcp-probe.h"

#include "ns3/inet-socket-address.h"
#include "ns3/node.h"

#include <cstdint>
#include <deque>

namespace ns3::tandem
{

class GatewayProbe;
class RequestLedger;

/**
 * One user's persistent TCP connection to one site.
 *
 * Uploads go out in order of submission. A request can be dropped at any time: if some of it has
 * been written, the connection is reset and opened anew from another port, and the other
 * unfinished requests are sent again from their first byte.
 */
class UploadConnection
{
  public:
    /**
     * @param user the user's node
     * @param site where the site listens
     * @param gateway watches what the radio network delivers; must outlive the connection
     * @param ledger hears of the upload's steps; must outlive the connection
     * @param replied called with the number of a request when the last byte of its reply is there
     */
    UploadConnection(Ptr<Node> user,
                     const InetSocketAddress& site,
                     GatewayProbe& gateway,
                     RequestLedger& ledger,
                     Callback<void, uint64_t> replied);
    ~UploadConnection();
    UploadConnection(const UploadConnection&) = delete;
    UploadConnection& operator=(const UploadConnection&) = delete;

    /** Connect; requests may be submitted before the connection is there. */
    void Open();

    /** Queue a request's upload. */
    void Submit(const RequestHeader& header);

    /** Forget a request for good. */
    void Drop(uint64_t requestId);

    /** @return true when established */
    bool IsReady() const;

    /** @return bytes not yet acknowledged, in the socket and before it */
    uint64_t GetBacklog() const;

    const TcpProbe& GetProbe() const;

  private:
    struct Upload
    {
        RequestHeader header;
        bool started{false};
        bool forwarded{false};
        uint64_t end{0}; //!< place in the stream behind the last byte
    };

    void Established(Ptr<Socket> socket);
    void Lost(Ptr<Socket> socket);
    void Reopen();
    void CloseSocket();
    void FirstByte(const RequestHeader& header, uint64_t offset);
    void Forwarded(uint64_t bytes);
    void Reply(const RequestHeader& header);

    Ptr<Node> m_user;
    InetSocketAddress m_site;
    GatewayProbe& m_gateway;
    RequestLedger& m_ledger;
    Callback<void, uint64_t> m_replied;
    Ptr<AbortableTcpSocket> m_socket;
    InetSocketAddress m_local;
    bool m_ready{false};
    MessageWriter m_writer;
    MessageReader m_reader{false};
    std::deque<Upload> m_uploads; //!< unfinished requests in order of submission
    TcpProbe m_probe;
    EventId m_reopen;
};

} // namespace ns3::tandem

#endif // TANDEM_UPLOAD_CONNECTION_H
