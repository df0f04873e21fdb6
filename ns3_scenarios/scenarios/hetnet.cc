// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Users split over a WiFi cell and an LTE cell that share one edge and one cloud.
 *
 *     hetnet --users=6 --wifiUsers=4 --policy=edge --epochs=20 --requests=requests.csv
 *     hetnet --help                            lists every argument
 */
#include "access/lte/lte-cell.h"
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"
#include "model/inference-run.h"

#include <numeric>

using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    InferenceRun run("hetnet",
                     "DNN inference requests of users in a WiFi cell and an LTE cell, served on "
                     "the device, at a common edge or in a common cloud.",
                     WifiCell::MAX_STATIONS + LteCell::MAX_STATIONS);
    uint32_t wifiUsers = 0;
    uint32_t dualUsers = 0;
    Arguments arguments(run.GetCommandLine());
    arguments.Add(
        "dualUsers",
        "the first so many users of the WiFi cell have an LTE interface besides and choose "
        "the path of each request",
        dualUsers,
        Range(0, WifiCell::MAX_STATIONS, "users"));
    arguments.Add(
        "wifiUsers",
        "users in the WiFi cell, fewer than --users: the others are in the LTE cell; 0: half "
        "of them",
        wifiUsers,
        Range(0, WifiCell::MAX_STATIONS, "users"));
    WifiCellConfig wifi;
    LteCellConfig lte;
    wifi.placement.mobility = "walk";
    wifi.placement.radiusM = 50; // far enough for the PHY rate to depend on the place
    lte.placement.mobility = "walk";
    wifi.background.stations = 1;
    lte.background.stations = 1;
    wifi.AddArguments(run.GetCommandLine(), "wifi");
    lte.AddArguments(run.GetCommandLine(), "lte");
    run.Parse(argc, argv);
    wifi.Check("wifi");
    lte.Check("lte");

    const uint32_t users = run.GetConfig().users;
    if (users < 2)
    {
        Fail("--users=" + std::to_string(users) +
             ": hetnet needs a user in each of its two cells; give at least 2");
    }
    if (wifiUsers == 0)
    {
        wifiUsers = (users + 1) / 2;
    }
    CheckRange("--wifiUsers", wifiUsers, 1, users - 1, "");
    CheckRange("--dualUsers", dualUsers, 0, wifiUsers, "users of the WiFi cell");
    std::vector<uint32_t> dual(dualUsers);
    std::iota(dual.begin(), dual.end(), 0U);
    if (!dual.empty())
    {
        lte.CheckGuests("lte", wifi.centre, wifi.placement.radiusM);
    }
    run.AddCell(std::make_unique<WifiCell>(wifi), wifiUsers);
    run.AddCell(std::make_unique<LteCell>(lte), users - wifiUsers, dual);
    return run.Run();
}
