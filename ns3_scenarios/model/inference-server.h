// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_INFERENCE_SERVER_H
#define TANDEM_INFERENCE_SERVER_H

#include "model/abortable-tcp-socket.h"
#include "model/background-load.h"
#include "model/core-pool.h"
#include "model/message-stream.h"
#include "model/option-table.h"

#include "ns3/application.h"
#include "ns3/ipv4-address.h"
#include "ns3/traced-callback.h"

#include <map>
#include <memory>
#include <vector>

namespace ns3::tandem
{

/** The TCP port that edge and cloud listen on. */
constexpr uint16_t INFERENCE_PORT = 9000;

/**
 * The inference service of a site: takes uploads over TCP, serves them first in, first out on the
 * site's cores, and returns replies over the same connection.
 *
 * When a connection is reset, all that came over it is forgotten: queued requests are removed and
 * a core that works on one is freed.
 */
class InferenceServer : public Application
{
  public:
    static TypeId GetTypeId();

    /**
     * @param options the service times; must outlive the server
     * @param background the load of other tenants
     */
    void Configure(const OptionTable& options, const BackgroundLoadConfig& background);

    /** Start the background load; at the start of an episode, after AssignStreams(). */
    void BeginEpisode();

    const CorePool& GetCores() const;

    /**
     * Signature of the trace sources. The simulation runs in one process, so the time of a step is
     * taken where it happens instead of being carried in packets.
     *
     * @param header the request
     */
    typedef void (*RequestTracedCallback)(const RequestHeader& header);

#if NS3_MINOR >= 42
    int64_t AssignStreams(int64_t first) override;
#else
    int64_t AssignStreams(int64_t first);
#endif

  private:
    struct Connection
    {
        Ptr<AbortableTcpSocket> socket;
        Ipv4Address peer;
        MessageReader reader{true};
        MessageWriter writer;
        std::map<uint64_t, CorePool::Job> jobs; //!< by request id: queued or in service
    };

    void DoDispose() override;
    void StartApplication() override;
    void StopApplication() override;

    void Accept(Ptr<Socket> socket, const Address& peer);
    void Serve(uint64_t connection, const RequestHeader& header);
    void Reply(uint64_t connection, const RequestHeader& header);
    void Close(uint64_t connection, bool reset);

    uint32_t m_coreCount; //!< attribute Cores
    const OptionTable* m_options{nullptr};
    std::unique_ptr<CorePool> m_cores;
    std::unique_ptr<BackgroundLoad> m_background;
    Ptr<AbortableTcpSocket> m_listener;
    std::map<uint64_t, std::unique_ptr<Connection>> m_connections;
    uint64_t m_nextConnection{0};
    TracedCallback<const RequestHeader&> m_uploadArrived;
    TracedCallback<const RequestHeader&> m_serviceStarted;
    TracedCallback<const RequestHeader&> m_serviceFinished;
};

} // namespace ns3::tandem

#endif // TANDEM_INFERENCE_SERVER_H
