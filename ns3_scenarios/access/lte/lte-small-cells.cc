// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-small-cells.h"

#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-enb-phy.h"
#include "ns3/lte-spectrum-phy.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/lte-ue-phy.h"
#include "ns3/lte-ue-rrc.h"
#include "ns3/mobility-helper.h"
#include "ns3/pointer.h"
#include "ns3/random-waypoint-mobility-model.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemLteSmallCells");

namespace
{
constexpr uint32_t MAX_CELLS = 16;
constexpr uint32_t MAX_UES_PER_CELL = 32;
/** A period of TS 36.213. */
const Time CQI_PERIOD = MilliSeconds(10);
/** Reported where no reference signal was received yet. */
constexpr double SINR_FLOOR_DB = -50;
} // namespace

void
LteSmallCellsConfig::Declare(Arguments& arguments)
{
    arguments.Add("cells", "eNBs in a row", cells, Range(2, MAX_CELLS));
    arguments.Add("ues", "UEs of each cell", uesPerCell, Range(1, MAX_UES_PER_CELL));
    arguments.Add("spacing", "distance of neighbouring eNBs", spacingM, Range(1, 1e4, "m"));
    arguments.Add("roam", "how far UEs go from their eNB", roamM, Range(1, 1e4, "m"));
    arguments.Add("speed", "of UEs", speedMps, Range(0.01, 100, "m/s"));
    arguments.Add("pathLossExponent", "of the path loss", pathLossExponent, Range(1, 6));
    arguments.Add("referenceLoss", "path loss at 1 m", referenceLossDb, Range(0, 100, "dB"));
    arguments.Add("bandwidth",
                  "shared by all cells",
                  bandwidthPrb,
                  Choices({"6", "15", "25", "50", "75", "100"}, "PRB"));
    arguments.Add("maxPower", "of an eNB", maxPowerDbm, Range(-20, 46, "dBm"));
}

LteSmallCells::LteSmallCells(LteSmallCellsConfig config)
    : m_config(std::move(config))
{
    CheckDeclared(m_config);
}

void
LteSmallCells::Build()
{
    NS_LOG_FUNCTION(this << m_config.cells << m_config.uesPerCell);
    // Control channels are never lost: a UE stays attached wherever it goes.
    Config::SetDefault("ns3::LteSpectrumPhy::CtrlErrorModelEnabled", BooleanValue(false));
    Config::SetDefault("ns3::LteEnbRrc::EpsBearerToRlcMapping", StringValue("RlcSmAlways"));
    m_enbs.Create(m_config.cells);
    m_ues.Create(m_config.cells * m_config.uesPerCell);
    m_counters.resize(m_ues.GetN());
    InstallPlaces();

    m_loss = CreateObjectWithAttributes<LogDistancePropagationLossModel>(
        "Exponent",
        DoubleValue(m_config.pathLossExponent),
        "ReferenceLoss",
        DoubleValue(m_config.referenceLossDb));
    m_lte = CreateObject<LteHelper>();
    m_lte->SetPathlossModelType(LogDistancePropagationLossModel::GetTypeId());
    m_lte->SetPathlossModelAttribute("Exponent", DoubleValue(m_config.pathLossExponent));
    m_lte->SetPathlossModelAttribute("ReferenceLoss", DoubleValue(m_config.referenceLossDb));
    m_lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(m_config.bandwidthPrb));
    m_enbDevices = m_lte->InstallEnbDevice(m_enbs);
    m_ueDevices = m_lte->InstallUeDevice(m_ues);
    for (uint32_t cell = 0; cell < m_config.cells; ++cell)
    {
        SetPower(cell, m_config.maxPowerDbm);
    }
    for (uint32_t i = 0; i < m_ues.GetN(); ++i)
    {
        const auto phy = DynamicCast<LteUeNetDevice>(m_ueDevices.Get(i))->GetPhy();
        phy->SetAttribute("EnableRlfDetection", BooleanValue(false));
        phy->SetAttribute("DownlinkCqiPeriodicity", TimeValue(CQI_PERIOD));
        phy->GetDownlinkSpectrumPhy()->TraceConnectWithoutContext(
            "DlPhyReception",
            Callback<void, PhyReceptionStatParameters>(
                [this, i](PhyReceptionStatParameters block) { Count(i, block); }));
        phy->TraceConnectWithoutContext(
            "ReportCurrentCellRsrpSinr",
            Callback<void, uint16_t, uint16_t, double, double, uint8_t>(
                [this, i](uint16_t, uint16_t, double, double sinr, uint8_t) {
                    m_counters[i].sinrSum += sinr;
                    ++m_counters[i].sinrCount;
                }));
        m_lte->Attach(m_ueDevices.Get(i), m_enbDevices.Get(GetCellOf(i)));
    }
    m_lte->ActivateDataRadioBearer(m_ueDevices, EpsBearer(EpsBearer::NGBR_VIDEO_TCP_DEFAULT));
}

