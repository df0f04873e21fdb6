// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_PATH_LOSS_H
#define TANDEM_PATH_LOSS_H

#include "agent-link/arguments.h"

#include "ns3/propagation-loss-model.h"

#include <string>

namespace ns3::tandem
{

/**
 * Log-distance path loss, from a breakpoint on if there is one, with optional log-normal shadowing
 * and Nakagami fading.
 */
struct PathLossConfig
{
    double exponent{3.0};    //!< path loss exponent
    double breakpointM{1.0}; //!< nearer than this the loss is that of free space, m
    double shadowingDb{0.0}; //!< standard deviation of shadowing, dB; 0: none
    bool nakagami{false};    //!< fast fading by ns-3's Nakagami model

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add every argument with @p prefix in front. */
    void AddArguments(CommandLine& cmd, const std::string& prefix);

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix) const;

    /** @return free-space loss at 1 m, dB, at @p frequencyHz */
    static double ReferenceLossDb(double frequencyHz);

    /** @return median loss at @p distanceM, dB */
    double MedianLossDb(double frequencyHz, double distanceM) const;

    /** @return the distance at which the median loss is @p lossDb, m */
    double DistanceForLoss(double frequencyHz, double lossDb) const;

    /** @return whether there is one beyond 1 m */
    bool HasBreakpoint() const;

    /** @return the exponent up to the breakpoint */
    double GetFirstExponent() const;

    /** @return a model of what is lost beyond the breakpoint on top; null without one */
    Ptr<PropagationLossModel> CreateBeyondBreakpoint() const;

    /** @return a new chain of loss models, the log-distance one first */
    Ptr<PropagationLossModel> Create(double frequencyHz) const;
};

} // namespace ns3::tandem

#endif // TANDEM_PATH_LOSS_H
