// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-cell.h"

#include "access/delay-queue-disc.h"
#include "access/shadowing-loss.h"
#include "agent-link/argument-check.h"

#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/ipv4.h"
#include "ns3/lte-amc.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-enb-phy.h"
#include "ns3/lte-enb-rrc.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/lte-ue-phy.h"
#include "ns3/lte-ue-rrc.h"
#include "ns3/simulator.h"
#include "ns3/spectrum-channel.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <cmath>

namespace ns3
{
namespace tandem
{

namespace
{
/** Uplink carrier of band 1 with ns-3's default EARFCN. */
constexpr double UPLINK_HZ = 1.93e9;
/** ns-3's default noise figure of an eNB. */
constexpr double ENB_NOISE_FIGURE_DB = 5.0;
constexpr double LTE_THERMAL_NOISE_DBM_PER_HZ = -174.0;
constexpr double PRB_HZ = 180e3;
/** About the lowest SINR at which CQI 1 can be used. */
constexpr double LOWEST_SINR_DB = -5.0;
constexpr int MCS_COUNT = 29;
constexpr double SUBFRAME_S = 1e-3;
/** The PDN that ns-3's core assigns UE addresses from. */
const char* const LTE_NETWORK = "7.0.0.0";
const char* const LTE_MASK = "255.0.0.0";
const Vector ENB_CENTRE(0, 0, 0);
/** Shorter sounding would refresh the CQI faster but not serve more UEs than it has subframes. */
constexpr uint32_t SHORTEST_SRS_PERIOD = 40;
/** A period of TS 36.213; ns-3's 1 ms is not one and costs about a quarter of the run time. */
const Time DOWNLINK_CQI_PERIOD = MilliSeconds(10);
/** The first system information is out by then. */
const Time ATTACH_START = MilliSeconds(50);
/** Between the random accesses of two UEs, so that preambles do not collide. */
const Time ATTACH_SPACING = MilliSeconds(5);
/** From random access to the default bearer's set-up, with one repetition. */
const Time ATTACH_TIME = MilliSeconds(300);

/** ns-3 gives each UE its own sounding subframe, so the period must exceed the number of UEs. */
uint32_t
ChooseSrsPeriod(uint32_t ues)
{
    for (uint32_t period = SHORTEST_SRS_PERIOD; period < 320; period *= 2)
    {
        if (ues < period)
        {
            return period;
        }
    }
    return 320;
}
} // namespace

LteCell::LteCell(const LteCellConfig& config)
    : m_config(config)
{
    LteAmc amc;
    for (int mcs = 0; mcs < MCS_COUNT; ++mcs)
    {
        m_fullBandRateBps.push_back(
            amc.GetUlTbSizeFromMcs(mcs, static_cast<int>(config.bandwidthPrb)) / SUBFRAME_S);
    }
}

LteCell::~LteCell() = default;

double
LteCell::GetRange(const LteCellConfig& config)
{
    const double noiseDbm = LTE_THERMAL_NOISE_DBM_PER_HZ +
                            10 * std::log10(PRB_HZ * config.bandwidthPrb) + ENB_NOISE_FIGURE_DB;
    return config.pathLoss.DistanceForLoss(UPLINK_HZ,
                                           config.ueTxPowerDbm - noiseDbm - LOWEST_SINR_DB);
}

void
LteCell::Build(NodeContainer users)
{
    m_users = users;
    m_backgroundNodes.Create(m_config.background.stations);
    m_stations = NodeContainer(m_users, m_backgroundNodes);
    m_enb = CreateObject<Node>();

    auto enbMobility = CreateObject<ConstantPositionMobilityModel>();
    enbMobility->SetPosition(ENB_CENTRE);
    m_enb->AggregateObject(enbMobility);
    m_placement.Install(m_config.placement, ENB_CENTRE, m_stations);

    ConfigureDefaults();
    InstallRadio();
    InstallShadowing();
    InstallCore();
}

void
LteCell::ConfigureDefaults()
{
    // Bearers are created when UEs attach, so these can only be set as defaults. The buffer of
    // 10 kB that ns-3 starts from would drop most of every TCP window: 1 MiB holds TCP's largest
    // window of this library, so that the radio, not a loss in the own device, limits a sender.
    const UintegerValue buffer(m_config.rlcBufferBytes);
    Config::SetDefault("ns3::LteRlcUm::MaxTxBufferSize", buffer);
    Config::SetDefaultFailSafe("ns3::LteRlcAm::MaxTxBufferSize", buffer);
    // Deep buffers with a discard timer of 0.3 s would be shallow again under load.
    Config::SetDefaultFailSafe("ns3::LteRlcUm::EnablePdcpDiscarding", BooleanValue(false));
}

void
LteCell::InstallRadio()
{
    m_epc = CreateObject<PointToPointEpcHelper>();
    m_lte = CreateObject<LteHelper>();
    m_lte->SetEpcHelper(m_epc);
    m_lte->SetSchedulerType(m_config.scheduler == "pf" ? "ns3::PfFfMacScheduler"
                                                       : "ns3::RrFfMacScheduler");
    m_lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_lte->SetPathlossModelType(LogDistancePropagationLossModel::GetTypeId());
    m_lte->SetPathlossModelAttribute("Exponent", DoubleValue(m_config.pathLoss.exponent));
    m_lte->SetPathlossModelAttribute("ReferenceDistance", DoubleValue(1.0));
    m_lte->SetPathlossModelAttribute("ReferenceLoss",
                                     DoubleValue(PathLossConfig::ReferenceLossDb(UPLINK_HZ)));

    m_enbDevice = m_lte->InstallEnbDevice(NodeContainer(m_enb)).Get(0);
    auto enb = DynamicCast<LteEnbNetDevice>(m_enbDevice);
    enb->GetPhy()->SetTxPower(m_config.enbTxPowerDbm);
    enb->GetRrc()->SetAttribute("SrsPeriodicity",
                                UintegerValue(ChooseSrsPeriod(m_stations.GetN())));
    enb->GetRrc()->SetAttribute(
        "EpsBearerToRlcMapping",
        StringValue(m_config.rlcMode == "um" ? "RlcUmAlways" : "RlcAmAlways"));
    enb->GetPhy()->TraceConnectWithoutContext("ReportUeSinr", MakeCallback(&LteCell::OnSinr, this));

    m_stationDevices = m_lte->InstallUeDevice(m_stations);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        auto ue = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i));
        ue->GetPhy()->SetTxPower(m_config.ueTxPowerDbm);
        // A radio link failure would take the UE's bearer away for good: ns-3's core does not
        // set it up again. The radius is checked against the uplink's range instead.
        ue->GetPhy()->SetAttribute("EnableRlfDetection", BooleanValue(false));
        ue->GetPhy()->SetAttribute("DownlinkCqiPeriodicity", TimeValue(DOWNLINK_CQI_PERIOD));
        m_probes.push_back(std::make_unique<LteUeProbe>(ue));
    }
}

