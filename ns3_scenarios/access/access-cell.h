// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ACCESS_CELL_H
#define TANDEM_ACCESS_CELL_H

#include "access/placement.h"

#include "ns3/ipv4-address.h"
#include "ns3/ipv4-interface-container.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/ptr.h"
#include "ns3/vector.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

class FrameTables;

/** What a user's radio looks like at this instant. */
struct RadioSample
{
    double snrDb{0};   //!< uplink signal-to-noise ratio at the AP or eNB, dB (0 until first heard)
    double rateBps{0}; //!< PHY rate of the user's last data transmission, bit/s
    double mcs{0};     //!< modulation and coding index of that transmission
    double macQueueBytes{
        0}; //!< bytes waiting in the user's device: queue disc + MAC (WiFi) or RLC (LTE)
};

/** What a user's radio has done since the start of the simulation; take differences. */
struct RadioCounters
{
    double txAirtimeS{0};           //!< seconds in which the user's own radio transmitted
    uint64_t macRetransmissions{0}; //!< MPDUs sent again (WiFi) or HARQ retransmissions (LTE)
    double rxAirtimeS{0};           //!< seconds in which it received; see WatchReception()
};

/** What the whole cell has done since the start of the simulation; take differences. */
struct CellCounters
{
    double busyS{0}; //!< seconds the medium was busy, or uplink PRBs used / PRBs available
    uint64_t backgroundBytes{0}; //!< background traffic that reached the sink, bytes of UDP payload
};

/** Numbers of a station outside its cell. */
struct StationNumber
{
    int64_t node; //!< in the topology
    int64_t user; //!< -1: a background station
};

/** A node with its place, for drawings and reports. */
struct PlacedNode
{
    std::string name; //!< e.g. "user-3", "ap", "background-0"
    std::string kind; //!< "user" | "ap" | "enb" | "pgw" | "background"
    Vector position;  //!< metres
};

/**
 * One access network: an AP or eNB, its users, and its background stations.
 *
 * Life, in this order: configure, Build(), backhaul and applications are attached to
 * GetGateway() and to the users, StartBackground(), DrawPlaces(), the warm-up (see WarmUp()), and
 * then, once per episode: AssignStreams() and BeginEpisode().
 */
class AccessCell
{
  public:
    virtual ~AccessCell() = default;

    /**
     * Create AP or eNB, devices, the users' internet stack, addresses and default routes.
     * @param users the nodes of the users. One that is a user of another cell already has a stack
     *        and a place from there, and keeps both
     */
    virtual void Build(NodeContainer users) = 0;

    /**
     * Say how many cells of the same kind there are before this one, so that addresses and names
     * differ; before Build().
     */
    void SetNumber(uint32_t number);

    /** @return "wifi" or "lte" */
    virtual std::string GetKind() const = 0;

    /** @return the standard in words, e.g. "802.11ax" or "LTE" */
    virtual std::string GetStandard() const = 0;

    /** @return the node that forwards the users' packets (AP or PGW); backhaul links attach here */
    virtual Ptr<Node> GetGateway() const = 0;

    /** @return the IPv4 address of user @p i in this cell */
    Ipv4Address GetUserAddress(uint32_t i) const;

    /** @return the address that users send to from where packets go on to the sites */
    virtual Ipv4Address GetUserGateway() const = 0;

    /** Let user @p i reach a host over this cell, whatever other interfaces it has. */
    void RouteUser(uint32_t i, Ipv4Address host) const;

    /** @return network address and mask that cover every station of this cell */
    virtual std::pair<Ipv4Address, Ipv4Mask> GetUserNetwork() const = 0;

    /** @return the node of user @p i */
    Ptr<Node> GetUser(uint32_t i) const;

    /** @return the number of users, without background stations */
    uint32_t GetUserCount() const;

    /** @return users and background stations together */
    uint32_t GetStationCount() const;

    /** @return the radio device of user @p i */
    Ptr<NetDevice> GetUserDevice(uint32_t i) const;

