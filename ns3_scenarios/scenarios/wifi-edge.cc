// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Users in one WiFi cell, an edge behind the access point, a cloud behind a wide-area link.
 *
 *     wifi-edge --users=5 --policy=edge --epochs=20 --requests=requests.csv
 *     wifi-edge --help                          lists every argument
 */
#include "access/wifi/wifi-cell.h"
#include "model/inference-run.h"

using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    InferenceRun run("wifi-edge",
                     "DNN inference requests of users in a WiFi cell, served on the device, at the "
                     "edge or in the cloud.",
                     WifiCell::MAX_STATIONS);
    WifiCellConfig wifi;
    wifi.placement.mobility = "walk";
    wifi.placement.radiusM = 50; // far enough for the PHY rate to depend on the place
    wifi.background.stations = 1;
    wifi.AddArguments(run.GetCommandLine());
    run.Parse(argc, argv);
    wifi.Check();
    run.AddCell(std::make_unique<WifiCell>(wifi), run.GetConfig().users);
    return run.Run();
}
