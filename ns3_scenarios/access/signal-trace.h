// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SIGNAL_TRACE_H
#define TANDEM_SIGNAL_TRACE_H

#include "access/time-series.h"
#include "agent-link/arguments.h"

#include "ns3/nstime.h"

#include <functional>
#include <string>

namespace ns3::tandem
{

/**
 * How strongly a device received its AP or eNB over time, as it was recorded in a real network;
 * repeated when it ends.
 *
 * CSV with the columns time_s and rsrp_dbm or rssi_dbm: the strength holds from its time to the
 * next one; the last row ends the trace, and its strength is not used.
 */
class SignalTrace
{
  public:
    /**
     * @param path the file
     * @param column rsrp_dbm or rssi_dbm
     * @throw CsvError when the file cannot be read or used
     */
    static SignalTrace Read(const std::string& path, const std::string& column);

    /** @return the strength at @p time after the start, dBm */
    double At(Time time) const;

    Time GetPeriod() const;
    double GetWeakest() const;
    double GetStrongest() const;

  private:
    TimeSeries m_series; //!< dBm
};

/** Which trace a cell's users follow. */
struct SignalTraceConfig
{
    std::string file; //!< empty: none
    double shiftS{0}; //!< where in it the next user begins

    /**
     * Declare --rsrpTrace and --rsrpTraceShift, or the same of rssi.
     * @param quantity rsrp or rssi
     * @param unfit says why a trace would have no effect; empty: it has one
     */
    void Declare(Arguments& arguments,
                 const std::string& quantity,
                 std::function<std::string()> unfit);

    /** End the program with a message if the file cannot be used. */
    void Check(const std::string& quantity) const;

    /** @return the trace; there must be one */
    SignalTrace Read(const std::string& quantity) const;

    /** @return what users should know about it; empty without a trace */
    std::string GetNotice(const std::string& quantity) const;
};

} // namespace ns3::tandem

#endif // TANDEM_SIGNAL_TRACE_H
