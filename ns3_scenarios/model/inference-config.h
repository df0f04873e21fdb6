// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_INFERENCE_CONFIG_H
#define TANDEM_INFERENCE_CONFIG_H

#include "access/delay-queue-disc.h"
#include "model/arrivals.h"
#include "model/energy.h"
#include "model/inference-client.h"
#include "model/site.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** Everything about an inference scenario that does not belong to its cells. */
struct InferenceConfig
{
    uint32_t users{5};
    /** The most that can be asked for; the limit of the scenario's cells, set in code. */
    uint32_t maxUsers{std::numeric_limits<uint32_t>::max()};
    std::string optionsFile; //!< empty: the one that comes with the package
    ArrivalConfig arrivals;
    double epochLengthS{0.5}; //!< poisson and trace: time between decisions
    double epochGapS{0.05};   //!< sync: rest between the last request's end and the next decision
    double settleS{0.01};     //!< from the start of an episode to its first decision
    double timeoutS{DEFAULT_TIMEOUT_S}; //!< after which a request is given up
    std::string conditions;             //!< "regular" or "weak" per user, comma-separated
    uint32_t weakUsers{0};              //!< shorthand: the first k users are weak
    double weakDelayMs{
        DEFAULT_WEAK_DELAY_MS}; //!< extra delay of each outgoing packet of a weak user
    std::vector<RemoteSite> sites{DefaultSites()}; //!< set in code, their values by arguments
    double detourMs{2}; //!< extra delay of the way to a site beside another cell
    // A user's device gives inference an eighth of the machine in the options file. Measured,
    // faster devices make small local variants the best choice in nearly every state.
    double deviceServiceScale{8.0}; //!< multiplies the service times of device options
    bool recordFrames{false};       //!< tables of every frame on the air
    EnergyConfig energy;
    std::string linkTraceFile; //!< capacity of each user's uplink over time; empty: the radio's own
    double linkTraceShiftS{0}; //!< where in it the next user begins

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add every argument. */
    void AddArguments(CommandLine& cmd);

    /** End the program with a clear message when a value cannot be used. */
    void Check() const;

    /** @return for each user whether its network is weak; ends the program when it cannot tell */
    std::vector<bool> GetWeakUsers() const;

    /** @return the remote sites' names, in order */
    std::vector<std::string> GetSiteNames() const;

    /** @return the hosts of the remote sites, in order */
    std::vector<HostConfig> GetHosts() const;

    /** @return the options file to read; ends the program when there is none */
    std::string GetOptionsFile() const;
};

} // namespace ns3::tandem

#endif // TANDEM_INFERENCE_CONFIG_H
