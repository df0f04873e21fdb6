// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TRACE_OUTPUTS_H
#define TANDEM_TRACE_OUTPUTS_H

#include "access/trace-files.h"
#include "agent-link/agent-link.h"

#include <memory>
#include <vector>

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
 * options of the same names. Each episode writes TraceFiles of its own, of every device that ns-3
 * can trace: `trace-seed7-ap-0.pcap`, `flowmon-seed7.xml`.
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

    AgentLink& m_link;
    TraceFiles m_files;
    bool m_recordFrames{false};
    std::unique_ptr<FrameTables> m_frames;
    std::vector<std::unique_ptr<WifiFrameProbe>> m_probes;
};

} // namespace ns3::tandem

#endif // TANDEM_TRACE_OUTPUTS_H
