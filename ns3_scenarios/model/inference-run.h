// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_INFERENCE_RUN_H
#define TANDEM_INFERENCE_RUN_H

#include "access/access-cell.h"
#include "access/frame-tables.h"
#include "agent-link/agent-link.h"
#include "model/epoch-loop.h"
#include "model/fixed-policy.h"
#include "model/gateway-probe.h"
#include "model/inference-client.h"
#include "model/inference-config.h"
#include "model/inference-server.h"
#include "model/observation.h"
#include "model/position-table.h"
#include "model/request-ledger.h"
#include "model/run-outputs.h"
#include "model/trace-queue-disc.h"
#include "model/user-paths.h"

#include "ns3/command-line.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * What the inference scenarios share: users in one or more cells, remote sites, the decision
 * loop. A scenario makes the cells and hands them over:
 *
 * @code
 *     InferenceRun run("my-scenario", "What it is.");
 *     WifiCellConfig wifi;
 *     wifi.AddArguments(run.GetCommandLine());
 *     run.Parse(argc, argv);
 *     wifi.Check();
 *     run.AddCell(std::make_unique<WifiCell>(wifi), run.GetConfig().users);
 *     return run.Run();
 * @endcode
 */
class InferenceRun
{
  public:
    /**
     * @param scenario the name that users type
     * @param usage what --help says it is
     * @param maxUsers how many users its cells can have together
     */
    InferenceRun(const std::string& scenario,
                 const std::string& usage,
                 uint32_t maxUsers = std::numeric_limits<uint32_t>::max());
    ~InferenceRun();

    /** @return where the scenario adds arguments of its own, before Parse() */
    CommandLine& GetCommandLine();

    /** Read and check the arguments; ends the program when one cannot be used. */
    void Parse(int argc, char* argv[]);

    /** @return the arguments, after Parse(); before it, the defaults, which a scenario may set */
    InferenceConfig& GetConfig();

    /**
     * Add a cell with the next @p users users.
     * @param guests numbers of users of the cells before it who have an interface in this one, too,
     *        and choose the path of each request
     */
    void AddCell(std::unique_ptr<AccessCell> cell,
                 uint32_t users,
                 std::vector<uint32_t> guests = {});

    /** Build everything, warm up, play episodes. @return the exit status of main() */
    int Run();

  private:
    /** Users connect one after the other, so that the handshakes do not collide. */
    inline static const Time CONNECT_SPACING = MilliSeconds(5);

    /** Tell users and paths from what AddCell() was given. */
    void PlanUsers();
    void BuildNetwork();
    void BuildCell(uint32_t cell);
    /** A user's uplink as its condition and the link trace have it. */
    void ShapeUplink(uint32_t user, Ptr<NetDevice> device, bool weak);
    /** Users with several interfaces reach each address of a site over the cell that it is in. */
    void RouteUsers();
    void BuildApplications();
    void WatchServing();
    uint32_t FindServing(uint32_t user, uint32_t access) const;
    void WatchEnergy();
    void Declare();
    void DeclareFrames();
    /** Forbid each user the paths that it does not have. */
    void DeclareMask(const ActionBlock& action);
    /** Draw places, and seed what is random in the warm-up. */
    void PrepareWarmup();
    void WarmUp();
    size_t CountUnready() const;
    void ReportUnready() const;
    void AssignStreams();
    void Play();
    TransferCounters CountTransfers(uint32_t user, uint32_t access) const;
    double CountQueuedBytes(uint32_t user, uint32_t access) const;
    bool HasQueue(uint32_t user) const;
    uint32_t CountJobs(Site site) const;
    std::vector<const AccessCell*> GetCells() const;

    AgentLink m_link;
    CommandLine m_command;
    InferenceConfig m_config;
    OptionTable m_options;
    std::vector<std::unique_ptr<AccessCell>> m_cells;
    std::vector<uint32_t> m_cellUsers;
    std::vector<std::vector<uint32_t>> m_guests; //!< of each cell
    UserPaths m_paths;
    std::unique_ptr<Backhaul> m_backhaul;
    std::vector<std::unique_ptr<GatewayProbe>> m_gateways; //!< one per cell
    std::unique_ptr<RequestLedger> m_ledger;
    std::vector<ObservedUser> m_users;
    std::vector<Ptr<InferenceServer>> m_servers; //!< one per remote site
    std::unique_ptr<Observation> m_observation;
    std::unique_ptr<FixedPolicy> m_policy; //!< null under an agent
    Ptr<EpochLoop> m_loop;
    std::unique_ptr<PositionTable> m_positions;
    std::unique_ptr<FrameTables> m_frames; //!< null unless asked for
    TraceFiles m_traces;
    std::shared_ptr<const LinkTrace> m_linkTrace;
    std::vector<Ptr<TraceQueueDisc>> m_linkTraces; //!< of each user; empty unless asked for
};

} // namespace ns3::tandem

#endif // TANDEM_INFERENCE_RUN_H