void
LteSmallCells::InstallPlaces()
{
    for (uint32_t cell = 0; cell < m_config.cells; ++cell)
    {
        const double x = cell * m_config.spacingM;
        auto mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(Vector(x, 0, 0));
        m_enbs.Get(cell)->AggregateObject(mobility);
        auto places = CreateObject<UniformDiscPositionAllocator>();
        places->SetRho(m_config.roamM);
        places->SetX(x);
        m_places.push_back(places);
    }
    for (uint32_t i = 0; i < m_ues.GetN(); ++i)
    {
        const std::string speed = std::to_string(m_config.speedMps);
        auto walk = CreateObjectWithAttributes<RandomWaypointMobilityModel>(
            "Speed",
            StringValue("ns3::ConstantRandomVariable[Constant=" + speed + "]"),
            "Pause",
            StringValue("ns3::ConstantRandomVariable[Constant=0]"),
            "PositionAllocator",
            PointerValue(m_places[GetCellOf(i)]));
        m_ues.Get(i)->AggregateObject(walk);
    }
}

void
LteSmallCells::DrawPlaces(int64_t stream)
{
    for (const auto& places : m_places)
    {
        stream += places->AssignStreams(stream);
    }
    for (uint32_t i = 0; i < m_ues.GetN(); ++i)
    {
        m_ues.Get(i)->GetObject<MobilityModel>()->SetPosition(m_places[GetCellOf(i)]->GetNext());
    }
}

int64_t
LteSmallCells::AssignStreams(int64_t stream)
{
    const int64_t first = stream;
    stream += m_lte->AssignStreams(m_enbDevices, stream);
    stream += m_lte->AssignStreams(m_ueDevices, stream);
    stream += MobilityHelper().AssignStreams(m_ues, stream);
    return stream - first;
}

uint32_t
LteSmallCells::GetUeCount() const
{
    return m_ues.GetN();
}

uint32_t
LteSmallCells::GetCellOf(uint32_t ue) const
{
    return ue / m_config.uesPerCell;
}

uint32_t
LteSmallCells::CountConnected() const
{
    return std::count_if(m_ueDevices.Begin(), m_ueDevices.End(), [](Ptr<NetDevice> device) {
        return DynamicCast<LteUeNetDevice>(device)->GetRrc()->GetState() ==
               LteUeRrc::CONNECTED_NORMALLY;
    });
}

void
LteSmallCells::SetPower(uint32_t cell, double dbm)
{
    NS_LOG_FUNCTION(this << cell << dbm);
    DynamicCast<LteEnbNetDevice>(m_enbDevices.Get(cell))->GetPhy()->SetTxPower(dbm);
}

void
LteSmallCells::Count(uint32_t ue, const PhyReceptionStatParameters& block)
{
    if (block.m_correctness == 1)
    {
        m_counters[ue].bits += 8.0 * block.m_size;
    }
    else
    {
        ++m_counters[ue].errors;
    }
}

double
LteSmallCells::GetLossDb(uint32_t ue, uint32_t cell) const
{
    return -m_loss->CalcRxPower(0,
                                m_enbs.Get(cell)->GetObject<MobilityModel>(),
                                m_ues.Get(ue)->GetObject<MobilityModel>());
}

LteDownlinkSample
LteSmallCells::Take(uint32_t ue)
{
    Counters& counters = m_counters.at(ue);
    const double periodS = (Simulator::Now() - counters.begin).GetSeconds();
    LteDownlinkSample sample;
    sample.throughputBps = periodS > 0 ? counters.bits / periodS : 0;
    sample.sinrDb = counters.sinrSum > 0 ? 10 * std::log10(counters.sinrSum / counters.sinrCount)
                                         : SINR_FLOOR_DB;
    sample.errors = counters.errors;
    sample.servingLossDb = GetLossDb(ue, GetCellOf(ue));
    sample.otherLossDb = std::numeric_limits<double>::infinity();
    for (uint32_t cell = 0; cell < m_config.cells; ++cell)
    {
        if (cell != GetCellOf(ue))
        {
            sample.otherLossDb = std::min(sample.otherLossDb, GetLossDb(ue, cell));
        }
    }
    counters = Counters();
    counters.begin = Simulator::Now();
    return sample;
}

} // namespace ns3::tandem
