// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-cell.h"

#include "access/measured-loss.h"
#include "access/shadowing-loss.h"
#include "agent-link/argument-check.h"

#include "ns3/internet-stack-helper.h"
#include "ns3/log.h"
#include "ns3/lte-amc.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/lte-ue-rrc.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemLteCell");

namespace
{
/** ns-3's default noise figure of an eNB. */
constexpr double ENB_NOISE_FIGURE_DB = 5.0;
/** … and of a UE. */
constexpr double UE_NOISE_FIGURE_DB = 9.0;
constexpr double LTE_THERMAL_NOISE_DBM_PER_HZ = -174.0;
constexpr double PRB_HZ = 180e3;
/** About the lowest SINR at which CQI 1 can be used. */
constexpr double LOWEST_SINR_DB = -5.0;
constexpr int MCS_COUNT = 29;
constexpr double SUBFRAME_S = 1e-3;
/** The PDN that ns-3's core assigns UE addresses from. */
const char* const LTE_NETWORK = "7.0.0.0";
const char* const LTE_MASK = "255.0.0.0";
/** From random access to the default bearer's set-up, with one repetition. */
const Time ATTACH_TIME = MilliSeconds(300);
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

Reach
LteCell::GetReach(const LteCellConfig& config, const std::string& prefix)
{
    const double thermalDbm =
        LTE_THERMAL_NOISE_DBM_PER_HZ + 10 * std::log10(PRB_HZ * config.bandwidthPrb);
    const double uplinkDb = config.ueTxPowerDbm - thermalDbm - ENB_NOISE_FIGURE_DB - LOWEST_SINR_DB;
    const double downlinkDb =
        config.enbTxPowerDbm - thermalDbm - UE_NOISE_FIGURE_DB - LOWEST_SINR_DB;
    const bool isUplink = uplinkDb <= downlinkDb;
    const auto name = [&prefix](const std::string& argument) {
        return "--" + ArgumentName(prefix, argument);
    };
    const std::string power = name(isUplink ? "ueTxPower" : "enbTxPower");
    Reach reach;
    // ns-3 applies the path loss of the uplink's carrier to both directions.
    reach.distanceM = config.pathLoss.DistanceForLoss(UPLINK_HZ, std::min(uplinkDb, downlinkDb));
    reach.limit = std::string("farther away the ") + (isUplink ? "up" : "down") +
                  "link cannot use " + std::to_string(config.bandwidthPrb) + " PRBs with " + power +
                  "=" + FormatNumber(isUplink ? config.ueTxPowerDbm : config.enbTxPowerDbm) +
                  " dBm and " + name("pathLossExponent") + "=" +
                  FormatNumber(config.pathLoss.exponent);
    reach.remedy =
        "more " + power + ", less " + name("bandwidth") + " or " + name("pathLossExponent");
    return reach;
}

double
LteCell::GetRange(const LteCellConfig& config)
{
    return GetReach(config).distanceM;
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

Ipv4Address
LteCell::GetUserGateway() const
{
    return m_epc->GetUeDefaultGatewayAddress();
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
    NS_LOG_FUNCTION(this << address << port);
    const std::vector<Ptr<Node>> sources(m_backgroundNodes.Begin(), m_backgroundNodes.End());
    m_background.Install(m_config.background, sources, sink, address, port);
}

uint32_t
LteCell::CountRadios() const
{
    return m_config.enbs;
}

uint32_t
LteCell::GetServing(uint32_t i) const
{
    return FindServing(m_enbDevices, DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i)));
}

RadioSample
LteCell::Sample(uint32_t i) const
{
    RadioSample sample;
    const auto& probe = *m_probes.at(i);
    const uint16_t rnti = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i))->GetRrc()->GetRnti();
    sample.snrDb = m_sinr[GetServing(i)]->GetSinrDb(rnti);
    if (probe.HasGrant())
    {
        // What this MCS carries in the whole band: independent of how many others shared the
        // last subframe, as a WiFi PHY rate is.
        sample.mcs = probe.GetMcs();
        sample.rateBps = m_fullBandRateBps.at(probe.GetMcs());
    }
    sample.macQueueBytes = static_cast<double>(m_queues.at(i)->GetBytes());
    return sample;
}

RadioCounters
LteCell::Count(uint32_t i) const
{
    return m_probes.at(i)->Count();
}

void
LteCell::WatchReception()
{
    for (uint32_t i = 0; i < m_users.GetN(); ++i)
    {
        m_probes.at(i)->WatchReception();
    }
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
    counters.busyS = prbs * SUBFRAME_S / m_config.bandwidthPrb / m_config.enbs;
    counters.backgroundBytes = m_background.GetReceivedBytes();
    return counters;
}

double
LteCell::GetDistance(uint32_t i) const
{
    if (m_config.enbs == 1)
    {
        return m_placement.GetDistance(i);
    }
    return CalculateDistance(m_placement.GetPosition(i), m_config.EnbPosition(GetServing(i)));
}

std::vector<PlacedNode>
LteCell::GetPlacedNodes() const
{
    // The PGW has no place in the radio model; drawings get one behind the eNB.
    const double behindM = m_config.placement.radiusM / 4;
    std::vector<PlacedNode> nodes;
    for (uint32_t i = 0; i < m_config.enbs; ++i)
    {
        const std::string name = m_config.enbs == 1 ? "enb" : "enb" + std::to_string(i + 1);
        nodes.push_back({name, "enb", m_config.EnbPosition(i)});
    }
    nodes.push_back({"pgw", "pgw", Vector(CENTRE.x, CENTRE.y - behindM, CENTRE.z)});
    AppendStations(nodes);
    return nodes;
}

void
LteCell::RecordFrames(FrameTables& tables,
                      int64_t firstNode,
                      const std::vector<StationNumber>& stations)
{
    NS_LOG_FUNCTION(this << firstNode);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        m_frameProbes.push_back(
            std::make_unique<LteFrameProbe>(DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i)),
                                            stations.at(i).node,
                                            m_enbDevices,
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
    NS_LOG_FUNCTION(this << first);
    int64_t next = first;
    NetDeviceContainer devices(m_enbDevices);
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
    next += InternetStackHelper().AssignStreams(NodeContainer(m_enbs, m_stations), next);
    next += m_placement.AssignStreams(next);
    next += m_background.AssignStreams(next);
    return next - first;
}

bool
LteCell::MayLoseStations() const
{
    // A second eNB on the carrier may drown what a UE between the two sends or hears.
    return m_config.pathLoss.shadowingDb > 0 || m_config.enbs > 1 ||
           !m_config.rsrpTrace.file.empty();
}

int64_t
LteCell::DrawPlaces(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    int64_t next = first;
    next += m_placement.Draw(next);
    if (m_shadowing)
    {
        next += m_shadowing->AssignStreams(next);
    }
    return next - first;
}

uint32_t
LteCell::CountConnected() const
{
    uint32_t attached = 0;
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        auto rrc = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i))->GetRrc();
        attached += rrc->GetState() == LteUeRrc::CONNECTED_NORMALLY ? 1 : 0;
    }
    return attached;
}

void
LteCell::BeginTraining()
{
    // The eNB takes rates from channel quality, which it measures all the time.
}

bool
LteCell::IsTrained() const
{
    return true;
}

void
LteCell::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    m_placement.BeginEpisode();
    m_background.BeginEpisode();
    for (const auto& model : m_measured)
    {
        model->Begin();
    }
}

std::string
LteCell::GetNotice() const
{
    return m_config.rsrpTrace.GetNotice("rsrp");
}

} // namespace ns3::tandem
