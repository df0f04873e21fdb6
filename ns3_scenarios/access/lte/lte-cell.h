// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_CELL_H
#define TANDEM_LTE_CELL_H

#include "access/access-cell.h"
#include "access/background.h"
#include "access/lte/lte-frame-probe.h"
#include "access/lte/lte-rlc-queue-probe.h"
#include "access/lte/lte-sinr-probe.h"
#include "access/lte/lte-ue-probe.h"
#include "access/path-loss.h"
#include "access/placement.h"
#include "access/reach.h"
#include "access/signal-trace.h"
#include "agent-link/arguments.h"

#include "ns3/ipv4-interface-container.h"
#include "ns3/lte-helper.h"
#include "ns3/net-device-container.h"
#include "ns3/point-to-point-epc-helper.h"
#include "ns3/propagation-loss-model.h"

#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

class MeasuredLossModel;
class ShadowingLossModel;

/** Everything about an LTE cell that can be chosen. */
struct LteCellConfig
{
    LteCellConfig();

    uint32_t enbs{1};                 //!< in a row around the cell's centre
    double enbSpacingM{300.0};        //!< between neighbouring eNBs
    double hysteresisDb{3.0};         //!< another eNB must be so much stronger for a handover …
    double timeToTriggerMs{256.0};    //!< … for so long
    std::string scheduler{"pf"};      //!< pf | rr
    uint32_t bandwidthPrb{50};        //!< uplink and downlink, PRBs: 6 | 15 | 25 | 50 | 75 | 100
    std::string rlcMode{"um"};        //!< um | am
    uint32_t rlcBufferBytes{1 << 20}; //!< of each bearer, bytes
    double ueTxPowerDbm{23.0};        //!< power class 3 of TS 36.101, dBm
    double enbTxPowerDbm{43.0};       //!< macro eNB of TR 36.814, dBm
    bool powerControl{true};          //!< of the uplink, by TS 36.213 as ns-3 does it
    PathLossConfig pathLoss;
    SignalTraceConfig rsrpTrace;
    PlacementConfig placement;
    BackgroundConfig background;

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add every argument, each with @p prefix in front of its name. */
    void AddArguments(CommandLine& cmd, const std::string& prefix = "");

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix = "") const;

    /** @return where eNB @p i stands */
    Vector EnbPosition(uint32_t i) const;

    /** @return the eNB that is nearest to a place; of equals the first */
    uint32_t NearestEnb(const Vector& place) const;

    /** @return the longest way from a place within the radius to the nearest eNB, m */
    double FarthestM() const;

    /**
     * End the program with a message if users of another cell may get out of reach.
     * @param prefix of the cell's arguments
     * @param centre of the other cell
     * @param radiusM of it
     */
    void CheckGuests(const std::string& prefix, const Vector& centre, double radiusM) const;
};

/**
 * eNBs on one carrier with an evolved packet core; the PGW is the gateway. Where there are several,
 * UEs start at the nearest one and are handed over by X2 when another is stronger.
 */
class LteCell : public AccessCell
{
  public:
    /** UEs sound the uplink one per subframe; ns-3's longest sounding period is 320 ms. */
    static constexpr uint32_t MAX_STATIONS = 320;
    static constexpr uint32_t MAX_ENBS = 4;

    /** @param config must have been checked */
    explicit LteCell(const LteCellConfig& config);
    ~LteCell() override;

    void Build(NodeContainer users) override;
    std::string GetKind() const override;
    std::string GetStandard() const override;
    Ptr<Node> GetGateway() const override;
    Ipv4Address GetUserGateway() const override;
    std::pair<Ipv4Address, Ipv4Mask> GetUserNetwork() const override;
    void StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port) override;
    uint32_t CountRadios() const override;
    uint32_t GetServing(uint32_t i) const override;
    RadioSample Sample(uint32_t i) const override;
    RadioCounters Count(uint32_t i) const override;
    void WatchReception() override;
    CellCounters CountCell() const override;
    double GetDistance(uint32_t i) const override;
    std::vector<PlacedNode> GetPlacedNodes() const override;
    void RecordFrames(FrameTables& tables,
                      int64_t firstNode,
                      const std::vector<StationNumber>& stations) override;
    bool MayLoseStations() const override;
    int64_t DrawPlaces(int64_t first) override;
    Time GetWarmup() const override;
    uint32_t CountConnected() const override;
    void BeginTraining() override;
    bool IsTrained() const override;
    int64_t AssignStreams(int64_t first) override;
    void BeginEpisode() override;
    std::string GetNotice() const override;

    /** @return the uplink probe of user @p i, for checks against the transport block tables */
    const LteUeProbe& GetProbe(uint32_t i) const;

    /**
     * @return how far both directions can use the whole band
     * @param prefix of the cell's arguments, for the words of a message
     */
    static Reach GetReach(const LteCellConfig& config, const std::string& prefix = "");

    /** @return the distance of GetReach(), m */
    static double GetRange(const LteCellConfig& config);

  private:
    /** Uplink carrier of band 1 with ns-3's default EARFCN. */
    static constexpr double UPLINK_HZ = 1.93e9;
    inline static const Vector CENTRE{0, 0, 0};
    /** The first system information is out by then. */
    inline static const Time ATTACH_START = MilliSeconds(50);
    /** Between the random accesses of two UEs, so that preambles do not collide. */
    inline static const Time ATTACH_SPACING = MilliSeconds(5);

    void ConfigureDefaults();
    void InstallRadio();
    void InstallEnbs();
    void InstallCore();
    void InstallShadowing();
    void InstallMeasuredLoss();
    void AttachOne(uint32_t i);
    /** ns-3 gives each UE its own sounding subframe, so the period must exceed the number of UEs.
     */
    static uint32_t ChooseSrsPeriod(uint32_t ues);

    LteCellConfig m_config;
    // Members, because an LteHelper that goes out of scope takes the core network apart.
    Ptr<LteHelper> m_lte;
    Ptr<PointToPointEpcHelper> m_epc;
    Ptr<ShadowingLossModel> m_shadowing;
    std::vector<Ptr<MeasuredLossModel>>
        m_measured; //!< of uplink and downlink; empty without a trace
    std::vector<Ptr<PropagationLossModel>> m_fading;
    NodeContainer m_backgroundNodes;
    NodeContainer m_enbs;
    NetDeviceContainer m_enbDevices;
    BackgroundTraffic m_background;
    std::vector<std::unique_ptr<LteUeProbe>> m_probes;         //!< of all stations
    std::vector<std::unique_ptr<LteRlcQueueProbe>> m_queues;   //!< of all stations
    std::vector<std::unique_ptr<LteFrameProbe>> m_frameProbes; //!< empty unless asked for
    std::vector<std::unique_ptr<LteSinrProbe>> m_sinr;         //!< of each eNB
    std::vector<double> m_fullBandRateBps;                     //!< by MCS
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_CELL_H
