// SPDX-License-Identifier: GPL-2.0-only
#include "model/option-table.h"
#include "model/request-header.h"
#include "model/request-ledger.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <fstream>

namespace ns3::tandem
{

namespace
{

/** A ledger of one user with the options device (0) and edge (1), and counters that are set. */
class LedgerTestCase : public TestCase
{
  public:
    using TestCase::TestCase;

  protected:
    void DoSetup() override
    {
        const std::string path = CreateTempDirFilename("options.csv");
        std::ofstream(path) << "option,site,variant,service_s,upload_bytes,reply_bytes,"
                               "top1_percent,top5_percent,mmacs\n"
                               "0,device,d0,0.1,0,0,70,90,500\n"
                               "1,edge,d0,0.02,1000,100,70,90,500\n";
        m_options = OptionTable::Read(path, DefaultSites());
        m_ledger = std::make_unique<RequestLedger>(
            m_options,
            std::vector<RequestLedger::Cells>{{{0, 0}}},
            RequestLedger::TransferCounter([this](uint32_t, uint32_t) { return m_counters; }));
        m_ledger->SetQueueCounter(
            RequestLedger::QueueCounter([](uint32_t, uint32_t) { return 300.0; }));
        m_ledger->SetJobCounter(
            Callback<uint32_t, Site>([](Site site) -> uint32_t { return site == 1 ? 7 : 0; }));
    }

    void DoTeardown() override
    {
        Simulator::Destroy();
    }

    static RequestHeader Header(uint64_t id, uint32_t attempt)
    {
        RequestHeader header;
        header.requestId = id;
        header.attempt = attempt;
        return header;
    }

    template <typename Step>
    static void At(int64_t ms, Step step)
    {
        Simulator::Schedule(MilliSeconds(ms), step);
    }

    /** @return a component of the request that ended last, ms */
    double Ms(Component component) const
    {
        return m_ledger->GetLast(0)->components[component].GetSeconds() * 1e3;
    }

    OptionTable m_options;
    TransferCounters m_counters;
    std::unique_ptr<RequestLedger> m_ledger;
};

/** The device's part and both waits at the device count, too. */
class LedgerSplitTest : public LedgerTestCase
{
  public:
    LedgerSplitTest()
        : LedgerTestCase("a split request's time, component by component")
    {
    }

  private:
    void DoRun() override
    {
        const uint64_t id = m_ledger->Open(0, 0, 1).id;
        At(3, [this, id] { m_ledger->DeviceStarted(id); });
        At(13, [this, id] { m_ledger->DeviceFinished(id); });
        At(15, [this, id] { m_ledger->UploadRestarted(id); }); // of a connection it waits for
        At(18, [this, id] { m_ledger->UploadStarted(id); });
        At(28, [this, id] { m_ledger->GatewayForwarded(id); });
        At(30, [this, id] { m_ledger->UploadArrived(Header(id, 1)); });
        At(31, [this, id] { m_ledger->SiteStarted(Header(id, 1)); });
        At(41, [this, id] { m_ledger->SiteFinished(Header(id, 1)); });
        At(44, [this, id] { m_ledger->Finish(id, RequestStatus::OK); });
        Simulator::Run();
        const Request& request = *m_ledger->GetLast(0);
        Time sum;
        for (const Time& component : request.components)
        {
            sum += component;
        }
        NS_TEST_ASSERT_MSG_EQ(sum, MilliSeconds(44), "the components' sum");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_QUEUE), 3 + 5, 1e-6, "both waits at the device");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_COMPUTE), 10, 1e-6, "device compute");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_QUEUE) + Ms(UPLINK_AIR), 10, 1e-6, "uplink");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(SITE_COMPUTE), 10, 1e-6, "site compute");
    }
};

/** Each step closes the component before it; their sum is the response time. */
class LedgerComponentsTest : public LedgerTestCase
{
  public:
    LedgerComponentsTest()
        : LedgerTestCase("an offloaded request's time, component by component")
    {
    }

  private:
    void DoRun() override
    {
        m_counters = {1.0, 50, 20};
        const uint64_t id = m_ledger->Open(0, 4, 1).id;
        At(2, [this, id] { m_ledger->UploadStarted(id); });
        At(12, [this, id] {
            m_counters = {1.003, 54, 20}; // 3 ms on the air, four frames sent again
            m_ledger->GatewayForwarded(id);
        });
        At(13, [this, id] { m_ledger->UploadArrived(Header(id, 0)); });
        At(17, [this, id] { m_ledger->SiteStarted(Header(id, 0)); });
        At(37, [this, id] { m_ledger->SiteFinished(Header(id, 0)); });
        At(42, [this, id] {
            m_counters.tcpRetransmissions = 22;
            const auto request = m_ledger->Finish(id, RequestStatus::OK);
            NS_TEST_ASSERT_MSG_EQ(request.has_value(), true, "it was open");
            NS_TEST_ASSERT_MSG_EQ(m_ledger->Finish(id, RequestStatus::OK).has_value(),
                                  false,
                                  "and is no more");
        });
        Simulator::Run();
        const Request& request = *m_ledger->GetLast(0);
        Time sum;
        for (const Time& component : request.components)
        {
            sum += component;
        }
        NS_TEST_ASSERT_MSG_EQ(request.GetResponseTime(), MilliSeconds(42), "response time");
        NS_TEST_ASSERT_MSG_EQ(sum, MilliSeconds(42), "the components' sum");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_QUEUE), 2, 1e-6, "device queue");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_AIR), 3, 1e-6, "uplink air");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_QUEUE), 7, 1e-6, "uplink queue");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_BACKHAUL), 1, 1e-6, "backhaul");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(SITE_QUEUE), 4, 1e-6, "site queue");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(SITE_COMPUTE), 20, 1e-6, "site compute");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DOWNLINK), 5, 1e-6, "downlink");
        NS_TEST_ASSERT_MSG_EQ(request.epoch, 4, "epoch");
        NS_TEST_ASSERT_MSG_EQ(request.macRetransmissions, 4, "frames sent again");
        NS_TEST_ASSERT_MSG_EQ(request.tcpRetransmissions, 2, "segments sent again");
        NS_TEST_ASSERT_MSG_EQ(request.metQueueBytes, 300, "bytes met");
        NS_TEST_ASSERT_MSG_EQ(request.metSiteJobs, 7, "jobs met");
        NS_TEST_ASSERT_MSG_EQ_TOL(m_ledger->GetGoodput(0), 8000 / 0.011, 1e-6, "goodput");
        NS_TEST_ASSERT_MSG_EQ(m_ledger->GetUnfinished(0), 0, "nothing is open");
    }
};

