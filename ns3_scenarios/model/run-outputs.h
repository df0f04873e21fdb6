// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_RUN_OUTPUTS_H
#define TANDEM_RUN_OUTPUTS_H

#include "ns3/flow-monitor-helper.h"
#include "ns3/node.h"

#include <memory>
#include <string>
#include <vector>

namespace ns3
{
class AnimationInterface;
}

namespace ns3::tandem
{

class AccessCell;
class Backhaul;
struct InferenceConfig;

/** ns-3's own outputs of a run: pcap, FlowMonitor, NetAnim, as far as they were asked for. */
class RunOutputs
{
  public:
    explicit RunOutputs(const InferenceConfig& config);
    ~RunOutputs();

    /** Switch them on; after everything is built, before the simulation starts. */
    void Enable(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul);

    /** Write what is written at the end; after the simulation, before Simulator::Destroy(). */
    void Finish();

  private:
    void EnablePcap(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul);
    void EnableNetAnim(const std::vector<const AccessCell*>& cells, const Backhaul& backhaul);

    std::string m_pcapPrefix;
    std::string m_flowmonFile;
    std::string m_netanimFile;
    FlowMonitorHelper m_flowMonitor;
    std::unique_ptr<AnimationInterface> m_animation;
};

} // namespace ns3::tandem

#endif // TANDEM_RUN_OUTPUTS_H
