// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LINK_TRACE_H
#define TANDEM_LINK_TRACE_H

#include "ns3/nstime.h"

#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * The capacity of a link over time, as it was recorded in a real network; repeated when it ends.
 *
 * Two formats are read. Mahimahi's: a line per opportunity to send 1500 bytes, with its time in
 * whole milliseconds; the last one ends the trace. CSV with the columns time_s and rate_bps: the
 * rate holds from its time to the next one; the last row ends the trace, and its rate is not used.
 */
class LinkTrace
{
  public:
    /** @throw CsvError when the file cannot be read or used */
    static LinkTrace Read(const std::string& path);

    /** @return bytes that the link could have carried from its start to @p time */
    double CapacityUntil(Time time) const;

    /** @return the first time by which it could have carried @p bytes */
    Time TimeOf(double bytes) const;

    Time GetPeriod() const;
    double GetMeanBps() const;

  private:
    /** From the row before on, bytes come at an even rate; or all at once, at its time. */
    struct Point
    {
        double timeS;
        double bytes; //!< carried by then
    };

    static LinkTrace ReadOpportunities(const std::string& path);
    static LinkTrace ReadRates(const std::string& path);

    std::vector<Point> m_points; //!< the first one is at 0 s
    bool m_inSteps{false};       //!< bytes come at once, at the time of their row
};

} // namespace ns3::tandem

#endif // TANDEM_LINK_TRACE_H
