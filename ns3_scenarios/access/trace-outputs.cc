// SPDX-License-Identifier: GPL-2.0-only
#include "access/trace-outputs.h"

#include "access/frame-tables.h"
#include "access/wifi/wifi-frame-probe.h"
#include "agent-link/argument-check.h"

#include "ns3/animation-interface.h"
#include "ns3/csma-helper.h"
#include "ns3/csma-net-device.h"
#include "ns3/log.h"
#include "ns3/mobility-model.h"
#include "ns3/names.h"
#include "ns3/node-list.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/point-to-point-net-device.h"
#include "ns3/simulator.h"
#include "ns3/sta-wifi-mac.h"
#include "ns3/wifi-net-device.h"
#include "ns3/yans-wifi-helper.h"

#include <filesystem>
#include <fstream>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTraceOutputs");

namespace
{

// Where NetAnim draws the nodes that have no place of their own, m.
constexpr double HOST_X_M = 60;
constexpr double HOST_SPACING_M = 15;

void
CheckWritable(const std::string& argument, const std::string& path)
{
    if (!std::ofstream(path))
    {
        Fail(argument + "=" + path + " cannot be written; does its folder exist?");
    }
}

std::string
NameOf(Ptr<Node> node)
{
    const std::string name = Names::FindName(node);
    return name.empty() ? "n" + std::to_string(node->GetId()) : name;
}

/** @return whether ns-3 can write what the device sends and hears */
bool
EnableDevicePcap(const std::string& file, Ptr<NetDevice> device)
{
    if (DynamicCast<WifiNetDevice>(device))
    {
        YansWifiPhyHelper radio;
        radio.SetPcapDataLinkType(WifiPhyHelper::DLT_IEEE802_11_RADIO);
        radio.EnablePcap(file, device, true, true);
        return true;
    }
    if (DynamicCast<PointToPointNetDevice>(device))
    {
        PointToPointHelper().EnablePcap(file, device, true, true);
        return true;
    }
    if (DynamicCast<CsmaNetDevice>(device))
    {
        CsmaHelper().EnablePcap(file, device, true, true);
        return true;
    }
    return false;
}

} // namespace

TraceOutputs::TraceOutputs(AgentLink& link, Arguments& arguments)
    : m_link(link)
{
    arguments.AddFile("pcap",
                      "prefix of packet traces, a file per episode and device; empty: none",
                      m_pcapPrefix);
    arguments.AddFile("flowmon",
                      "FlowMonitor's XML file, one per episode; empty: none",
                      m_flowmonFile);
    arguments.AddFile("netanim", "NetAnim's XML file, one per episode; empty: none", m_netanimFile);
    arguments.Add("frames",
                  "record every WiFi frame in the tables airtime, frames and losses",
                  m_recordFrames);
}

TraceOutputs::~TraceOutputs()
{
    Finish();
}

void
TraceOutputs::Install()
{
    NS_LOG_FUNCTION(this);
    if (m_recordFrames)
    {
        DeclareFrames();
    }
    if (m_pcapPrefix.empty() && m_flowmonFile.empty() && m_netanimFile.empty())
    {
        return;
    }
    m_link.AddEpisodeBegin([this] { Begin(); });
    m_link.HandOverAtExit();
    m_link.SetMeta("trace_files", "\"per episode\""); // for `tandem run`
}

void
TraceOutputs::DeclareFrames()
{
    m_frames = std::make_unique<FrameTables>(m_link);
    int64_t station = 0;
    for (uint32_t n = 0; n < NodeList::GetNNodes(); ++n)
    {
        const Ptr<Node> node = NodeList::GetNode(n);
        for (uint32_t d = 0; d < node->GetNDevices(); ++d)
        {
            const auto device = DynamicCast<WifiNetDevice>(node->GetDevice(d));
            if (!device)
            {
                continue;
            }
            if (DynamicCast<StaWifiMac>(device->GetMac()))
            {
                m_frames->AddNode(n, station++);
            }
            m_probes.push_back(std::make_unique<WifiFrameProbe>(device, n, *m_frames));
        }
    }
    if (m_probes.empty())
    {
        Fail("--frames=1: the scenario has no WiFi device to record");
    }
}

void
TraceOutputs::Begin()
{
    NS_LOG_FUNCTION(this);
    m_open = true;
    if (!m_pcapPrefix.empty())
    {
        EnablePcap();
    }
    if (!m_flowmonFile.empty())
    {
        CheckWritable("--flowmon", OfEpisode(m_flowmonFile));
        m_flowMonitor.InstallAll();
    }
    if (!m_netanimFile.empty())
    {
        CheckWritable("--netanim", OfEpisode(m_netanimFile));
        EnableNetAnim();
    }
    Simulator::ScheduleDestroy(&TraceOutputs::Finish, this);
}

void
TraceOutputs::EnablePcap()
{
    const std::string prefix = OfEpisode(m_pcapPrefix);
    uint32_t traced = 0;
    for (uint32_t n = 0; n < NodeList::GetNNodes(); ++n)
    {
        const Ptr<Node> node = NodeList::GetNode(n);
        for (uint32_t d = 0; d < node->GetNDevices(); ++d)
        {
            const std::string file =
                prefix + "-" + NameOf(node) + "-" + std::to_string(d) + ".pcap";
            traced += EnableDevicePcap(file, node->GetDevice(d));
        }
    }
    if (traced == 0)
    {
        Fail("--pcap=" + m_pcapPrefix +
             ": the scenario has no WiFi, point-to-point or CSMA device to trace");
    }
}

void
TraceOutputs::EnableNetAnim()
{
    double y = 0;
    for (uint32_t n = 0; n < NodeList::GetNNodes(); ++n)
    {
        const Ptr<Node> node = NodeList::GetNode(n);
        if (!node->GetObject<MobilityModel>())
        {
            AnimationInterface::SetConstantPosition(node, HOST_X_M, y);
            y += HOST_SPACING_M;
        }
    }
    m_animation = std::make_unique<AnimationInterface>(OfEpisode(m_netanimFile));
    for (uint32_t n = 0; n < NodeList::GetNNodes(); ++n)
    {
        m_animation->UpdateNodeDescription(NodeList::GetNode(n), NameOf(NodeList::GetNode(n)));
    }
}

void
TraceOutputs::Finish()
{
    NS_LOG_FUNCTION(this);
    if (!m_open)
    {
        return;
    }
    m_open = false;
    if (!m_flowmonFile.empty() && !m_link.IsFork())
    {
        m_flowMonitor.SerializeToXmlFile(OfEpisode(m_flowmonFile), true, true);
    }
    m_animation.reset(); // writes the end of its file
}

std::string
TraceOutputs::OfEpisode(const std::string& path) const
{
    const std::filesystem::path whole(path);
    const std::string name = whole.stem().string() + "-seed" + std::to_string(m_link.GetSeed()) +
                             whole.extension().string();
    return whole.parent_path() / name;
}

} // namespace ns3::tandem
