// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BACKHAUL_H
#define TANDEM_BACKHAUL_H

#include "access/access-cell.h"
#include "agent-link/arguments.h"

#include "ns3/ipv4-address.h"
#include "ns3/net-device-container.h"
#include "ns3/node.h"

#include <string>
#include <vector>

namespace ns3::tandem
{

/** The wires behind the gateways. */
struct BackhaulConfig
{
    double edgeDelayMs{0.5};   //!< one way, gateway to edge, ms
    double edgeRateMbps{1000}; //!< gateway to edge, Mbit/s
    double cloudDelayMs{20};   //!< one way, gateway to cloud, ms
    double cloudRateMbps{100}; //!< gateway to cloud, Mbit/s

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add --edgeDelay, --edgeRate, --cloudDelay, --cloudRate with @p prefix in front. */
    void AddArguments(CommandLine& cmd, const std::string& prefix = "");

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix = "") const;
};

/** A point-to-point link of the backhaul, for reports and for traces. */
struct BackhaulLink
{
    Ptr<Node> gateway;            //!< AP or PGW
    Ptr<Node> host;               //!< edge or cloud
    Ptr<NetDevice> gatewayDevice; //!< the gateway's end
    Ptr<NetDevice> hostDevice;    //!< the host's end
    Ipv4Address gatewayAddress;   //!< address of the gateway's end
    Ipv4Address hostAddress;      //!< address of the host's end
    std::string name;             //!< "edge" or "cloud"
    double rateBps;               //!< bit/s
    double delayS;                //!< one way, s
};

/**
 * Edge host and cloud host, and a point-to-point link from each gateway to each of the two.
 *
 * Every cell reaches a host over its own link and so by an address of its own, and each host has
 * a static route back to each cell's network. No global routing: it would start from every
 * station's interface and grow with the square of the stations.
 */
class Backhaul
{
  public:
    /** Create the two hosts with their internet stacks. */
    explicit Backhaul(const BackhaulConfig& config);

    /**
     * Link a cell's gateway with both hosts and set the routes back; after the cell's Build().
     * @return the index of this cell for the calls below
     */
    uint32_t Connect(const AccessCell& cell);

    /** @return the edge host */
    Ptr<Node> GetEdge() const;

    /** @return the cloud host */
    Ptr<Node> GetCloud() const;

    /** @return the edge's address as seen from cell @p cell */
    Ipv4Address GetEdgeAddress(uint32_t cell) const;

    /** @return the cloud's address as seen from cell @p cell */
    Ipv4Address GetCloudAddress(uint32_t cell) const;

    /** @return the link between cell @p cell and the edge */
    const BackhaulLink& GetEdgeLink(uint32_t cell) const;

    /** @return the link between cell @p cell and the cloud */
    const BackhaulLink& GetCloudLink(uint32_t cell) const;

    /** Re-seed the hosts' stacks. @return how many streams were used */
    int64_t AssignStreams(int64_t first);

  private:
    BackhaulLink Link(const AccessCell& cell,
                      Ptr<Node> host,
                      const std::string& name,
                      double delayMs,
                      double rateMbps);

    BackhaulConfig m_config;
    Ptr<Node> m_edge;
    Ptr<Node> m_cloud;
    std::vector<BackhaulLink> m_edgeLinks;
    std::vector<BackhaulLink> m_cloudLinks;
    uint32_t m_subnets{0};
};

} // namespace ns3::tandem

#endif // TANDEM_BACKHAUL_H
