// SPDX-License-Identifier: GPL-2.0-only
#include "access/trace-outputs.h"

#include "access/frame-tables.h"
#include "access/wifi/wifi-frame-probe.h"
#include "agent-link/argument-check.h"

#include "ns3/log.h"
#include "ns3/names.h"
#include "ns3/node-list.h"
#include "ns3/sta-wifi-mac.h"
#include "ns3/wifi-net-device.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTraceOutputs");

namespace
{

std::string
NameOf(Ptr<Node> node)
{
    const std::string name = Names::FindName(node);
    return name.empty() ? "n" + std::to_string(node->GetId()) : name;
}

} // namespace

TraceOutputs::TraceOutputs(AgentLink& link, Arguments& arguments)
    : m_link(link),
      m_files(link)
{
    m_files.Declare(arguments);
    arguments.Add("frames",
                  "record every WiFi frame in the tables airtime, frames and losses",
                  m_recordFrames);
}

TraceOutputs::~TraceOutputs() = default;

void
TraceOutputs::Install()
{
    NS_LOG_FUNCTION(this);
    if (m_recordFrames)
    {
        DeclareFrames();
    }
    std::vector<TracedDevice> devices;
    for (uint32_t n = 0; n < NodeList::GetNNodes(); ++n)
    {
        const Ptr<Node> node = NodeList::GetNode(n);
        for (uint32_t d = 0; d < node->GetNDevices(); ++d)
        {
            if (TraceFiles::CanTrace(node->GetDevice(d)))
            {
                devices.push_back({NameOf(node) + "-" + std::to_string(d), node->GetDevice(d)});
            }
        }
    }
    m_files.Install(std::move(devices), NameOf);
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

} // namespace ns3::tandem
