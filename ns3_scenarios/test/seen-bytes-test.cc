// SPDX-License-Identifier: GPL-2.0-only
#include "model/gateway-probe.h"

#include "ns3/test.h"

#include <algorithm>
#include <array>
#include <vector>

namespace ns3::tandem
{

namespace
{

/** Segments in order, twice, ahead of a gap, across it. */
class SeenBytesTest : public TestCase
{
  public:
    SeenBytesTest()
        : TestCase("the prefix grows over gaps that close")
    {
    }

  private:
    void Check(uint64_t begin, uint64_t end, bool grows, uint64_t prefix)
    {
        NS_TEST_ASSERT_MSG_EQ(m_seen.Add(begin, end), grows, "[" << begin << ", " << end << ")");
        NS_TEST_ASSERT_MSG_EQ(m_seen.GetPrefix(), prefix, "after [" << begin << ", " << end << ")");
    }

    void DoRun() override
    {
        Check(0, 10, true, 10);
        Check(0, 10, false, 10);  // a retransmission
        Check(5, 12, true, 12);   // that overlaps
        Check(20, 30, false, 12); // ahead of a gap
        Check(40, 50, false, 12);
        Check(29, 40, false, 12); // joins the two
        Check(12, 15, true, 15);
        Check(15, 20, true, 50); // the gap closes: all that lay behind it counts
        Check(3, 7, false, 50);
    }

    SeenBytes m_seen;
};

/** Whatever the order of the segments, the prefix at each step is what a table of bytes tells. */
class SeenBytesAnyOrderTest : public TestCase
{
  public:
    SeenBytesAnyOrderTest()
        : TestCase("all orders of five segments with overlaps")
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint64_t LENGTH = 12;
        const std::vector<std::pair<uint64_t, uint64_t>> segments{
            {0, 3 },
            {2, 6 },
            {6, 7 },
            {7, 10},
            {9, 12}
        };
        std::array<size_t, 5> order{0, 1, 2, 3, 4};
        do
        {
            SeenBytes seen;
            std::vector<bool> table(LENGTH, false);
            for (const size_t i : order)
            {
                const auto [begin, end] = segments[i];
                seen.Add(begin, end);
                std::fill(table.begin() + begin, table.begin() + end, true);
                const auto gap = std::find(table.begin(), table.end(), false);
                NS_TEST_ASSERT_MSG_EQ(seen.GetPrefix(),
                                      static_cast<uint64_t>(gap - table.begin()),
                                      "after segment " << i);
            }
        } while (std::next_permutation(order.begin(), order.end()));
    }
};

class SeenBytesTestSuite : public TestSuite
{
  public:
    SeenBytesTestSuite()
        : TestSuite("tandem-seen-bytes")
    {
        AddTestCase(new SeenBytesTest);
        AddTestCase(new SeenBytesAnyOrderTest);
    }
};

const SeenBytesTestSuite g_seenBytesTestSuite;

} // namespace

} // namespace ns3::tandem
