// SPDX-License-Identifier: GPL-2.0-only
#include "model/link-trace.h"

#include "access/csv-table.h"
#include "access/time-series.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace ns3::tandem
{

namespace
{
constexpr double OPPORTUNITY_BYTES = 1500;
constexpr double BITS = 8;
constexpr double MAX_TRACE_BPS = 1e12;
constexpr double S_PER_MS = 1e-3;
constexpr double NS_PER_S = 1e9;
} // namespace

LinkTrace
LinkTrace::Read(const std::string& path)
{
    std::ifstream file(path);
    if (!file)
    {
        throw CsvError(path + ": cannot be opened: " + std::strerror(errno));
    }
    std::string first;
    std::getline(file, first);
    const bool isNumber = !first.empty() && first.find_first_not_of("0123456789 \r") == first.npos;
    LinkTrace trace = isNumber ? ReadOpportunities(path) : ReadRates(path);
    if (!(trace.m_points.back().timeS > 0) || !(trace.m_points.back().bytes > 0))
    {
        throw CsvError(path + ": carries nothing; a trace needs time and capacity");
    }
    return trace;
}

LinkTrace
LinkTrace::ReadOpportunities(const std::string& path)
{
    LinkTrace trace;
    trace.m_inSteps = true;
    trace.m_points.push_back({0, 0});
    std::ifstream file(path);
    uint32_t line = 0;
    for (std::string text; std::getline(file, text);)
    {
        ++line;
        text.erase(text.find_last_not_of(" \r") + 1);
        if (text.empty())
        {
            continue;
        }
        char* end = nullptr;
        const double timeS = std::strtoull(text.c_str(), &end, 10) * S_PER_MS;
        if (*end != '\0' || timeS < trace.m_points.back().timeS || timeS > TimeSeries::MAX_S)
        {
            throw CsvError(path + ", line " + std::to_string(line) + ": '" + text +
                           "' is no time in milliseconds at or after the one before it");
        }
        trace.m_points.push_back({timeS, trace.m_points.back().bytes + OPPORTUNITY_BYTES});
    }
    return trace;
}

LinkTrace
LinkTrace::ReadRates(const std::string& path)
{
    const TimeSeries rates = TimeSeries::Read(path, "rate_bps", 0, MAX_TRACE_BPS);
    LinkTrace trace;
    trace.m_points.push_back({0, 0});
    for (size_t i = 0; i < rates.values.size(); ++i)
    {
        const Point& last = trace.m_points.back();
        const double timeS = rates.timesS[i + 1];
        trace.m_points.push_back(
            {timeS, last.bytes + rates.values[i] / BITS * (timeS - last.timeS)});
    }
    return trace;
}

double
LinkTrace::CapacityUntil(Time time) const
{
    const Point& last = m_points.back();
    const double rounds = std::floor(time.GetSeconds() / last.timeS);
    const double withinS = time.GetSeconds() - rounds * last.timeS;
    const auto next =
        std::upper_bound(m_points.begin(),
                         m_points.end(),
                         withinS,
                         [](double value, const Point& point) { return value < point.timeS; });
    const Point& before = *(next - 1);
    double bytes = rounds * last.bytes + before.bytes;
    if (!m_inSteps && next != m_points.end())
    {
        const double share = (withinS - before.timeS) / (next->timeS - before.timeS);
        bytes += share * (next->bytes - before.bytes);
    }
    return bytes;
}

Time
LinkTrace::TimeOf(double bytes) const
{
    const Point& last = m_points.back();
    // The end of a round belongs to it: ceil, less one.
    const double rounds = std::max(0.0, std::ceil(bytes / last.bytes) - 1);
    const double within = bytes - rounds * last.bytes;
    const auto next =
        std::lower_bound(m_points.begin(),
                         m_points.end(),
                         within,
                         [](const Point& point, double value) { return point.bytes < value; });
    double timeS = rounds * last.timeS + next->timeS;
    if (!m_inSteps && next != m_points.begin())
    {
        const Point& before = *(next - 1);
        const double share = (within - before.bytes) / (next->bytes - before.bytes);
        timeS = rounds * last.timeS + before.timeS + share * (next->timeS - before.timeS);
    }
    return NanoSeconds(static_cast<int64_t>(std::ceil(timeS * NS_PER_S)));
}

Time
LinkTrace::GetPeriod() const
{
    return Seconds(m_points.back().timeS);
}

double
LinkTrace::GetMeanBps() const
{
    return BITS * m_points.back().bytes / m_points.back().timeS;
}

} // namespace ns3::tandem
