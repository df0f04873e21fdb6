// SPDX-License-Identifier: GPL-2.0-only
#include "access/time-series.h"

#include "access/csv-table.h"

namespace ns3::tandem
{

TimeSeries
TimeSeries::Read(const std::string& path, const std::string& column, double low, double high)
{
    constexpr size_t time = 0;
    constexpr size_t value = 1;
    TimeSeries series;
    CsvTable csv(path, {"time_s", column});
    while (csv.Next())
    {
        const double timeS = csv.GetNumber(time, 0, MAX_S);
        if (series.timesS.empty() && timeS != 0)
        {
            csv.Fail(time, "is not 0: the first row says what holds from the start");
        }
        if (!series.timesS.empty() && timeS <= series.timesS.back())
        {
            csv.Fail(time, "is not after the row before it");
        }
        series.timesS.push_back(timeS);
        series.values.push_back(csv.GetNumber(value, low, high));
    }
    if (series.timesS.size() < 2)
    {
        throw CsvError(path + ": needs two rows at least; the last one ends the trace");
    }
    series.values.pop_back();
    return series;
}

} // namespace ns3::tandem
