// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Users of several WiFi cells and an LTE cell, several edges, a cloud.
 *
 *     campus --users=24 --policy=edge1 --epochs=20 --requests=requests.csv
 *     campus --aps=2 --edges=4 --help          lists every argument of such a campus
 */
#include "access/lte/lte-cell.h"
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"
#include "model/inference-run.h"

#include <algorithm>
#include <numeric>

using namespace ns3::tandem;

namespace
{
constexpr uint32_t MAX_APS = 8;
constexpr uint32_t MAX_EDGES = 8;
constexpr uint32_t MAX_USERS = 200;

/** Edges stand beside APs, spread evenly over them. */
std::vector<RemoteSite>
MakeSites(uint32_t edges, uint32_t aps)
{
    std::vector<RemoteSite> sites;
    for (uint32_t i = 0; i < edges; ++i)
    {
        RemoteSite edge = EdgeSite("edge" + std::to_string(i + 1));
        edge.home = static_cast<int32_t>(i * aps / edges);
        sites.push_back(edge);
    }
    sites.push_back(CloudSite());
    return sites;
}

/**
 * @param cellUsers how many users each WiFi cell has
 * @return numbers of the users with two interfaces: the first of each cell, then the second, …
 */
std::vector<uint32_t>
ChooseDualUsers(uint32_t count, const std::vector<uint32_t>& cellUsers)
{
    const uint32_t all = std::accumulate(cellUsers.begin(), cellUsers.end(), 0U);
    CheckRange("--dualUsers", count, 0, all, "users of WiFi cells");
    std::vector<uint32_t> chosen;
    for (uint32_t rank = 0; chosen.size() < count; ++rank)
    {
        uint32_t before = 0;
        for (const uint32_t users : cellUsers)
        {
            if (rank < users && chosen.size() < count)
            {
                chosen.push_back(before + rank);
            }
            before += users;
        }
    }
    return chosen;
}
} // namespace

int
main(int argc, char* argv[])
{
    InferenceRun run("campus",
                     "DNN inference requests of users in several WiFi cells and an LTE cell, "
                     "served on the device, at one of several edges or in a cloud.",
                     MAX_USERS);
    uint32_t aps = 3;
    uint32_t edges = 2;
    bool lteCell = true;
    uint32_t coChannel = 2;
    double spacingM = 80;
    uint32_t dualUsers = 0;
    Arguments arguments(run.GetCommandLine());
    arguments.Add("aps", "WiFi cells", aps, Range(1, MAX_APS)).Selects();
    arguments.Add("edges", "edges, each beside an AP", edges, Range(1, MAX_EDGES)).Selects();
    arguments.Add("enb", "whether there is an LTE cell besides", lteCell).Selects();
    arguments.Add("coChannel",
                  "the first so many APs share a channel; the others have one each",
                  coChannel,
                  Range(0, MAX_APS, "APs"));
    arguments.Add("spacing", "between neighbouring APs, in a row", spacingM, Range(0, 1000, "m"));
    arguments.Add("dualUsers",
                  "users of WiFi cells, in turns from each, who have an LTE interface besides and "
                  "choose the path of each request",
                  dualUsers,
                  Range(0, MAX_USERS, "users"));
    arguments.ParseSelectors(argc, argv);

    run.GetConfig().users = 24;
    run.GetConfig().sites = MakeSites(edges, aps);
    std::vector<WifiCellConfig> wifi(aps);
    for (uint32_t i = 0; i < aps; ++i)
    {
        wifi[i].placement.mobility = "walk";
        wifi[i].placement.radiusM = 40;
        wifi[i].AddArguments(run.GetCommandLine(), "wifi" + std::to_string(i + 1));
    }
    LteCellConfig lte;
    lte.placement.mobility = "walk";
    if (lteCell)
    {
        lte.AddArguments(run.GetCommandLine(), "lte");
    }
    run.Parse(argc, argv);

    const uint32_t users = run.GetConfig().users;
    const uint32_t cells = aps + (lteCell ? 1 : 0);
    if (users < cells)
    {
        Fail("--users=" + std::to_string(users) + ": each of the " + std::to_string(cells) +
             " cells needs a user; give more users or fewer cells");
    }
    // As even as can be, the first cells get one more.
    const auto share = [&](uint32_t cell) {
        return users / cells + (cell < users % cells ? 1 : 0);
    };
    std::vector<uint32_t> wifiUsers;
    for (uint32_t i = 0; i < aps; ++i)
    {
        wifiUsers.push_back(share(i));
    }
    const std::vector<uint32_t> dual = ChooseDualUsers(dualUsers, wifiUsers);
    if (!dual.empty() && !lteCell)
    {
        Fail("--dualUsers=" + std::to_string(dualUsers) +
             " need an LTE cell, and --enb=0 leaves it out; give --enb=1, or --dualUsers=0");
    }
    const WifiCell* first = nullptr;
    for (uint32_t i = 0; i < aps; ++i)
    {
        wifi[i].centre.x = i * spacingM;
        wifi[i].Check("wifi" + std::to_string(i + 1));
        auto cell = std::make_unique<WifiCell>(wifi[i]);
        if (i > 0 && i < coChannel)
        {
            cell->ShareChannel(*first);
        }
        first = i == 0 ? cell.get() : first;
        run.AddCell(std::move(cell), share(i));
    }
    if (lteCell)
    {
        lte.Check("lte");
        for (uint32_t i = 0; i < std::min<uint32_t>(aps, dualUsers); ++i)
        {
            lte.CheckGuests("lte", wifi[i].centre, wifi[i].placement.radiusM);
        }
        run.AddCell(std::make_unique<LteCell>(lte), share(aps), dual);
    }
    return run.Run();
}
