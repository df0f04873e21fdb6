// SPDX-License-Identifier: GPL-2.0-only
#include "model/run-outputs.h"

#include "access/access-cell.h"
#include "access/backhaul.h"

#include "ns3/wifi-net-device.h"

#include <map>
#include <string>
#include <utility>

namespace ns3::tandem
{

void
InstallRunOutputs(TraceFiles& files,
                  const std::vector<const AccessCell*>& cells,
                  const Backhaul& backhaul)
{
    std::vector<TracedDevice> devices;
    std::map<Ptr<Node>, std::string> names;
    for (uint32_t host = 0; host < backhaul.GetHostCount(); ++host)
    {
        names[backhaul.GetHost(host)] = backhaul.GetHostName(host);
    }
    const std::vector<std::string> cellNames = NameCells(cells);
    for (uint32_t c = 0; c < cells.size(); ++c)
    {
        const AccessCell& cell = *cells[c];
        const std::string& name = cellNames[c];
        for (uint32_t host = 0; host < backhaul.GetHostCount(); ++host)
        {
            devices.push_back(
                {name + "-" + backhaul.GetHostName(host), backhaul.GetLink(c, host).gatewayDevice});
        }
        const Ptr<Node> gateway = cell.GetGateway();
        for (uint32_t d = 0; d < gateway->GetNDevices(); ++d)
        {
            if (DynamicCast<WifiNetDevice>(gateway->GetDevice(d)))
            {
                devices.push_back({name + "-ap", gateway->GetDevice(d)});
            }
        }
        names[gateway] = name;
        for (uint32_t i = 0; i < cell.GetUserCount(); ++i)
        {
            names.emplace(cell.GetUser(i), name + " user " + std::to_string(i));
        }
    }
    files.Install(std::move(devices), [names](Ptr<Node> node) {
        const auto found = names.find(node);
        return found == names.end() ? std::string() : found->second;
    });
}

} // namespace ns3::tandem