void
LteCell::InstallShadowing()
{
    const auto uplink = m_lte->GetUplinkSpectrumChannel();
    const auto downlink = m_lte->GetDownlinkSpectrumChannel();
    if (m_config.pathLoss.shadowingDb > 0)
    {
        m_shadowing = CreateObject<ShadowingLossModel>();
        m_shadowing->SetSigma(m_config.pathLoss.shadowingDb);
        uplink->AddPropagationLossModel(m_shadowing);
        downlink->AddPropagationLossModel(m_shadowing->CreateTwin());
    }
    if (m_config.pathLoss.nakagami)
    {
        for (const auto& channel : {uplink, downlink})
        {
            auto fading = CreateObject<NakagamiPropagationLossModel>();
            channel->AddPropagationLossModel(fading);
            m_fading.push_back(fading);
        }
    }
}

void
LteCell::InstallCore()
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.Install(m_stations);
    m_stationInterfaces = m_epc->AssignUeIpv4Address(m_stationDevices);

    Ipv4StaticRoutingHelper routing;
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        const auto [ipv4, interface] = m_stationInterfaces.Get(i);
        routing.GetStaticRouting(ipv4)->SetDefaultRoute(m_epc->GetUeDefaultGatewayAddress(),
                                                        interface);
        Simulator::Schedule(ATTACH_START + static_cast<int64_t>(i) * ATTACH_SPACING,
                            &LteCell::AttachOne,
                            this,
                            i);
    }
}

void
LteCell::AttachOne(uint32_t i)
{
    m_lte->Attach(m_stationDevices.Get(i), m_enbDevice);
}

void
LteCell::OnSinr(uint16_t /* cellId */, uint16_t rnti, double sinr, uint8_t /* carrier */)
{
    if (rnti >= m_sinrByRnti.size())
    {
        m_sinrByRnti.resize(rnti + 1, 1.0);
    }
    m_sinrByRnti[rnti] = sinr;
}

std::string
LteCell::GetKind() const
{
    return "lte";
}

std::string
LteCell::GetStandard() const
{
    return "LTE";
}

Ptr<Node>
LteCell::GetGateway() const
{
    return m_epc->GetPgwNode();
}

