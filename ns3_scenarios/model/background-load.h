// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BACKGROUND_LOAD_H
#define TANDEM_BACKGROUND_LOAD_H

#include "agent-link/arguments.h"

#include "ns3/event-id.h"
#include "ns3/ptr.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <string>

namespace ns3::tandem
{

class CorePool;

/** How much of a site's processor others use. */
struct BackgroundLoadConfig
{
    double quietUtilisation{0}; //!< mean share of all cores in the quiet state, 0 … 1
    double busyUtilisation{0};  //!< mean share of all cores in the busy state, 0 … 1
    double dwellS{5.0};         //!< mean time in a state, s
    double jobS{0.05};          //!< mean service time of a background job, s

    /** Declare each of them as an argument; the handle's prefix is the site, e.g. "edge". */
    void Declare(Arguments& arguments);
    /** Add the arguments, each beginning with @p site, e.g. "edge". */
    void AddArguments(CommandLine& cmd, const std::string& site);
    /** End the program with a clear message when a value cannot be used. */
    void Check(const std::string& site) const;
};

/**
 * Jobs of other tenants: a Poisson stream whose rate is switched between two values by a
 * two-state Markov process (a Markov-modulated Poisson process). Service times are exponential.
 */
class BackgroundLoad
{
  public:
    BackgroundLoad(const BackgroundLoadConfig& config, CorePool& cores);
    ~BackgroundLoad();
    BackgroundLoad(const BackgroundLoad&) = delete;
    BackgroundLoad& operator=(const BackgroundLoad&) = delete;

    /** Draw the state and begin; at the start of an episode, after AssignStreams(). */
    void Start();

    /** @return the number of streams used */
    int64_t AssignStreams(int64_t first);

    /** @return true in the busy state */
    bool IsBusy() const;

  private:
    void Switch();
    void ScheduleArrival();
    void Arrive();

    BackgroundLoadConfig m_config;
    CorePool& m_cores;
    bool m_busy{false};
    EventId m_switch;
    EventId m_arrival;
    Ptr<UniformRandomVariable> m_state;
    Ptr<ExponentialRandomVariable> m_dwell;
    Ptr<ExponentialRandomVariable> m_gap;
    Ptr<ExponentialRandomVariable> m_service;
};

} // namespace ns3::tandem

#endif // TANDEM_BACKGROUND_LOAD_H