    /**
     * Let the background stations send on/off UDP traffic. Does nothing when there are none.
     * @param sink the node that receives, normally the edge host; a packet sink is installed there
     * @param address the sink's address
     * @param port the sink's UDP port, one per cell
     */
    virtual void StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port) = 0;

    /** @return what users should know about how this cell is configured; empty: nothing */
    virtual std::string GetNotice() const;

    /** @return APs or eNBs that users can be handed over between; in most cells 1 */
    virtual uint32_t CountRadios() const;

    /** @return which of them serves user @p i now, from 0 */
    virtual uint32_t GetServing(uint32_t i) const;

    /** @return the radio state of user @p i now */
    virtual RadioSample Sample(uint32_t i) const = 0;

    /** @return cumulative radio counters of user @p i */
    virtual RadioCounters Count(uint32_t i) const = 0;

    /**
     * Let Count() tell how long each user's radio received: any frame that it could make out
     * (WiFi), or subframes with data for it (LTE). Not by itself, because it costs time; before the
     * warm-up.
     */
    virtual void WatchReception() = 0;

    /** @return cumulative counters of the cell */
    virtual CellCounters CountCell() const = 0;

    /** @return metres between user @p i and the AP or eNB that serves it, now */
    virtual double GetDistance(uint32_t i) const = 0;

    /**
     * @return AP or eNB, users and background stations with their positions, now; without the users
     *         whose place is another cell's
     */
    virtual std::vector<PlacedNode> GetPlacedNodes() const = 0;

    /**
     * Write every frame of this cell's radios to tables; after Build().
     * @param tables must outlive the simulation
     * @param firstNode number of this cell's first node in the topology (GetPlacedNodes()[0])
     * @param stations numbers of the users, then of the background stations
     */
    virtual void RecordFrames(FrameTables& tables,
                              int64_t firstNode,
                              const std::vector<StationNumber>& stations) = 0;

    /** @return whether shadowing or interference of its own may put a station out of reach */
    virtual bool MayLoseStations() const = 0;

    /**
     * Draw where every station stands, and what lasts with its place: the losses of shadowing.
     * Before the warm-up.
     * @param first the first stream index to use
     * @return how many stream indices were used
     */
    virtual int64_t DrawPlaces(int64_t first) = 0;

    /** @return what makes this cell's results doubtful, for people; often nothing */
    virtual std::vector<std::string> GetWarnings() const;

    /** @return the simulated time by which stations normally are associated or attached */
    virtual Time GetWarmup() const = 0;

    /** @return how many stations are associated or attached */
    virtual uint32_t CountConnected() const = 0;

    /** Let rate control learn what each station's place allows; once all are connected. */
    virtual void BeginTraining() = 0;

    /** @return whether that has ended */
    virtual bool IsTrained() const = 0;

    /**
     * Re-seed every random stream of the cell, so that a forked copy of the warmed-up process
     * is a function of its seed alone.
     * @param first the first stream index to use
     * @return how many stream indices were used
     */
    virtual int64_t AssignStreams(int64_t first) = 0;

    /** Start mobility and background traffic; after AssignStreams(). */
    virtual void BeginEpisode() = 0;

  protected:
    /**
     * End the program if there are more stations than the technology of the cell can have.
     * @param reason what there are only so many of
     */
    void CheckStations(uint32_t most, const std::string& reason) const;

    /** Add users and background stations with their present positions. */
    void AppendStations(std::vector<PlacedNode>& nodes) const;

    /** Install an internet stack without IPv6 on the nodes that have none. */
    static void InstallStacks(const NodeContainer& nodes);

    uint32_t m_number{0}; //!< of the cell among those of its kind
    NodeContainer m_users;
    NodeContainer m_stations; //!< users, then background stations
    NetDeviceContainer m_stationDevices;
    Ipv4InterfaceContainer m_stationInterfaces;
    Placement m_placement;
};

/** @return whether a user of one of the cells can be handed over within it */
bool CanHandOver(const std::vector<const AccessCell*>& cells);

/** @return a name for each cell: its kind, with "-1", "-2", … where there are several of a kind */
std::vector<std::string> NameCells(const std::vector<const AccessCell*>& cells);

} // namespace ns3::tandem

#endif // TANDEM_ACCESS_CELL_H
