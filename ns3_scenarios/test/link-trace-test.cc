// SPDX-License-Identifier: GPL-2.0-only
#include "model/link-trace.h"

#include "ns3/test.h"

#include <cmath>
#include <fstream>
#include <string>

namespace ns3::tandem
{

namespace
{

/** A trace, and both directions of its table. */
class LinkTraceTest : public TestCase
{
  public:
    using TestCase::TestCase;

  protected:
    LinkTrace Read(const std::string& text)
    {
        const std::string path = CreateTempDirFilename("trace");
        std::ofstream(path) << text;
        return LinkTrace::Read(path);
    }

    /** By @p ms the link has carried @p bytes, and it has carried them by @p doneMs. */
    void Check(const LinkTrace& trace, double ms, double bytes, double doneMs)
    {
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.CapacityUntil(Seconds(ms * 1e-3)),
                                  bytes,
                                  1e-3,
                                  "bytes by " << ms << " ms");
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.TimeOf(bytes).GetSeconds() * 1e3,
                                  doneMs,
                                  1e-5,
                                  "ms of " << bytes << " bytes");
    }
};

class OpportunitiesTest : public LinkTraceTest
{
  public:
    OpportunitiesTest()
        : LinkTraceTest("Mahimahi's opportunities, twice around")
    {
    }

  private:
    void DoRun() override
    {
        const LinkTrace trace = Read("2\n2\n5\n10\n");
        NS_TEST_ASSERT_MSG_EQ(trace.GetPeriod(), MilliSeconds(10), "period");
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.GetMeanBps(), 4.8e6, 1, "mean rate");
        Check(trace, 2, 3000, 2);
        Check(trace, 4.9, 3000, 2);
        Check(trace, 5, 4500, 5);
        Check(trace, 10.5, 6000, 10);
        Check(trace, 12, 9000, 12);
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.TimeOf(3001).GetSeconds(), 0.005, 1e-9, "the next one");
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.TimeOf(6001).GetSeconds(), 0.012, 1e-9, "the next round");
    }
};

class RatesTest : public LinkTraceTest
{
  public:
    RatesTest()
        : LinkTraceTest("rates, twice around")
    {
    }

  private:
    void DoRun() override
    {
        // 1000 bytes/ms for 2 ms, nothing for 3 ms, 500 bytes/ms for 5 ms.
        const LinkTrace trace = Read("time_s,rate_bps\n0,8e6\n0.002,0\n0.005,4e6\n0.010,1\n");
        NS_TEST_ASSERT_MSG_EQ_TOL(trace.GetMeanBps(), 8 * 4500 / 0.01, 1, "mean rate");
        Check(trace, 1, 1000, 1);
        Check(trace, 4, 2000, 2);
        Check(trace, 7, 3000, 7);
        Check(trace, 10, 4500, 10);
        Check(trace, 11, 5500, 11);
        Check(trace, 27, 12000, 27);
    }
};

class LinkTraceTestSuite : public TestSuite
{
  public:
    LinkTraceTestSuite()
        : TestSuite("tandem-link-trace")
    {
        AddTestCase(new OpportunitiesTest);
        AddTestCase(new RatesTest);
    }
};

const LinkTraceTestSuite g_linkTraceTestSuite;

} // namespace

} // namespace ns3::tandem
