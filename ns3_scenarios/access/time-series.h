// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TIME_SERIES_H
#define TANDEM_TIME_SERIES_H

#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * What was recorded over time: each value holds from its time to the next one. The last row of the
 * file ends the series, and its value is not used.
 */
struct TimeSeries
{
    static constexpr double MAX_S = 1e6;

    std::vector<double> timesS; //!< rising from 0; one more than values
    std::vector<double> values;

    /**
     * @param path a CSV file with the columns time_s and @p column
     * @param low smallest value allowed
     * @param high largest value allowed
     * @throw CsvError when the file cannot be read or used
     */
    static TimeSeries
    Read(const std::string& path, const std::string& column, double low, double high);
};

} // namespace ns3::tandem

#endif // TANDEM_TIME_SERIES_H
