// SPDX-License-Identifier: GPL-2.0-only
#include "model/place-file.h"

#include "access/csv-table.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{
enum Column : size_t
{
    CELL,
    KIND,
    X,
    Y
};

constexpr double FARTHEST_M = 1e6;
} // namespace

double
CellPlaces::GetRadius() const
{
    double radius = 0;
    for (const Vector& user : users)
    {
        radius = std::max(radius, CalculateDistance(ap, user));
    }
    return radius;
}

std::vector<CellPlaces>
ReadPlaces(const std::string& path, uint32_t maxCells)
{
    std::vector<CellPlaces> cells;
    std::vector<uint32_t> aps;
    CsvTable csv(path, {"cell", "kind", "x_m", "y_m"});
    while (csv.Next())
    {
        const uint32_t cell = csv.GetCount(CELL, 0, maxCells - 1);
        const Vector place(csv.GetNumber(X, -FARTHEST_M, FARTHEST_M),
                           csv.GetNumber(Y, -FARTHEST_M, FARTHEST_M),
                           0);
        cells.resize(std::max<size_t>(cells.size(), cell + 1));
        aps.resize(cells.size());
        const std::string& kind = csv.GetText(KIND);
        if (kind == "ap")
        {
            cells[cell].ap = place;
            ++aps[cell];
        }
        else if (kind == "user")
        {
            cells[cell].users.push_back(place);
        }
        else
        {
            csv.Fail(KIND, "\"" + kind + "\" is no kind of node; give ap or user");
        }
    }
    if (cells.empty())
    {
        throw CsvError(path + ": has no row; give an AP and a user at least");
    }
    for (size_t cell = 0; cell < cells.size(); ++cell)
    {
        if (aps[cell] != 1 || cells[cell].users.empty())
        {
            throw CsvError(path + ": cell " + std::to_string(cell) + " has " +
                           std::to_string(aps[cell]) + " APs and " +
                           std::to_string(cells[cell].users.size()) +
                           " users; give each cell from 0 on one AP and a user at least");
        }
    }
    return cells;
}

} // namespace ns3::tandem
