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
/** RSRP is reported from -140 to -44 dBm (TS 36.133); RSSI may be more. */
constexpr double MIN_SIGNAL_DBM = -160;
constexpr double MAX_SIGNAL_DBM = 0;
} // namespace

SignalTrace
SignalTrace::Read(const std::string& path, const std::string& column)
{
    SignalTrace trace;
    trace.m_series = TimeSeries::Read(path, column, MIN_SIGNAL_DBM, MAX_SIGNAL_DBM);
    return trace;
}

double
SignalTrace::At(Time time) const
{
    const std::vector<double>& timesS = m_series.timesS;
    const double lastS = timesS.back();
    const double withinS = time.GetSeconds() - std::floor(time.GetSeconds() / lastS) * lastS;
    const auto next = std::upper_bound(timesS.begin(), timesS.end() - 1, withinS);
    return m_series.values[static_cast<size_t>(next - timesS.begin()) - 1];
}

Time
SignalTrace::GetPeriod() const
{
    return Seconds(m_series.timesS.back());
}

double
SignalTrace::GetWeakest() const
{
    return *std::min_element(m_series.values.begin(), m_series.values.end());
}

double
SignalTrace::GetStrongest() const
{
    return *std::max_element(m_series.values.begin(), m_series.values.end());
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
             Range(0, TimeSeries::MAX_S, "s"))
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
