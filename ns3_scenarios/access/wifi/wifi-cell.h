// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_CELL_H
#define TANDEM_WIFI_CELL_H

#include "access/access-cell.h"
#include "access/background.h"
#include "access/measured-loss.h"
#include "access/path-loss.h"
#include "access/placement.h"
#include "access/reach.h"
#include "access/signal-trace.h"
#include "access/wifi/rate-training.h"
#include "access/wifi/wifi-frame-probe.h"
#include "access/wifi/wifi-mac-queue-probe.h"
#include "access/wifi/wifi-medium-probe.h"
#include "access/wifi/wifi-snr-probe.h"
#include "access/wifi/wifi-station-probe.h"
#include "agent-link/arguments.h"

#include "ns3/ipv4-interface-container.h"
#include "ns3/net-device-container.h"
#include "ns3/vector.h"
#include "ns3/wifi-helper.h"
#include "ns3/yans-wifi-channel.h"

#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** No PSDU is longer than this, so RTS/CTS is never used; the default. */
constexpr uint32_t RTS_NEVER_BYTES = 4692480;

/** Everything about a WiFi cell that can be chosen. */
struct WifiCellConfig
{
    std::string standard{"80211n"}; //!< 80211a | n | ac | ax | be
    uint32_t channelWidthMhz{20};   //!< MHz
    uint32_t guardIntervalNs{800};  //!< between OFDM symbols, ns: 400 | 800 | 3200
    /** minstrel | ideal | constant:MCS; of 80211a constant:RATE, Mbit/s */
    std::string rateControl{"minstrel"};
    uint32_t trainingBytes{40000};               //!< minstrel: uploaded in the warm-up per rate
    double txPowerDbm{16.0};                     //!< of AP and stations, dBm
    double apExtraPowerDb{0.0};                  //!< of the AP on top of that, dB
    double stationGainDb{0.0};                   //!< of stations' antennas, dB
    double detectionDbm{-82.0};                  //!< weaker frames are not noticed, dBm
    double fadingLossDb{0.0};                    //!< of fading within the channel's width, dB
    uint32_t ampduBytes{65535};                  //!< largest A-MPDU, bytes; 0: no aggregation
    uint32_t rtsThresholdBytes{RTS_NEVER_BYTES}; //!< RTS/CTS for PSDUs longer than this, bytes
    double queueLifetimeS{0.5};                  //!< of a frame in a MAC queue, s; about 802.11's
    uint32_t aifsn{3};                           //!< slots after SIFS that best effort waits
    uint32_t minWindow{15};                      //!< contention window of a first attempt, slots
    uint32_t maxWindow{1023};                    //!< where the window's doubling ends, slots
    bool staticAssociation{false};               //!< associated from the start, without frames
    PathLossConfig pathLoss;
    SignalTraceConfig rssiTrace;
    PlacementConfig placement;
    BackgroundConfig background;
    /** Where the AP stands, m; set in code. Antennas are at the height of the stations. */
    Vector centre{0, 0, 0};

    WifiCellConfig();

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** @return whether every frame has the same MCS */
    bool IsConstantRate() const;

    /** @return whether frames have only the rates of 802.11a: no MCS, no aggregation */
    bool IsLegacy() const;

    /** @return whether symbols and guard intervals are those of 802.11ax */
    bool HasHeSymbols() const;

    /** @return what the AP receives of a station without path loss, dBm: the weaker direction */
    double GetUplinkPowerDbm() const;

    /** @return the values of rateControl=constant:… */
    std::vector<uint32_t> GetConstantRates() const;

    /** @return ns-3's name of the lowest rate of data frames, e.g. "HeMcs0" */
    std::string GetLowestMode() const;

    /** @return how many rates Minstrel-HT can choose from: MCS, channel widths, guard intervals */
    uint32_t CountRates() const;

    /** Add every argument, each with @p prefix in front of its name. */
    void AddArguments(CommandLine& cmd, const std::string& prefix = "");

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix = "") const;
};

