// SPDX-License-Identifier: GPL-2.0-only
// How an LTE cell is put together: nodes, radios, shadowing, core network, probes.
#include "access/lte/lte-cell.h"

#include "access/measured-loss.h"
#include "access/shadowing-loss.h"

#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/ipv4.h"
#include "ns3/log.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-enb-phy.h"
#include "ns3/lte-enb-rrc.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/lte-ue-phy.h"
#include "ns3/simulator.h"
#include "ns3/spectrum-channel.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemLteCellInstall");

namespace
{
/** Shorter sounding would refresh the CQI faster but not serve more UEs than it has subframes. */
constexpr uint32_t SHORTEST_SRS_PERIOD = 40;
constexpr double SUBCARRIERS_PER_PRB = 12;
/** A period of TS 36.213; ns-3's 1 ms is not one and costs about a quarter of the run time. */
const Time DOWNLINK_CQI_PERIOD = MilliSeconds(10);
} // namespace

void
LteCell::Build(NodeContainer users)
{
    NS_LOG_FUNCTION(this << users.GetN());
    m_users = users;
    m_backgroundNodes.Create(m_config.background.stations);
    m_stations = NodeContainer(m_users, m_backgroundNodes);
    CheckStations(MAX_STATIONS, "each sounds the uplink in a subframe of its own");
    m_enbs.Create(m_config.enbs);
    for (uint32_t i = 0; i < m_enbs.GetN(); ++i)
    {
        auto mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(m_config.EnbPosition(i));
        m_enbs.Get(i)->AggregateObject(mobility);
    }
    m_placement.Install(m_config.placement, CENTRE, m_stations);

    ConfigureDefaults();
    InstallRadio();
    InstallShadowing();
    InstallMeasuredLoss();
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
    NS_LOG_FUNCTION(this);
    m_epc = CreateObject<PointToPointEpcHelper>();
    m_lte = CreateObject<LteHelper>();
    m_lte->SetEpcHelper(m_epc);
    m_lte->SetSchedulerType(m_config.scheduler == "pf" ? "ns3::PfFfMacScheduler"
                                                       : "ns3::RrFfMacScheduler");
    m_lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_lte->SetPathlossModelType(LogDistancePropagationLossModel::GetTypeId());
    m_lte->SetPathlossModelAttribute("Exponent", DoubleValue(m_config.pathLoss.GetFirstExponent()));
    m_lte->SetPathlossModelAttribute("ReferenceDistance", DoubleValue(1.0));
    m_lte->SetPathlossModelAttribute("ReferenceLoss",
                                     DoubleValue(PathLossConfig::ReferenceLossDb(UPLINK_HZ)));

    InstallEnbs();
    m_stationDevices = m_lte->InstallUeDevice(m_stations);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        auto ue = DynamicCast<LteUeNetDevice>(m_stationDevices.Get(i));
        ue->GetPhy()->SetTxPower(m_config.ueTxPowerDbm);
        ue->GetPhy()->SetAttribute("EnableUplinkPowerControl", BooleanValue(m_config.powerControl));
        // A radio link failure would take the UE's bearer away for good: ns-3's core does not
        // set it up again. The radius is checked against the uplink's range instead.
        ue->GetPhy()->SetAttribute("EnableRlfDetection", BooleanValue(false));
        ue->GetPhy()->SetAttribute("DownlinkCqiPeriodicity", TimeValue(DOWNLINK_CQI_PERIOD));
        m_probes.push_back(std::make_unique<LteUeProbe>(ue));
        m_queues.push_back(std::make_unique<LteRlcQueueProbe>(ue));
    }
}

void
LteCell::InstallEnbs()
{
    if (m_enbs.GetN() > 1)
    {
        m_lte->SetHandoverAlgorithmType("ns3::A3RsrpHandoverAlgorithm");
        m_lte->SetHandoverAlgorithmAttribute("Hysteresis", DoubleValue(m_config.hysteresisDb));
        m_lte->SetHandoverAlgorithmAttribute("TimeToTrigger",
                                             TimeValue(Seconds(m_config.timeToTriggerMs * 1e-3)));
    }
    m_enbDevices = m_lte->InstallEnbDevice(m_enbs);
    for (uint32_t i = 0; i < m_enbDevices.GetN(); ++i)
    {
        auto enb = DynamicCast<LteEnbNetDevice>(m_enbDevices.Get(i));
        enb->GetPhy()->SetTxPower(m_config.enbTxPowerDbm);
        enb->GetRrc()->SetAttribute("SrsPeriodicity",
                                    UintegerValue(ChooseSrsPeriod(m_stations.GetN())));
        enb->GetRrc()->SetAttribute(
            "EpsBearerToRlcMapping",
            StringValue(m_config.rlcMode == "um" ? "RlcUmAlways" : "RlcAmAlways"));
        m_sinr.push_back(std::make_unique<LteSinrProbe>(enb));
    }
    if (m_enbs.GetN() > 1)
    {
        m_lte->AddX2Interface(m_enbs);
    }
}

void
LteCell::InstallShadowing()
{
    NS_LOG_FUNCTION(this);
    const auto uplink = m_lte->GetUplinkSpectrumChannel();
    const auto downlink = m_lte->GetDownlinkSpectrumChannel();
    for (const auto& channel : {uplink, downlink})
    {
        if (const auto beyond = m_config.pathLoss.CreateBeyondBreakpoint())
        {
            channel->AddPropagationLossModel(beyond);
        }
    }
    if (m_config.pathLoss.shadowingDb > 0)
    {
        m_shadowing = CreateObject<ShadowingLossModel>();
        m_shadowing->SetAttribute("Sigma", DoubleValue(m_config.pathLoss.shadowingDb));
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
LteCell::InstallMeasuredLoss()
{
    if (m_config.rsrpTrace.file.empty())
    {
        return;
    }
    NS_LOG_FUNCTION(this);
    const auto trace = std::make_shared<SignalTrace>(m_config.rsrpTrace.Read("rsrp"));
    // RSRP is what one resource element of the eNB's whole band is received with.
    const double sentDbm =
        m_config.enbTxPowerDbm - 10 * std::log10(SUBCARRIERS_PER_PRB * m_config.bandwidthPrb);
    for (const auto& channel :
         {m_lte->GetUplinkSpectrumChannel(), m_lte->GetDownlinkSpectrumChannel()})
    {
        auto model = CreateObject<MeasuredLossModel>();
        model->Configure(trace, sentDbm, m_config.pathLoss, UPLINK_HZ);
        model->SetLinks(m_enbs.Get(0), m_users, Seconds(m_config.rsrpTrace.shiftS));
        channel->AddPropagationLossModel(model);
        m_measured.push_back(model);
    }
}

void
LteCell::InstallCore()
{
    NS_LOG_FUNCTION(this);
    InstallStacks(m_stations);
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
    NS_LOG_FUNCTION(this << i);
    const uint32_t nearest = m_config.NearestEnb(m_placement.GetPosition(i));
    m_lte->Attach(m_stationDevices.Get(i), m_enbDevices.Get(nearest));
}

uint32_t
LteCell::ChooseSrsPeriod(uint32_t ues)
{
    for (uint32_t period = SHORTEST_SRS_PERIOD; period < MAX_STATIONS; period *= 2)
    {
        if (ues < period)
        {
            return period;
        }
    }
    return MAX_STATIONS;
}

} // namespace ns3::tandem
