// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ARRIVALS_H
#define TANDEM_ARRIVALS_H

#include "agent-link/arguments.h"

#include "ns3/event-id.h"
#include "ns3/ptr.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** When requests arrive. */
struct ArrivalConfig
{
    std::string mode{"sync"}; //!< sync | poisson | trace | single
    double rateHz{1.0};       //!< poisson: requests per second and user
    std::string traceFile;    //!< trace: CSV with the columns time_s and user
    double jitterS{1e-3};     //!< sync: requests come within this time after the decision

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);
    void AddArguments(CommandLine& cmd);
    /** End the program with a clear message when a value cannot be used. */
    void Check() const;
    /** @return why an argument that needs another mode is without effect, for Argument::Unless() */
    std::string Obstacle(const std::string& needed) const;
};

/** Makes requests arrive at the users. */
class Arrivals
{
  public:
    /**
     * @param config when; a trace file is read here
     * @param users the number of users
     * @param onArrival called when a request arrives at a user
     * @throw CsvError when the trace file cannot be used
     */
    Arrivals(const ArrivalConfig& config,
             uint32_t users,
             std::function<void(uint32_t user)> onArrival);
    ~Arrivals();
    Arrivals(const Arrivals&) = delete;
    Arrivals& operator=(const Arrivals&) = delete;

    /** @return true when requests come only at decisions, one per user */
    bool IsSynchronous() const;

    /** Start a poisson or trace process; time 0 of a trace is now. */
    void Start();

    /**
     * Synchronous mode: one request per user, each at a time of its own within the jitter. Real
     * devices are not synchronous to a slot; without jitter all would send their first frame at
     * the same instant and collide for certain.
     */
    void IssueAll();

    /** A request of a user has ended: in single mode the next one arrives. */
    void NoteEnd(uint32_t user);

    /** @return the number of streams used */
    int64_t AssignStreams(int64_t first);

  private:
    struct TraceRow
    {
        double timeS;
        uint32_t user;
    };

    void ReadTrace();
    void ScheduleNext(uint32_t user);
    void Arrive(uint32_t user);

    ArrivalConfig m_config;
    std::function<void(uint32_t)> m_onArrival;
    std::vector<Ptr<ExponentialRandomVariable>> m_gaps;
    Ptr<UniformRandomVariable> m_jitter;
    std::vector<TraceRow> m_trace;
    std::vector<EventId> m_events; //!< poisson: the next arrival of each user
};

} // namespace ns3::tandem

#endif // TANDEM_ARRIVALS_H