/** An infrastructure BSS in the 5 GHz band: one AP, users, background stations. */
class WifiCell : public AccessCell
{
  public:
    /** The association identifiers of an AP, and so of ns-3's, are 1 to 2007. */
    static constexpr uint32_t MAX_STATIONS = 2007;

    /** @param config must have been checked */
    explicit WifiCell(const WifiCellConfig& config);

    /**
     * Contend with another cell for one channel; else each has a channel of its own, which others
     * do not disturb.
     * @param other built before this one; its path loss holds for both
     */
    void ShareChannel(const WifiCell& other);

    void Build(NodeContainer users) override;
    std::string GetKind() const override;
    std::string GetStandard() const override;
    Ptr<Node> GetGateway() const override;
    Ipv4Address GetUserGateway() const override;
    std::pair<Ipv4Address, Ipv4Mask> GetUserNetwork() const override;
    void StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port) override;
    RadioSample Sample(uint32_t i) const override;
    RadioCounters Count(uint32_t i) const override;
    void WatchReception() override;
    CellCounters CountCell() const override;
    double GetDistance(uint32_t i) const override;
    std::vector<PlacedNode> GetPlacedNodes() const override;
    void RecordFrames(FrameTables& tables,
                      int64_t firstNode,
                      const std::vector<StationNumber>& stations) override;
    std::vector<std::string> GetWarnings() const override;
    bool MayLoseStations() const override;
    int64_t DrawPlaces(int64_t first) override;
    Time GetWarmup() const override;
    uint32_t CountConnected() const override;
    void BeginTraining() override;
    bool IsTrained() const override;
    int64_t AssignStreams(int64_t first) override;
    void BeginEpisode() override;
    std::string GetNotice() const override;

    /**
     * @return how far AP and stations receive each other's frames of full width at the lowest rate
     * @param prefix of the cell's arguments, for the words of a message
     */
    static Reach GetReach(const WifiCellConfig& config, const std::string& prefix = "");

    /** @return the distance of GetReach(), m */
    static double GetRange(const WifiCellConfig& config);

    /** @return the greatest distance at which a radio takes notice of any frame, m */
    static double GetHearingRange(const WifiCellConfig& config);

  private:
    /** What watches a user's radio. */
    struct UserProbes
    {
        std::unique_ptr<WifiStationProbe> station;
        WifiMacQueueProbe queue;
        WifiSnrProbe snr;
    };

    static constexpr double CARRIER_HZ = 5.18e9;
    /** Of the first cell; each further one takes the next. */
    static constexpr const char* FIRST_NETWORK = "10.1.0.0";
    static constexpr const char* NETWORK_MASK = "255.255.0.0";
    static constexpr uint32_t NETWORK_SIZE = 1 << 16;
    /** Long enough to hear a beacon, sent every 102.4 ms. */
    inline static const Time SCAN_TIME = MilliSeconds(120);
    /** Between the ends of the scans of two stations; an association takes about 1 ms. */
    inline static const Time ASSOCIATION_SPACING = MilliSeconds(4);

    void InstallRadio();
    void InstallChannel();
    void InstallMeasuredLoss();
    void AssociateWithoutFrames();
    Ipv4Address GetNetwork() const;
    void InstallAddresses();
    void FillNeighbourCaches();
    NodeContainer GetAllNodes() const;

    WifiCellConfig m_config;
    WifiHelper m_wifi;
    const WifiCell* m_channelOwner{nullptr}; //!< null: it has a channel of its own
    Ptr<YansWifiChannel> m_channel;
    Ptr<MeasuredLossModel> m_measured; //!< null without a trace
    NodeContainer m_backgroundNodes;
    Ptr<Node> m_ap;
    Ptr<NetDevice> m_apDevice;
    Ipv4Address m_apAddress;
    BackgroundTraffic m_background;
    RateTraining m_training;
    std::vector<UserProbes> m_userProbes;
    std::unique_ptr<WifiMediumProbe> m_medium;
    std::vector<std::unique_ptr<WifiFrameProbe>> m_frameProbes; //!< empty unless asked for
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_CELL_H