std::pair<Ipv4Address, Ipv4Mask>
LteCell::GetUserNetwork() const
{
    return {Ipv4Address(LTE_NETWORK), Ipv4Mask(LTE_MASK)};
}

const LteUeProbe&
LteCell::GetProbe(uint32_t i) const
{
    return *m_probes.at(i);
}

void
LteCell::StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port)
{
    const std::vector<Ptr<Node>> sources(m_backgroundNodes.Begin(), m_backgroundNodes.End());
    m_background.Install(m_config.background, sources, sink, address, port);
}

RadioSample
LteCell::Sample(uint32_t i) const
{
    RadioSample sample;
    const auto& probe = *m_probes.at(i);
    const uint16_t rnti = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i))->GetRrc()->GetRnti();
    if (rnti < m_sinrByRnti.size())
    {
        sample.snrDb = 10 * std::log10(m_sinrByRnti[rnti]);
    }
    if (probe.HasGrant())
    {
        // What this MCS carries in the whole band: independent of how many others shared the
        // last subframe, as a WiFi PHY rate is.
        sample.mcs = probe.GetMcs();
        sample.rateBps = m_fullBandRateBps.at(probe.GetMcs());
    }
    sample.macQueueBytes = GetQueueDiscBytes(m_stationDevices.Get(i)) + probe.GetRlcBytes();
    return sample;
}

RadioCounters
LteCell::Count(uint32_t i) const
{
    return m_probes.at(i)->Count();
}

CellCounters
LteCell::CountCell() const
{
    uint64_t prbs = 0;
    for (const auto& probe : m_probes)
    {
        prbs += probe->GetGrantedPrbs();
    }
    CellCounters counters;
    counters.busyS = prbs * SUBFRAME_S / m_config.bandwidthPrb;
    counters.backgroundBytes = m_background.GetReceivedBytes();
    return counters;
}

double
LteCell::GetDistance(uint32_t i) const
{
    return m_placement.GetDistance(i);
}

std::vector<PlacedNode>
LteCell::GetPlacedNodes() const
{
    // The PGW has no place in the radio model; drawings get one behind the eNB.
    const double behindM = m_config.placement.radiusM / 4;
    std::vector<PlacedNode> nodes{
        {"enb", "enb", ENB_CENTRE},
        {"pgw", "pgw", Vector(ENB_CENTRE.x, ENB_CENTRE.y - behindM, ENB_CENTRE.z)}
    };
    AppendStations(nodes);
    return nodes;
}

void
LteCell::RecordFrames(FrameTables& tables, int64_t firstNode, int64_t firstUser)
{
    const int64_t firstStation = firstNode + 2; // after eNB and PGW
    RegisterStations(tables, firstStation, firstUser);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        m_frameProbes.push_back(
            std::make_unique<LteFrameProbe>(DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i)),
                                            firstStation + i,
                                            DynamicCast<LteEnbNetDevice>(m_enbDevice),
                                            firstNode,
                                            tables));
    }
}

Time
LteCell::GetWarmup() const
{
    // One sounding period more, so that the eNB knows every UE's uplink.
    return ATTACH_START + static_cast<int64_t>(m_stations.GetN()) * ATTACH_SPACING + ATTACH_TIME +
           MilliSeconds(ChooseSrsPeriod(m_stations.GetN()));
}

int64_t
LteCell::AssignStreams(int64_t first)
{
    int64_t next = first;
    NetDeviceContainer devices(m_enbDevice);
    devices.Add(m_stationDevices);
    next += m_lte->AssignStreams(devices, next);
    if (m_shadowing)
    {
        next += m_shadowing->AssignStreams(next);
    }
    for (const auto& fading : m_fading)
    {
        next += fading->AssignStreams(next);
    }
    next +=
        InternetStackHelper().AssignStreams(NodeContainer(NodeContainer(m_enb), m_stations), next);
    next += m_placement.AssignStreams(next);
    next += m_background.AssignStreams(next);
    return next - first;
}

void
LteCell::BeginEpisode()
{
    uint32_t attached = 0;
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        auto rrc = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i))->GetRrc();
        attached += rrc->GetState() == LteUeRrc::CONNECTED_NORMALLY ? 1 : 0;
    }
    if (attached < m_stationDevices.GetN())
    {
        Fail("only " + std::to_string(attached) + " of " + std::to_string(m_stationDevices.GetN()) +
             " UEs are attached after the warm-up; give a longer warm-up");
    }
    m_placement.BeginEpisode();
    m_background.BeginEpisode();
}

} // namespace tandem
} // namespace ns3
