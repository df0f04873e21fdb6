// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BACKHAUL_H
#define TANDEM_BACKHAUL_H

#include "access/access-cell.h"
#include "agent-link/arguments.h"

#include "ns3/ipv4-address.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/node.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** The way from a gateway to a host. */
struct WireConfig
{
    double delayMs{0.5};   //!< one way, ms
    double rateMbps{1000}; //!< Mbit/s

    /** Declare both as arguments. @param host what it leads to, for the help */
    void Declare(Arguments& arguments, const std::string& host);
};

/** A host behind the gateways. */
struct HostConfig
{
    std::string name; //!< unique, e.g. "edge"
    WireConfig wire;
    /** The cell beside whose gateway it stands; -1: equally far from all. */
    int32_t home{-1};
};

/** A point-to-point link of the backhaul, for reports and for traces. */
struct BackhaulLink
{
    Ptr<Node> gateway;            //!< AP or PGW
    Ptr<Node> host;               //!< e.g. the edge
    Ptr<NetDevice> gatewayDevice; //!< the gateway's end
    Ptr<NetDevice> hostDevice;    //!< the host's end
    Ipv4Address gatewayAddress;   //!< address of the gateway's end
    Ipv4Address hostAddress;      //!< address of the host's end
    std::string name;             //!< of the host
    double rateBps;               //!< bit/s
    double delayS;                //!< one way, s
};

/**
 * Hosts, and a point-to-point link from each gateway to each of them.
 *
 * Every cell reaches a host over its own link and so by an address of its own, and each host has
 * a static route back to each cell's network. No global routing: it would start from every
 * station's interface and grow with the square of the stations.
 */
class Backhaul
{
  public:
    /**
     * Create the hosts with their internet stacks.
     * @param hosts in the order of the indices below
     * @param detourMs extra one-way delay to a host that stands beside another cell
     */
    explicit Backhaul(std::vector<HostConfig> hosts, double detourMs = 0);

    /**
     * Link a cell's gateway with all hosts and set the routes back; after the cell's Build().
     * @return the index of this cell for the calls below
     */
    uint32_t Connect(const AccessCell& cell);

    /** @return the number of hosts */
    uint32_t GetHostCount() const;

    /** @return a host's node */
    Ptr<Node> GetHost(uint32_t host) const;

    /** @return a host's name */
    const std::string& GetHostName(uint32_t host) const;

    /** @return a host's address as seen from cell @p cell */
    Ipv4Address GetAddress(uint32_t cell, uint32_t host) const;

    /** @return the link between a cell and a host */
    const BackhaulLink& GetLink(uint32_t cell, uint32_t host) const;

    /** Re-seed the hosts' stacks. @return how many streams were used */
    int64_t AssignStreams(int64_t first);

  private:
    BackhaulLink Link(const AccessCell& cell, uint32_t host);

    std::vector<HostConfig> m_configs;
    double m_detourMs;
    NodeContainer m_hosts;
    std::vector<std::vector<BackhaulLink>> m_links; //!< [cell][host]
    uint32_t m_subnets{0};
};

} // namespace ns3::tandem

#endif // TANDEM_BACKHAUL_H
