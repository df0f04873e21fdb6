// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TRACE_OUTPUTS_H
#define TANDEM_TRACE_OUTPUTS_H

#include "agent-link/agent-link.h"

#include "ns3/flow-monitor-helper.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{
class AnimationInterface;
class Node;
} // namespace ns3

namespace ns3::tandem
{

class FrameTables;
class WifiFrameProbe;

/**
 * ns-3's own outputs for a scenario of any kind, in two lines:
 *
 * @code
 *     TraceOutputs traces(link, arguments); // beside the other arguments, before Parse()
 *     traces.Install();                     // when everything is built, before BeginEpisode()
 * @endcode
 *
 * It adds the arguments --pcap, --flowmon, --netanim and --frames, which `tandem run` has as
 * options of the same names. Each episode writes files of its own, opened when it begins, whose
 * names hold its seed: `trace-seed7-ap-0.pcap`, `flowmon-seed7.xml`. They are complete when the
 * agent sees the end of the episode. Branches write nothing.
 */
class TraceOutputs
{
  public:
    /** @param link must outlive this @param arguments those of the scenario */
    TraceOutputs(AgentLink& link, Arguments& arguments);
    ~TraceOutputs();
    TraceOutputs(const TraceOutputs&) = delete;
    TraceOutputs& operator=(const TraceOutputs&) = delete;

    /** Prepare what was asked for; nodes, devices and internet stacks must be there. */
    void Install();

  private:
    void DeclareFrames();
    void Begin();
    void EnablePcap();
    void EnableNetAnim();
    void Finish();
    std::string OfEpisode(const std::string& path) const;

    AgentLink& m_link;
    std::string m_pcapPrefix;
    std::string m_flowmonFile;
    std::string m_netanimFile;
    bool m_recordFrames{false};
    bool m_open{false};
    FlowMonitorHelper m_flowMonitor;
    std::unique_ptr<AnimationInterface> m_animation;
    std::unique_ptr<FrameTables> m_frames;
    std::vector<std::unique_ptr<WifiFrameProbe>> m_probes;
};

} // namespace ns3::tandem

#endif // TANDEM_TRACE_OUTPUTS_H
