// SPDX-License-Identifier: MIT
/**
 * @file
 * Stations upload over one 802.11n access point that a neighbour's traffic disturbs. Every 100 ms
 * the agent chooses how fast each station sends: too little wastes the channel, too much fills the
 * queues.
 */
#include "access/trace-outputs.h"
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/mobility-helper.h"
#include "ns3/random-variable-stream.h"
#include "ns3/seq-ts-header.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"
#include "ns3/wifi-module.h"

#include <cmath>

using namespace ns3;
using namespace ns3::tandem;

constexpr double RATES_BPS[] = {0, 0.5e6, 1e6, 2e6, 4e6, 8e6}; // what an action stands for
constexpr uint32_t PACKET_BYTES = 1000;
constexpr uint16_t PORT = 9;
constexpr double EPOCH_S = 0.1;

int
main(int argc, char* argv[])
{
    uint32_t stations = 4;
    double radiusM = 10;
    double neighbourBps = 15e6;
    AgentLink link("first_wifi");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd);
    arguments.Add("stations", "number of stations", stations, Range(1, 50, "stations"));
    arguments.Add("radius", "of the circle that they stand on", radiusM, Range(1, 50, "m"));
    arguments.Add("neighbour",
                  "the neighbour's rate while it sends",
                  neighbourBps,
                  Range(0, 1e8, "bit/s"));
    link.AddArguments(cmd);
    TraceOutputs traces(link, arguments); // --pcap, --flowmon, --netanim, --frames
    cmd.Parse(argc, argv);

    // What the agent sees and chooses, what is recorded: one row per station.
    auto* seen = link.AddObservation("stations",
                                     {
                                         stations,
                                         3
    },
                                     {{"goodput_bps", "bit/s", 0, 1e8, "received in the epoch"},
                                      {"delay_s", "s", 0, 10, "mean delay of what was received"},
                                      {"backlog_packets", "packets", 0, 1e5, "sent, not received"}},
                                     "station");
    auto* rate = link.AddAction("rate", {stations}, 0, std::size(RATES_BPS) - 1, "station");
    auto* packets =
        link.AddRecords("packets",
                        {
                            {"station", RecordColumn::INT64,   "",  "its sender"       },
                            {"time_s",  RecordColumn::FLOAT64, "s", "when it arrived"  },
                            {"delay_s", RecordColumn::FLOAT64, "s", "since it was sent"}
    });
    link.SetPolicy([&](ActionBlock* action) { // without an agent: everybody at 2 Mbit/s
        for (uint32_t i = 0; i < stations; ++i)
        {
            action->Set(i, 3);
        }
    });

    // An access point, the stations around it, and a neighbour: the last node.
    NodeContainer ap(1);
    NodeContainer users(stations + 1);
    auto places = CreateObject<ListPositionAllocator>();
    places->Add(Vector(0, 0, 0));
    for (uint32_t i = 0; i <= stations; ++i)
    {
        const double angle = 2 * M_PI * i / (stations + 1);
        places->Add(Vector(radiusM * std::cos(angle), radiusM * std::sin(angle), 0));
    }
    MobilityHelper mobility;
    mobility.SetPositionAllocator(places);
    mobility.Install(ap);
    mobility.Install(users);
    YansWifiPhyHelper phy;
    phy.SetChannel(YansWifiChannelHelper::Default().Create());
    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211n);
    wifi.SetRemoteStationManager("ns3::IdealWifiManager");
    WifiMacHelper mac;
    mac.SetType("ns3::ApWifiMac", "Ssid", SsidValue(Ssid("first")));
    NetDeviceContainer devices = wifi.Install(phy, mac, ap);
    mac.SetType("ns3::StaWifiMac", "Ssid", SsidValue(Ssid("first")));
    devices.Add(wifi.Install(phy, mac, users));
    InternetStackHelper internet;
    internet.Install(ap);
    internet.Install(users);
    Ipv4AddressHelper addresses("10.1.0.0", "255.255.0.0");
    const auto interfaces = addresses.Assign(devices);

    // Senders: each packet carries its station's number and when it was sent.
    const InetSocketAddress sink(interfaces.GetAddress(0), PORT);
    std::vector<Ptr<Socket>> sockets;
    for (uint32_t i = 0; i <= stations; ++i)
    {
        sockets.push_back(Socket::CreateSocket(users.Get(i), UdpSocketFactory::GetTypeId()));
        sockets.back()->Connect(sink);
    }
    std::vector<double> rateBps(stations + 1, 0);
    std::vector<uint32_t> sent(stations + 1, 0);
    std::vector<uint32_t> received(stations + 1, 0);
    std::vector<uint32_t> receivedBefore(stations + 1, 0);
    std::vector<double> delaysS(stations + 1, 0);
    std::function<void(uint32_t)> send = [&](uint32_t i) {
        double waitS = EPOCH_S / 10; // one that sends nothing looks again soon
        if (rateBps[i] > 0)
        {
            SeqTsHeader header;
            header.SetSeq(i);
            auto packet = Create<Packet>(PACKET_BYTES - header.GetSerializedSize());
            packet->AddHeader(header);
            sockets[i]->Send(packet);
            ++sent[i];
            waitS = PACKET_BYTES * 8 / rateBps[i];
        }
        Simulator::Schedule(Seconds(waitS), [&send, i] { send(i); });
    };
    auto listener = Socket::CreateSocket(ap.Get(0), UdpSocketFactory::GetTypeId());
    listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT));
    listener->SetRecvCallback(Callback<void, Ptr<Socket>>([&](Ptr<Socket> socket) {
        while (auto packet = socket->Recv())
        {
            SeqTsHeader header;
            packet->RemoveHeader(header);
            const uint32_t i = header.GetSeq();
            const double delayS = (Simulator::Now() - header.GetTs()).GetSeconds();
            ++received[i];
            delaysS[i] += delayS;
            if (i < stations)
            {
                packets->Begin();
                packets->SetInt(0, i);
                packets->Set(1, Simulator::Now().GetSeconds());
                packets->Set(2, delayS);
                packets->End();
            }
        }
    }));

    auto draw = CreateObject<UniformRandomVariable>();
    std::function<void()> neighbour = [&] { // sends and rests by turns
        rateBps[stations] = rateBps[stations] > 0 ? 0 : neighbourBps;
        Simulator::Schedule(Seconds(draw->GetValue(0.5, 2)), neighbour);
    };
    std::function<void()> decide = [&] {
        for (uint32_t i = 0; i < stations; ++i)
        {
            const uint32_t count = received[i] - receivedBefore[i];
            seen->Set(3 * i, count * PACKET_BYTES * 8 / EPOCH_S);
            seen->Set(3 * i + 1, count > 0 ? delaysS[i] / count : 0);
            seen->Set(3 * i + 2, sent[i] - received[i]);
            receivedBefore[i] = received[i];
            delaysS[i] = 0;
        }
        if (!link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t i = 0; i < stations; ++i)
        {
            rateBps[i] = RATES_BPS[rate->Get(i)];
        }
        Simulator::Schedule(Seconds(EPOCH_S), decide);
    };

    traces.Install();
    Simulator::Stop(Seconds(1)); // the warm-up: association
    Simulator::Run();
    link.BeginEpisode(); // each reset() forks an episode from here
    draw->SetStream(1);  // draws from the episode's seed from here on
    wifi.AssignStreams(devices, 100);
    for (uint32_t i = 0; i <= stations; ++i)
    {
        Simulator::Schedule(MilliSeconds(i), [&send, i] { send(i); });
    }
    Simulator::ScheduleNow(neighbour);
    Simulator::ScheduleNow(decide);
    Simulator::Run();
    if (!link.HasAgent())
    {
        for (uint32_t i = 0; i < stations; ++i)
        {
            std::cout << "station " << i << ": " << received[i] << " of " << sent[i]
                      << " packets\n";
        }
    }
    Simulator::Destroy();
    return 0;
}
