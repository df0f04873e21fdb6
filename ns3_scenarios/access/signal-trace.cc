// SPDX-License-Identifier: GPL-2.0-only
#include "access/signal-trace.h"

#include "access/csv-table.h"
#include "agent-link/argument-check.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ns3::tandem
{

namespace
{
constexpr double MAX_SIGNAL_TRACE_S = 1e6;
/** RSRP is reported from -140 to -44 dBm (TS 36.133); RSSI may be more. */
constexpr double MIN_SIGNAL_DBM = -160;
constexpr double MAX_SIGNAL_DBM = 0;

enum SignalColumn : size_t
{
    SIGNAL_TIME,
    SIGNAL_STRENGTH
};
} // namespace

SignalTrace
SignalTrace::Read(const std::string& path, const std::string& column)
{
    SignalTrace trace;
    CsvTable csv(path, {"time_s", column});
    while (csv.Next())
    {
        const double timeS = csv.GetNumber(SIGNAL_TIME, 0, MAX_SIGNAL_TRACE_S);
        if (trace.m_timesS.empty() && timeS != 0)
        {
            csv.Fail(SIGNAL_TIME, "is not 0: the first row says what holds from the start");
        }
        if (!trace.m_timesS.empty() && timeS <= trace.m_timesS.back())
        {
            csv.Fail(SIGNAL_TIME, "is not after the row before it");
        }
        trace.m_timesS.push_back(timeS);
        trace.m_dbm.push_back(csv.GetNumber(SIGNAL_STRENGTH, MIN_SIGNAL_DBM, MAX_SIGNAL_DBM));
    }
    if (trace.m_timesS.size() < 2)
    {
        throw CsvError(path + ": needs two rows at least; the last one ends the trace");
    }
    trace.m_dbm.pop_back();
    return trace;
}

double
SignalTrace::At(Time time) const
{
    const double lastS = m_timesS.back();
    const double withinS = time.GetSeconds() - std::floor(time.GetSeconds() / lastS) * lastS;
    const auto next = std::upper_bound(m_timesS.begin(), m_timesS.end() - 1, withinS);
    return m_dbm[static_cast<size_t>(next - m_timesS.begin()) - 1];
}

Time
SignalTrace::GetPeriod() const
{
    return Seconds(m_timesS.back());
}

double
SignalTrace::GetWeakest() const
{
    return *std::min_element(m_dbm.begin(), m_dbm.end());
}

double
SignalTrace::GetStrongest() const
{
    return *std::max_element(m_dbm.begin(), m_dbm.end());
}

void
SignalTraceConfig::Declare(Arguments& arguments,
                           const std::string& quantity,
                           std::function<std::string()> unfit)
{
    const std::string name = quantity + "Trace";
    arguments
        .AddFile(name,
                 "how strongly each user receives over time, in place of the path loss: CSV with "
                 "time_s," +
                     quantity + "_dbm; from the start of the episode on, repeated",
                 file)
        .Unless(std::move(unfit));
    arguments
        .Add(name + "Shift",
             name + ": each user begins so much later in the trace than the one before",
             shiftS,
             Range(0, MAX_SIGNAL_TRACE_S, "s"))
        .Unless([this, name] {
            return file.empty()
                       ? "there is no trace; give --" + name + "=FILE as well, or leave it out"
                       : "";
        });
}

void
SignalTraceConfig::Check(const std::string& quantity) const
{
    if (file.empty())
    {
        return;
    }
    try
    {
        Read(quantity);
    }
    catch (const CsvError& error)
    {
        Fail(error.what());
    }
}

SignalTrace
SignalTraceConfig::Read(const std::string& quantity) const
{
    return SignalTrace::Read(file, quantity + "_dbm");
}

std::string
SignalTraceConfig::GetNotice(const std::string& quantity) const
{
    if (file.empty())
    {
        return "";
    }
    const SignalTrace trace = Read(quantity);
    return "the trace " + file + " lasts " + FormatNumber(trace.GetPeriod().GetSeconds()) +
           " s, goes from " + FormatNumber(trace.GetWeakest()) + " to " +
           FormatNumber(trace.GetStrongest()) + " dBm, and is repeated in longer episodes";
}

} // namespace ns3::tandem
