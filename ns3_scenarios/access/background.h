// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BACKGROUND_H
#define TANDEM_BACKGROUND_H

#include "agent-link/arguments.h"

#include "ns3/event-id.h"
#include "ns3/ipv4-address.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/socket.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** Stations that are not users but share the cell with them. */
struct BackgroundConfig
{
    uint32_t stations{0};        //!< how many
    double rateMbps{3.0};        //!< of each while it is on, Mbit/s of UDP payload
    double meanOnS{1.0};         //!< mean of the exponential on time, s
    double meanOffS{2.0};        //!< mean of the exponential off time, s; 0: always on
    uint32_t payloadBytes{1400}; //!< UDP payload of one packet, bytes
    /** The most that can be asked for; the cell's own limit, set in code. */
    uint32_t maxStations{std::numeric_limits<uint32_t>::max()};

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add --backgroundStations, --backgroundRate, … with @p prefix in front. */
    void AddArguments(CommandLine& cmd, const std::string& prefix);

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix) const;
};

/**
 * On/off UDP uplink traffic from a set of nodes to one sink, with bytes counted where they arrive.
 *
 * Not ns-3's OnOffApplication: that one draws its first period when it starts, in warm-up, so
 * every episode forked from there would begin with the same pattern. Here BeginEpisode() draws
 * the state (on with the long-run probability) and, the times being exponential and so without
 * memory, its remaining time: an episode begins in the process's stationary state.
 */
class BackgroundTraffic
{
  public:
    ~BackgroundTraffic();

    /**
     * Create the sockets.
     * @param config traffic of each source
     * @param sources the sending nodes
     * @param sink the receiving node
     * @param address the sink's address
     * @param port the sink's UDP port
     */
    void Install(const BackgroundConfig& config,
                 const std::vector<Ptr<Node>>& sources,
                 Ptr<Node> sink,
                 Ipv4Address address,
                 uint16_t port);

    /** @return the number of streams used, always 1 */
    int64_t AssignStreams(int64_t first);

    /** Draw each source's state and start. */
    void BeginEpisode();

    /** @return UDP payload bytes received by the sink since the start */
    uint64_t GetReceivedBytes() const;

  private:
    struct Source
    {
        Ptr<Socket> socket;
        EventId toggle;
        EventId send;
    };

    void Switch(size_t index, bool on);
    void SendOne(size_t index);
    void Receive(Ptr<Socket> socket);

    BackgroundConfig m_config;
    Time m_interval;
    std::vector<Source> m_sources;
    Ptr<Socket> m_sink;
    uint64_t m_receivedBytes{0};
    Ptr<ExponentialRandomVariable> m_duration;
};

} // namespace ns3::tandem

#endif // TANDEM_BACKGROUND_H
