// SPDX-License-Identifier: GPL-2.0-only
/**
 * \file
 * A diagnostic: how much goodput a cell gives to users that always have data to send, or to
 * receive.
 *
 *     saturation --users=10 --rateControl=constant:7 --ampdu=0 --epochs=1 --requests=goodput.csv
 *     saturation --cell=lte --users=4 --scheduler=rr --epochs=1 --requests=goodput.csv
 *     saturation --direction=both --standard=80211a --rateControl=constant:24 --aifsn=2
 *     saturation --cells=2 --spacing=10         two BSSs on one channel
 *     saturation --places=places.csv            APs and users where a file says
 *     saturation --help                         lists every argument
 *
 * Each epoch the agent says which users send; goodput is measured for --duration after --settle.
 * The policy `all` (the default) lets everybody send. Table `goodput`: a row per user and one for
 * all together (user = -1).
 */
#include "access/backhaul.h"
#include "access/csv-table.h"
#include "access/lte/lte-cell.h"
#include "access/saturated-source.h"
#include "access/warm-up.h"
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"
#include "model/place-file.h"
#include "scenarios/saturation-loop.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <memory>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

constexpr uint16_t SINK_PORT = 9000;
constexpr uint16_t BACKGROUND_PORT = 9100;
constexpr int64_t CELL_STREAMS = 1 << 20;
constexpr int64_t PLACE_STREAMS = 1 << 21;
constexpr int64_t WARMUP_STREAMS = 1 << 22;
constexpr double MAX_TIME_S = 1e4;
constexpr uint32_t MAX_CELLS = 16;
/** A backlog takes seconds to send when many share the medium: no frame is dropped for its age. */
constexpr double QUEUE_LIFETIME_S = 1000;
/** Of a packet's number in its payload. */
constexpr uint32_t NUMBER_BYTES = 4;

/** Who is where in a cell. */
struct Layout
{
    WifiCellConfig wifi; //!< of a WiFi cell
    uint32_t users{0};
};

/** @return the cells of --places, after a check that all users are in reach */
std::vector<Layout>
ReadLayouts(const std::string& path, const WifiCellConfig& wifi)
{
    if (wifi.placement.mobility != "static")
    {
        Fail("--places=" + path + " says where users stand, and --mobility=" +
             wifi.placement.mobility + " moves them; leave one out");
    }
    std::vector<Layout> layouts;
    try
    {
        for (const CellPlaces& cell : ReadPlaces(path, MAX_CELLS))
        {
            const Reach reach = WifiCell::GetReach(wifi);
            if (cell.GetRadius() > reach.distanceM)
            {
                Fail("--places=" + path + ": a user of cell " + std::to_string(layouts.size()) +
                     " is " + FormatNumber(cell.GetRadius()) + " m from its AP, which reaches " +
                     FormatNumber(reach.distanceM) + " m: " + reach.limit + "; give " +
                     reach.remedy);
            }
            layouts.push_back({wifi, static_cast<uint32_t>(cell.users.size())});
            layouts.back().wifi.centre = cell.ap;
            layouts.back().wifi.placement.places = cell.users;
        }
    }
    catch (const CsvError& error)
    {
        Fail(std::string("--places: ") + error.what());
    }
    return layouts;
}

/** @return cells with so many users each, APs in a row */
std::vector<Layout>
MakeRow(uint32_t cells, double spacingM, uint32_t users, const WifiCellConfig& wifi)
{
    std::vector<Layout> layouts(cells, {wifi, users});
    for (uint32_t number = 0; number < cells; ++number)
    {
        layouts[number].wifi.centre.x += number * spacingM;
    }
    return layouts;
}

} // namespace

