// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TRACE_FILES_H
#define TANDEM_TRACE_FILES_H

#include "agent-link/agent-link.h"

#include "ns3/flow-monitor-helper.h"
#include "ns3/net-device.h"
#include "ns3/node.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{
class AnimationInterface;
} // namespace ns3

namespace ns3::tandem
{

/** A device whose packets are traced, and what tells its file from others. */
struct TracedDevice
{
    std::string name;
    Ptr<NetDevice> device;
};

/**
 * ns-3's own files of each episode: packet traces, FlowMonitor, NetAnim. They are opened when the
 * episode begins, and their names hold its seed. They are complete when the agent sees the end of
 * the episode. Branches and forks write nothing.
 */
class TraceFiles
{
  public:
    /** @param link must outlive this */
    explicit TraceFiles(AgentLink& link);
    ~TraceFiles();
    TraceFiles(const TraceFiles&) = delete;
    TraceFiles& operator=(const TraceFiles&) = delete;

    /** Declare --pcap, --flowmon and --netanim. */
    void Declare(Arguments& arguments);

    /**
     * Prepare what was asked for; nodes, devices and internet stacks must be there.
     *
     * @param devices those to be traced, of kinds that ns-3 can trace
     * @param nameOf what NetAnim calls a node
     */
    void Install(std::vector<TracedDevice> devices, std::function<std::string(Ptr<Node>)> nameOf);

    /** @return whether ns-3 can write what a device sends and hears */
    static bool CanTrace(Ptr<NetDevice> device);

  private:
    void Begin();
    void EnablePcap();
    void EnableNetAnim();
    void Finish();
    std::string OfEpisode(const std::string& path) const;

    AgentLink& m_link;
    std::string m_pcapPrefix;
    std::string m_flowmonFile;
    std::string m_netanimFile;
    std::vector<TracedDevice> m_devices;
    std::function<std::string(Ptr<Node>)> m_nameOf;
    bool m_open{false};
    FlowMonitorHelper m_flowMonitor;
    std::unique_ptr<AnimationInterface> m_animation;
};

} // namespace ns3::tandem

#endif // TANDEM_TRACE_FILES_H
