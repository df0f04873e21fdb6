// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_PLACE_FILE_H
#define TANDEM_PLACE_FILE_H

#include "ns3/vector.h"

#include <string>
#include <vector>

namespace ns3::tandem
{

/** Where the nodes of a cell stand, m. */
struct CellPlaces
{
    Vector ap;
    std::vector<Vector> users;

    /** @return the greatest distance of a user from the AP, m */
    double GetRadius() const;
};

/**
 * Read where APs and users stand.
 *
 * @param path a CSV file with the columns cell (from 0), kind (ap or user), x_m and y_m
 * @param maxCells more are an error
 * @return the cells, each with its users in the order of the file
 * @throw CsvError when the file cannot be used, or a cell has not one AP and a user at least
 */
std::vector<CellPlaces> ReadPlaces(const std::string& path, uint32_t maxCells);

} // namespace ns3::tandem

#endif // TANDEM_PLACE_FILE_H
