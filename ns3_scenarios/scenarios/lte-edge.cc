// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Users in one LTE cell, an edge behind the packet gateway, a cloud behind a wide-area link.
 *
 *     lte-edge --users=5 --policy=edge --epochs=20 --requests=requests.csv
 *     lte-edge --help                          lists every argument
 */
#include "access/lte/lte-cell.h"
#include "model/inference-run.h"

using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    InferenceRun run("lte-edge",
                     "DNN inference requests of users in an LTE cell, served on the device, at the "
                     "edge or in the cloud.",
                     LteCell::MAX_STATIONS);
    LteCellConfig lte;
    lte.placement.mobility = "walk";
    lte.background.stations = 2;
    lte.AddArguments(run.GetCommandLine());
    run.Parse(argc, argv);
    lte.Check();
    run.AddCell(std::make_unique<LteCell>(lte), run.GetConfig().users);
    return run.Run();
}