/** What comes over a connection that has been given up does not count. */
class LedgerRestartTest : public LedgerTestCase
{
  public:
    LedgerRestartTest()
        : LedgerTestCase("an upload that begins anew")
    {
    }

  private:
    void DoRun() override
    {
        const uint64_t id = m_ledger->Open(0, 0, 1).id;
        At(1, [this, id] { m_ledger->UploadStarted(id); });
        At(3, [this, id] { m_ledger->UploadArrived(Header(id, 0)); });
        At(5, [this, id] { m_ledger->UploadRestarted(id); });
        At(6, [this, id] { m_ledger->SiteStarted(Header(id, 0)); }); // of the first attempt
        At(9, [this, id] { m_ledger->GatewayForwarded(id); });
        At(10, [this, id] { m_ledger->UploadArrived(Header(id, 1)); });
        At(11, [this, id] { m_ledger->SiteStarted(Header(id, 1)); });
        At(31, [this, id] { m_ledger->SiteFinished(Header(id, 1)); });
        At(32, [this, id] { m_ledger->Finish(id, RequestStatus::OK); });
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_QUEUE), 1, 1e-6, "kept");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_QUEUE), 8, 1e-6, "from the first byte on");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(SITE_QUEUE), 1, 1e-6, "of the second attempt");
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(SITE_COMPUTE), 20, 1e-6, "of the second attempt");
    }
};

/** A request that is served at the device, one that times out there, and both while open. */
class LedgerDeviceTest : public LedgerTestCase
{
  public:
    LedgerDeviceTest()
        : LedgerTestCase("requests at the device")
    {
    }

  private:
    void DoRun() override
    {
        const uint64_t first = m_ledger->Open(0, 0, 0).id;
        const uint64_t second = m_ledger->Open(0, 0, 0).id;
        NS_TEST_ASSERT_MSG_EQ(m_ledger->GetUnfinished(0), 2, "both are open");
        NS_TEST_ASSERT_MSG_EQ((m_ledger->GetLast(0) == nullptr), true, "none has ended");
        At(0, [this, first] { m_ledger->DeviceStarted(first); });
        At(100, [this, first] { m_ledger->Finish(first, RequestStatus::OK); });
        At(101, [this] { NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_COMPUTE), 100, 1e-6, "served"); });
        At(150, [this, second] { m_ledger->Finish(second, RequestStatus::TIMEOUT); });
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(DEVICE_QUEUE), 150, 1e-6, "it never started");
        NS_TEST_ASSERT_MSG_EQ((m_ledger->GetLast(0)->status == RequestStatus::TIMEOUT),
                              true,
                              "timed out");
        NS_TEST_ASSERT_MSG_EQ(m_ledger->GetLast(0)->tcpRetransmissions, 0, "nothing was sent");
        NS_TEST_ASSERT_MSG_EQ(m_ledger->GetGoodput(0), 0, "nothing was uploaded");
    }
};

/** A row for the end of an episode shows the time so far, and leaves the request as it was. */
class LedgerOpenTest : public LedgerTestCase
{
  public:
    LedgerOpenTest()
        : LedgerTestCase("a request that is open at the end of its episode")
    {
    }

  private:
    void DoRun() override
    {
        const uint64_t id = m_ledger->Open(0, 0, 1).id;
        At(2, [this, id] { m_ledger->UploadStarted(id); });
        At(5, [this] {
            m_ledger->RecordOpen(); // without a table there is nothing to write to
            NS_TEST_ASSERT_MSG_EQ(m_ledger->GetUnfinished(0), 1, "it is still open");
            NS_TEST_ASSERT_MSG_EQ((m_ledger->GetLast(0) == nullptr), true, "it has not ended");
        });
        At(12, [this, id] { m_ledger->GatewayForwarded(id); });
        At(13, [this, id] { m_ledger->UploadArrived(Header(id, 0)); });
        At(14, [this, id] { m_ledger->Finish(id, RequestStatus::OK); });
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ_TOL(Ms(UPLINK_QUEUE) + Ms(UPLINK_AIR), 10, 1e-6, "as if untouched");
    }
};

class RequestLedgerTestSuite : public TestSuite
{
  public:
    RequestLedgerTestSuite()
        : TestSuite("tandem-request-ledger")
    {
        AddTestCase(new LedgerSplitTest, TestCase::QUICK);
        AddTestCase(new LedgerComponentsTest);
        AddTestCase(new LedgerRestartTest);
        AddTestCase(new LedgerDeviceTest);
        AddTestCase(new LedgerOpenTest);
    }
};

const RequestLedgerTestSuite g_requestLedgerTestSuite;

} // namespace

} // namespace ns3::tandem
