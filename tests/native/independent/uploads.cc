// SPDX-License-Identifier: MIT
// Uploads of several users over one cell, written from ns-3 alone, for comparison with the
// scenarios (tests/integration/test_independent.py). Stations stand at their places from the start.
#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/lte-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/wifi-module.h"

#include <functional>
#include <iostream>
#include <map>

using namespace ns3;
namespace
{
constexpr uint16_t REQUEST_PORT = 5000;
constexpr uint16_t TRAINING_PORT = 5001;
constexpr uint32_t UPLOAD_BYTES = 150528;
constexpr uint32_t REPLY_BYTES = 4000;
const Time GAP = MilliSeconds(50);

struct Setting
{
    std::string cell{"wifi"};
    uint32_t users{3};
    uint32_t decisions{3};
    uint32_t trainingBytes{320000};
    double radius{25};
};

double
FreeSpaceLossDb(double frequencyHz) // at 1 m
{
    return 20 * std::log10(4 * M_PI * frequencyHz / 299792458.0);
}

void
Place(const Setting& setting, Ptr<Node> centre, NodeContainer users)
{
    const std::string radius = std::to_string(setting.radius);
    MobilityHelper mobility;
    mobility.Install(centre); // at the origin
    mobility.SetPositionAllocator(
        "ns3::RandomDiscPositionAllocator",
        "Rho",
        StringValue("ns3::ConstantRandomVariable[Constant=" + radius + "]"));
    mobility.Install(users);
}

void
InstallInternet(NodeContainer nodes)
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.Install(nodes);
}

void
SetDefaultRoute(Ptr<Node> node, Ipv4Address gateway)
{
    Ipv4StaticRoutingHelper()
        .GetStaticRouting(node->GetObject<Ipv4>())
        ->SetDefaultRoute(gateway, 1);
}

/** @return the gateway; users get addresses and a default route. */
Ptr<Node>
BuildWifi(const Setting& setting, NodeContainer users)
{
    auto ap = CreateObject<Node>();
    Place(setting, ap, users);
    auto channel = CreateObject<YansWifiChannel>();
    auto loss = CreateObject<LogDistancePropagationLossModel>();
    loss->SetReference(1, FreeSpaceLossDb(5.18e9));
    channel->SetPropagationLossModel(loss);
    channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    YansWifiPhyHelper phy;
    phy.SetChannel(channel);
    phy.Set("ChannelSettings", StringValue("{0, 20, BAND_5GHZ, 0}"));
    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211n);
    wifi.SetRemoteStationManager("ns3::MinstrelHtWifiManager");
    WifiMacHelper mac;
    mac.SetType("ns3::StaWifiMac", "Ssid", SsidValue(Ssid("x")));
    const NetDeviceContainer stations = wifi.Install(phy, mac, users);
    mac.SetType("ns3::ApWifiMac", "Ssid", SsidValue(Ssid("x")));
    const NetDeviceContainer apDevice = wifi.Install(phy, mac, ap);
    InstallInternet(NodeContainer(NodeContainer(ap), users));
    Ipv4AddressHelper addresses("10.1.0.0", "255.255.0.0");
    const Ipv4Address gateway = addresses.Assign(apDevice).GetAddress(0);
    addresses.Assign(stations);
    for (uint32_t i = 0; i < users.GetN(); ++i)
    {
        SetDefaultRoute(users.Get(i), gateway);
        if (setting.trainingBytes > 0)
        {
            BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(gateway, TRAINING_PORT));
            bulk.SetAttribute("MaxBytes", UintegerValue(setting.trainingBytes));
            bulk.Install(users.Get(i)).Start(Seconds(2.0 + i));
        }
    }
    const InetSocketAddress any(Ipv4Address::GetAny(), TRAINING_PORT);
    PacketSinkHelper("ns3::TcpSocketFactory", any).Install(ap);
    return ap;
}

Ptr<Node>
BuildLte(const Setting& setting, NodeContainer users)
{
    static Ptr<LteHelper> lte = CreateObject<LteHelper>();
    static Ptr<PointToPointEpcHelper> epc = CreateObject<PointToPointEpcHelper>();
    auto enb = CreateObject<Node>();
    Place(setting, enb, users);
    Config::SetDefault("ns3::LteRlcUm::MaxTxBufferSize", StringValue("1048576"));
    Config::SetDefault("ns3::LteRlcUm::EnablePdcpDiscarding", BooleanValue(false));
    Config::SetDefault("ns3::LteEnbRrc::EpsBearerToRlcMapping", StringValue("RlcUmAlways"));
    Config::SetDefault("ns3::LteEnbPhy::TxPower", StringValue("43"));
    Config::SetDefault("ns3::LteUePhy::TxPower", StringValue("23"));
    Config::SetDefault("ns3::LteUePhy::EnableRlfDetection", BooleanValue(false));
    Config::SetDefault("ns3::LteUePhy::DownlinkCqiPeriodicity", TimeValue(MilliSeconds(10)));
    lte->SetEpcHelper(epc);
    lte->SetSchedulerType("ns3::PfFfMacScheduler");
    lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(50));
    lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(50));
    lte->SetPathlossModelType(LogDistancePropagationLossModel::GetTypeId());
    lte->SetPathlossModelAttribute("ReferenceLoss", DoubleValue(FreeSpaceLossDb(1.93e9)));
    const NetDeviceContainer enbDevice = lte->InstallEnbDevice(enb);
    const NetDeviceContainer ues = lte->InstallUeDevice(users);
    InstallInternet(users);
    epc->AssignUeIpv4Address(ues);
    for (uint32_t i = 0; i < users.GetN(); ++i)
    {
        SetDefaultRoute(users.Get(i), epc->GetUeDefaultGatewayAddress());
    }
    lte->Attach(ues, enbDevice.Get(0));
    return epc->GetPgwNode();
}

