// SPDX-License-Identifier: GPL-2.0-only
#include "model/core-pool.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

namespace
{

/** Notes what jobs do and when. */
struct Diary
{
    std::vector<std::string> lines;

    std::function<void()> Note(const std::string& what)
    {
        return [this, what] {
            lines.push_back(what + "@" + std::to_string(Simulator::Now().GetMilliSeconds()));
        };
    }
};

/** Jobs start in order of submission, each when a core is free. */
class CorePoolOrderTest : public TestCase
{
  public:
    CorePoolOrderTest()
        : TestCase("first in, first out on two cores")
    {
    }

  private:
    void DoRun() override
    {
        CorePool pool(2);
        Diary diary;
        const std::vector<std::pair<std::string, int>> jobs{
            {"a", 30},
            {"b", 10},
            {"c", 5 },
            {"d", 20}
        };
        for (const auto& [name, serviceMs] : jobs)
        {
            pool.Submit(MilliSeconds(serviceMs),
                        false,
                        diary.Note("+" + name),
                        diary.Note("-" + name));
        }
        NS_TEST_ASSERT_MSG_EQ(pool.GetBusyCores(), 2, "both cores work at once");
        NS_TEST_ASSERT_MSG_EQ(pool.GetQueueLength(), 2, "the others wait");
        NS_TEST_ASSERT_MSG_EQ_TOL(pool.GetBacklogS(), 0.065, 1e-12, "all work is still to come");
        Simulator::Run();
        const std::vector<std::string>
            expected{"+a@0", "+b@0", "-b@10", "+c@10", "-c@15", "+d@15", "-a@30", "-d@35"};
        NS_TEST_ASSERT_MSG_EQ((diary.lines == expected), true, "order and times of the jobs");
        NS_TEST_ASSERT_MSG_EQ(pool.GetBusyCores(), 0, "all is done");
        Simulator::Destroy();
    }
};

/** A cancelled job frees its core, or its place in the queue, and tells nothing. */
class CorePoolCancelTest : public TestCase
{
  public:
    CorePoolCancelTest()
        : TestCase("cancelled jobs")
    {
    }

  private:
    void DoRun() override
    {
        CorePool pool(1);
        Diary diary;
        const auto running =
            pool.Submit(MilliSeconds(30), false, diary.Note("+a"), diary.Note("-a"));
        const auto queued =
            pool.Submit(MilliSeconds(10), false, diary.Note("+b"), diary.Note("-b"));
        pool.Submit(MilliSeconds(10), false, diary.Note("+c"), diary.Note("-c"));
        Simulator::Schedule(MilliSeconds(3), [&] { pool.Cancel(queued); });
        Simulator::Schedule(MilliSeconds(4), [&] { pool.Cancel(running); });
        Simulator::Schedule(MilliSeconds(20), [&] { pool.Cancel(running); }); // long gone
        Simulator::Run();
        const std::vector<std::string> expected{"+a@0", "+c@4", "-c@14"};
        NS_TEST_ASSERT_MSG_EQ((diary.lines == expected), true, "what the jobs told");
        Simulator::Destroy();
    }
};

/** Counters are exact in the middle of a job, too. */
class CorePoolCountersTest : public TestCase
{
  public:
    CorePoolCountersTest()
        : TestCase("core time used, background apart")
    {
    }

  private:
    void DoRun() override
    {
        CorePool pool(2);
        pool.Submit(MilliSeconds(40), true, nullptr, nullptr);
        pool.Submit(MilliSeconds(10), false, nullptr, nullptr);
        Simulator::Schedule(MilliSeconds(25), [&] {
            const CoreCounters counters = pool.Count();
            NS_TEST_ASSERT_MSG_EQ_TOL(counters.busyS, 0.035, 1e-12, "25 ms and 10 ms");
            NS_TEST_ASSERT_MSG_EQ_TOL(counters.backgroundS, 0.025, 1e-12, "the first job's");
        });
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ_TOL(pool.Count().busyS, 0.050, 1e-12, "both jobs");
        NS_TEST_ASSERT_MSG_EQ_TOL(pool.Count().backgroundS, 0.040, 1e-12, "the first job");
        Simulator::Destroy();
    }
};

class CorePoolTestSuite : public TestSuite
{
  public:
    CorePoolTestSuite()
        : TestSuite("tandem-core-pool")
    {
        AddTestCase(new CorePoolOrderTest);
        AddTestCase(new CorePoolCancelTest);
        AddTestCase(new CorePoolCountersTest);
    }
};

const CorePoolTestSuite g_corePoolTestSuite;

} // namespace

} // namespace ns3::tandem
