// SPDX-License-Identifier: GPL-2.0-only
#include "access/trace-files.h"

#include "agent-link/argument-check.h"

#include "ns3/animation-interface.h"
#include "ns3/csma-helper.h"
#include "ns3/csma-net-device.h"
#include "ns3/log.h"
#include "ns3/mobility-model.h"
#include "ns3/node-list.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/point-to-point-net-device.h"
#include "ns3/simulator.h"
#include "ns3/wifi-net-device.h"
#include "ns3/yans-wifi-helper.h"

#include <filesystem>
#include <fstream>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTraceFiles");

namespace
{

// Where NetAnim draws the nodes that have no place of their own, m.
constexpr double HOST_X_M = 60;
constexpr double HOST_SPACING_M = 15;

[[noreturn]] void
Refuse(const std::string& argument, const std::string& path)
{
    Fail(argument + "=" + path + " cannot be written; does its folder exist?");
}

void
CheckFolder(const std::string& argument, const std::string& path)
{
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!path.empty() && !folder.empty() && !std::filesystem::is_directory(folder))
    {
        Refuse(argument, path);
    }
}

void
CheckWritable(const std::string& argument, const std::string& path)
{
    if (!std::ofstream(path))
    {
        Refuse(argument, path);
    }
}

void
EnableDevicePcap(const std::string& file, Ptr<NetDevice> device)
{
    if (DynamicCast<WifiNetDevice>(device))
    {
        YansWifiPhyHelper radio;
        radio.SetPcapDataLinkType(WifiPhyHelper::DLT_IEEE802_11_RADIO);
        radio.EnablePcap(file, device, true, true);
    }
    else if (DynamicCast<PointToPointNetDevice>(device))
    {
        PointToPointHelper().EnablePcap(file, device, true, true);
    }
    else
    {
        CsmaHelper().EnablePcap(file, device, true, true);
    }
}

} // namespace

TraceFiles::TraceFiles(AgentLink& link)
    : m_link(link)
{
}

TraceFiles::~TraceFiles()
{
    Finish();
}

void
TraceFiles::Declare(Arguments& arguments)
{
    arguments
        .AddFile("pcap",
                 "prefix of packet traces, a file per episode and device; empty: none",
                 m_pcapPrefix)
        .PerEpisode();
    arguments
        .AddFile("flowmon", "FlowMonitor's XML file, one per episode; empty: none", m_flowmonFile)
        .PerEpisode();
    arguments.AddFile("netanim", "NetAnim's XML file, one per episode; empty: none", m_netanimFile)
        .PerEpisode();
}

bool
TraceFiles::CanTrace(Ptr<NetDevice> device)
{
    return DynamicCast<WifiNetDevice>(device) || DynamicCast<PointToPointNetDevice>(device) ||
           DynamicCast<CsmaNetDevice>(device);
}

void
TraceFiles::Install(std::vector<TracedDevice> devices, std::function<std::string(Ptr<Node>)> nameOf)
{
    NS_LOG_FUNCTION(this << devices.size());
    if (m_pcapPrefix.empty() && m_flowmonFile.empty() && m_netanimFile.empty())
    {
        return;
    }
    if (!m_pcapPrefix.empty() && devices.empty())
    {
        Fail("--pcap=" + m_pcapPrefix +
             ": the scenario has no WiFi, point-to-point or CSMA device to trace");
    }
    CheckFolder("--pcap", m_pcapPrefix);
    CheckFolder("--flowmon", m_flowmonFile);
    CheckFolder("--netanim", m_netanimFile);
    m_devices = std::move(devices);
    m_nameOf = std::move(nameOf);
    m_link.AddEpisodeBegin([this] { Begin(); });
    m_link.HandOverAtExit();
}

void
TraceFiles::Begin()
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
    Simulator::ScheduleDestroy(&TraceFiles::Finish, this);
}

void
TraceFiles::EnablePcap()
{
    const std::string prefix = OfEpisode(m_pcapPrefix);
    for (const TracedDevice& traced : m_devices)
    {
        EnableDevicePcap(prefix + "-" + traced.name + ".pcap", traced.device);
    }
}

void
TraceFiles::EnableNetAnim()
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
        const Ptr<Node> node = NodeList::GetNode(n);
        if (const std::string name = m_nameOf(node); !name.empty())
        {
            m_animation->UpdateNodeDescription(node, name);
        }
    }
}

void
TraceFiles::Finish()
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
TraceFiles::OfEpisode(const std::string& path) const
{
    const std::filesystem::path whole(path);
    const std::string name = whole.stem().string() + "-seed" + std::to_string(m_link.GetSeed()) +
                             whole.extension().string();
    return whole.parent_path() / name;
}

} // namespace ns3::tandem