/** Users upload at the same time; when all have their reply, and the gap has passed, again. */
class Uploads
{
  public:
    Uploads(const Setting& setting, NodeContainer users, Ptr<Node> server, Ipv4Address address)
        : m_decisions(setting.decisions)
    {
        auto listener = Socket::CreateSocket(server, TcpSocketFactory::GetTypeId());
        listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), REQUEST_PORT));
        listener->Listen();
        listener->SetAcceptCallback(
            MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
            Callback<void, Ptr<Socket>, const Address&>([this](Ptr<Socket> s, const Address&) {
                Count(s, UPLOAD_BYTES, [this, s] { s->Send(Create<Packet>(REPLY_BYTES)); });
            }));
        for (uint32_t i = 0; i < users.GetN(); ++i)
        {
            auto socket = Socket::CreateSocket(users.Get(i), TcpSocketFactory::GetTypeId());
            m_sockets.push_back(socket);
            Count(socket, REPLY_BYTES, [this, i] { Replied(i); });
            Simulator::Schedule(Seconds(2.5 + users.GetN() + 0.01 * i), [socket, address] {
                socket->Bind();
                socket->Connect(InetSocketAddress(address, REQUEST_PORT));
            });
        }
        Simulator::Schedule(Seconds(3.0 + users.GetN()), &Uploads::Decide, this);
    }

  private:
    /** Call back at each message of that size. */
    void Count(Ptr<Socket> socket, uint32_t bytes, std::function<void()> whole)
    {
        socket->SetRecvCallback(Callback<void, Ptr<Socket>>([this, bytes, whole](Ptr<Socket> s) {
            while (auto packet = s->Recv())
            {
                m_received[s] += packet->GetSize();
            }
            if (m_received[s] >= bytes)
            {
                m_received[s] -= bytes;
                whole();
            }
        }));
    }

    void Decide()
    {
        m_open = m_sockets.size();
        for (uint32_t i = 0; i < m_open; ++i) // not all in the same slot
        {
            Simulator::Schedule(Seconds(m_random->GetValue(0, 1e-3)), [this, i] {
                m_start[i] = Simulator::Now();
                m_sockets[i]->Send(Create<Packet>(UPLOAD_BYTES));
            });
        }
    }

    void Replied(uint32_t user)
    {
        std::cout << m_decision << ' ' << user << ' ' << Simulator::Now() - m_start[user] << '\n';
        if (--m_open == 0)
        {
            ++m_decision < m_decisions ? void(Simulator::Schedule(GAP, &Uploads::Decide, this))
                                       : Simulator::Stop();
        }
    }

    const uint32_t m_decisions;
    std::vector<Ptr<Socket>> m_sockets;
    std::map<Ptr<Socket>, uint32_t> m_received;
    std::map<uint32_t, Time> m_start;
    Ptr<UniformRandomVariable> m_random{CreateObject<UniformRandomVariable>()};
    uint32_t m_open{0}, m_decision{0};
};
} // namespace
int
main(int argc, char* argv[])
{
    Setting setting;
    CommandLine cmd(__FILE__);
    cmd.AddValue("cell", "wifi or lte", setting.cell);
    cmd.AddValue("users", "users", setting.users);
    cmd.AddValue("decisions", "per user", setting.decisions);
    cmd.AddValue("training", "bytes to the AP before", setting.trainingBytes);
    cmd.AddValue("radius", "m", setting.radius);
    cmd.Parse(argc, argv);
    Config::SetDefault("ns3::TcpSocket::SegmentSize", StringValue("1400"));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", StringValue("1048576"));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", StringValue("1048576"));
    Config::SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(Seconds(1)));
    Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200)));
    Config::SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(MilliSeconds(40)));
    NodeContainer users;
    users.Create(setting.users);
    const Ptr<Node> gateway = (setting.cell == "lte" ? BuildLte : BuildWifi)(setting, users);
    auto server = CreateObject<Node>();
    InstallInternet(server);
    PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
    wire.SetChannelAttribute("Delay", StringValue("0.5ms"));
    const auto link =
        Ipv4AddressHelper("10.9.0.0", "255.255.255.0").Assign(wire.Install(gateway, server));
    SetDefaultRoute(server, link.GetAddress(0));
    Uploads uploads(setting, users, server, link.GetAddress(1));
    Simulator::Stop(Seconds(100)); // if a connection is lost
    Simulator::Run();
    Simulator::Destroy();
}
