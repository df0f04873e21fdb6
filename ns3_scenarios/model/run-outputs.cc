// SPDX-License-Identifier: GPL-2.0-only
#include "model/run-outputs.h"

#include "access/access-cell.h"
#include "access/backhaul.h"
#include "agent-link/argument-check.h"
#include "model/inference-config.h"

#include "ns3/animation-interface.h"
#include "ns3/mobility-model.h"
#include "ns3/node-list.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/wifi-net-device.h"
#include "ns3/yans-wifi-helper.h"

#include <fstream>

namespace ns3::tandem
{

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

} // namespace

RunOutputs::RunOutputs(const InferenceConfig& config)
    : m_pcapPrefix(config.pcapPrefix),
      m_flowmonFile(config.flowmonFile),
      m_netanimFile(config.netanimFile)
{
}

RunOutputs::~RunOutputs() = default;

void
RunOutputs::Enable(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul)
{
    if (!m_pcapPrefix.empty())
    {
        EnablePcap(cells, backhaul);
    }
    if (!m_flowmonFile.empty())
    {
        CheckWritable("--flowmon", m_flowmonFile);
        m_flowMonitor.InstallAll();
    }
    if (!m_netanimFile.empty())
    {
        CheckWritable("--netanim", m_netanimFile);
        EnableNetAnim(cells, backhaul);
    }
}

void
RunOutputs::EnablePcap(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul)
{
    PointToPointHelper wire;
    YansWifiPhyHelper radio;
    radio.SetPcapDataLinkType(WifiPhyHelper::DLT_IEEE802_11_RADIO);
    for (uint32_t c = 0; c < cells.size(); ++c)
    {
        const std::string prefix = m_pcapPrefix + "-" + cells[c]->GetKind();
        wire.EnablePcap(prefix + "-edge.pcap", backhaul.GetEdgeLink(c).gatewayDevice, true, true);
        wire.EnablePcap(prefix + "-cloud.pcap", backhaul.GetCloudLink(c).gatewayDevice, true, true);
        const Ptr<Node> gateway = cells[c]->GetGateway();
        for (uint32_t d = 0; d < gateway->GetNDevices(); ++d)
        {
            if (DynamicCast<WifiNetDevice>(gateway->GetDevice(d)))
            {
                radio.EnablePcap(prefix + "-ap.pcap", gateway->GetDevice(d), true, true);
            }
        }
    }
}

void
RunOutputs::EnableNetAnim(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul)
{
    double y = 0;
    for (uint32_t i = 0; i < NodeList::GetNNodes(); ++i)
    {
        const Ptr<Node> node = NodeList::GetNode(i);
        if (!node->GetObject<MobilityModel>())
        {
            AnimationInterface::SetConstantPosition(node, HOST_X_M, y);
            y += HOST_SPACING_M;
        }
    }
    m_animation = std::make_unique<AnimationInterface>(m_netanimFile);
    m_animation->UpdateNodeDescription(backhaul.GetEdge(), "edge");
    m_animation->UpdateNodeDescription(backhaul.GetCloud(), "cloud");
    for (const AccessCell* cell : cells)
    {
        m_animation->UpdateNodeDescription(cell->GetGateway(), cell->GetKind());
        for (uint32_t i = 0; i < cell->GetUserCount(); ++i)
        {
            m_animation->UpdateNodeDescription(cell->GetUser(i),
                                               cell->GetKind() + " user " + std::to_string(i));
        }
    }
}

void
RunOutputs::Finish()
{
    if (!m_flowmonFile.empty())
    {
        m_flowMonitor.SerializeToXmlFile(m_flowmonFile, true, true);
    }
    m_animation.reset(); // writes the end of its file
}

} // namespace ns3::tandem