int
main(int argc, char* argv[])
{
    std::string kind = "wifi";
    uint32_t users = 5;
    double settleS = 0.5;
    double durationS = 1.0;
    std::string direction = "uplink";
    uint32_t cellCount = 1;
    double spacingM = 10;
    std::string places;
    AgentLink link("saturation");
    WireConfig wire;
    WifiCellConfig wifi;
    wifi.queueLifetimeS = QUEUE_LIFETIME_S;
    LteCellConfig lte;

    CommandLine cmd(__FILE__);
    cmd.Usage("Goodput of users that always have data to send, or to receive. --help with "
              "--cell=lte lists the arguments of the LTE cell.");
    Arguments arguments(cmd);
    arguments.Add("cell", "the access network", kind, Choices({"wifi", "lte"})).Selects();
    const auto noPlaces = [&places]() -> std::string {
        return places.empty() ? "" : "--places=" + places + " says who is there; leave it out";
    };
    arguments.Add("users", "users of the cell", users, Range(1, WifiCell::MAX_STATIONS, "users"))
        .Unless(noPlaces);
    arguments.Add("settle", "time before each measurement", settleS, Range(0, MAX_TIME_S, "s"));
    arguments.Add("duration",
                  "time measured in each epoch",
                  durationS,
                  Range(0.001, MAX_TIME_S, "s"));
    arguments.Add("direction",
                  "which way users always have data",
                  direction,
                  Choices({"uplink", "downlink", "both"}));
    arguments.AddAttribute("payload", "ns3::tandem::SaturatedSource::PayloadBytes", "bytes");
    arguments.AddAttribute("backlog", "ns3::tandem::SaturatedSource::BacklogBytes", "bytes");
    link.AddArguments(cmd);
    Arguments edge = arguments.WithPrefix("edge");
    wire.Declare(edge, "edge");
    arguments.ParseSelectors(argc, argv);
    const bool isLte = kind == "lte";
    if (isLte)
    {
        lte.Declare(arguments);
    }
    else
    {
        wifi.Declare(arguments);
        arguments
            .Add("cells",
                 "cells on one channel, each with so many users",
                 cellCount,
                 Range(1, MAX_CELLS))
            .Unless(noPlaces);
        arguments.Add("spacing", "between neighbouring APs, in a row", spacingM, Range(0, 1e4, "m"))
            .Unless(noPlaces);
        arguments.AddFile("places",
                          "CSV file with the columns cell (from 0), kind (ap or user), x_m and y_m "
                          "(m), instead of --users, --placement, --radius, --cells and --spacing",
                          places);
    }
    cmd.Parse(argc, argv);
    arguments.CheckEffects();
    auto source = CreateObject<SaturatedSource>();
    UintegerValue payload;
    UintegerValue backlog;
    source->GetAttribute("PayloadBytes", payload);
    source->GetAttribute("BacklogBytes", backlog);
    if (direction != "uplink" && payload.Get() < NUMBER_BYTES)
    {
        Fail("--payload=" + std::to_string(payload.Get()) +
             " bytes hold no packet number, which --direction=" + direction +
             " needs; give at least " + std::to_string(NUMBER_BYTES));
    }
    if (backlog.Get() < payload.Get())
    {
        Fail("--backlog=" + std::to_string(backlog.Get()) + " bytes are less than a packet of " +
             std::to_string(payload.Get()) + " bytes; give at least as many, or less --payload");
    }

    if (!places.empty())
    {
        wifi.placement.radiusM = wifi.placement.nearM =
            1; // m; the file's own distances are checked below
    }
    isLte ? lte.Check() : wifi.Check();
    Backhaul backhaul({
        {"edge", wire}
    });
    const std::vector<Layout> layouts =
        places.empty() ? MakeRow(cellCount, spacingM, users, wifi) : ReadLayouts(places, wifi);
    std::vector<SaturatedCell> cells(layouts.size());
    std::vector<AccessCell*> all;
    for (uint32_t number = 0; number < cells.size(); ++number)
    {
        auto& cell = cells[number].cell;
        if (isLte)
        {
            cell = std::make_unique<LteCell>(lte);
        }
        else
        {
            auto wifiCell = std::make_unique<WifiCell>(layouts[number].wifi);
            if (number > 0)
            {
                wifiCell->ShareChannel(static_cast<const WifiCell&>(*all.front()));
            }
            cell = std::move(wifiCell);
        }
        all.push_back(cell.get());
        cell->SetNumber(number);
        NodeContainer nodes;
        nodes.Create(layouts[number].users);
        cell->Build(nodes);
        if (direction != "uplink")
        {
            cell->WatchReception();
        }
        backhaul.Connect(*cell);
        const Ptr<Node> host = backhaul.GetHost(0);
        const Ipv4Address address = backhaul.GetAddress(number, 0);
        cell->StartBackground(host, address, BACKGROUND_PORT + number);
        cells[number].source = number == 0 ? source : CreateObject<SaturatedSource>();
        cells[number].source->Install(*cell,
                                      host,
                                      address,
                                      SINK_PORT + number,
                                      {direction != "downlink", direction != "uplink"});
    }
    Saturation saturation(link, cells, Seconds(settleS), Seconds(durationS));

    for (const std::string& warning : all.front()->GetWarnings())
    {
        link.Warn(warning);
    }
    const auto assignStreams = [&all](int64_t next) {
        for (AccessCell* cell : all)
        {
            next += cell->AssignStreams(next);
        }
    };
    link.BeginWarmup([&all, &assignStreams] {
        int64_t next = PLACE_STREAMS;
        for (AccessCell* cell : all)
        {
            next += cell->DrawPlaces(next);
        }
        assignStreams(WARMUP_STREAMS);
    });
    if (!WarmUp(all))
    {
        uint32_t connected = 0;
        uint32_t stations = 0;
        for (const AccessCell* cell : all)
        {
            connected += cell->CountConnected();
            stations += cell->GetStationCount();
        }
        Fail("only " + std::to_string(connected) + " of " + std::to_string(stations) +
             " stations are connected after the warm-up; give a smaller radius or less shadowing");
    }
    link.BeginEpisode();
    backhaul.AssignStreams(0);
    assignStreams(CELL_STREAMS);
    for (AccessCell* cell : all)
    {
        cell->BeginEpisode();
    }
    Simulator::ScheduleNow(&Saturation::Decide, &saturation);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
