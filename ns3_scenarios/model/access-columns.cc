// SPDX-License-Identifier: GPL-2.0-only
#include "model/access-columns.h"

#include "model/column-bounds.h"

namespace ns3::tandem
{

// One column: name, unit, bounds, help, getter. A table that formatting would tear apart.
// clang-format off
std::vector<AccessField>
RadioColumns()
{
    return {
        {{"snr_db", "dB", MIN_DB, MAX_DB,
          "uplink signal-to-noise ratio at the AP or eNB; 0 until heard"},
         [](const AccessView& a) -> double { return a.radio.snrDb; }},
        {{"rate_bps", "bit/s", 0, MAX_BPS,
          "PHY rate of the user's last data transmission (LTE: of its MCS in the whole band)"},
         [](const AccessView& a) -> double { return a.radio.rateBps; }},
        {{"mcs", "", 0, MAX_MCS,
          "modulation and coding index of that transmission"},
         [](const AccessView& a) -> double { return a.radio.mcs; }},
        {{"mac_queue_bytes", "B", 0, MAX_BYTES,
          "bytes that wait in the user's device"},
         [](const AccessView& a) -> double { return a.radio.macQueueBytes; }},
    };
}

namespace
{
/** A column of the connection to a remote site: one per site. */
struct ConnectionColumn
{
    const char* name;
    const char* unit;
    double high;
    const char* help; //!< before the site's name
    const char* more; //!< after it
    double TcpSample::* member;
};

const ConnectionColumn CONNECTION_COLUMNS[] = {
    {"cwnd_bytes", "B", MAX_BYTES,
     "congestion window that the next upload to the ", " starts with",
     &TcpSample::windowBytes},
    {"ssthresh_bytes", "B", MAX_BYTES,
     "window at which slow start of the next upload to the ", " ends; the send buffer where nothing limits it",
     &TcpSample::thresholdBytes},
    {"idle_s", "s", MAX_OBSERVED_S,
     "since the last segment from or to the ", "",
     &TcpSample::idleS},
    {"rtt_s", "s", MAX_OBSERVED_S,
     "TCP's smoothed round-trip time to the ", "",
     &TcpSample::rttS},
};
} // namespace

std::vector<AccessField>
ConnectionColumns(const std::vector<std::string>& sites)
{
    std::vector<AccessField> fields;
    for (const ConnectionColumn& quantity : CONNECTION_COLUMNS)
    {
        for (size_t i = 0; i < sites.size(); ++i)
        {
            fields.push_back({{sites[i] + "_" + quantity.name, quantity.unit, 0, quantity.high,
                               quantity.help + sites[i] + quantity.more},
                              [i, member = quantity.member](const AccessView& a) -> double { return a.toSites[i].*member; }});
        }
    }
    return fields;
}

AccessField
RetransmissionsColumn()
{
    return {{"mac_retransmissions", "", 0, MAX_COUNT,
             "frames or HARQ blocks the user's radio sent again since the last decision"},
            [](const AccessView& a) -> double { return static_cast<double>(a.now.macRetransmissions - a.before.macRetransmissions); }};
}

AccessField
AirtimeColumn()
{
    return {{"airtime_s", "s", 0, MAX_OBSERVED_S,
             "time the user's radio transmitted since the last decision; in LTE whole subframes, which users share by resource blocks, so the sum over users can exceed the time"},
            [](const AccessView& a) -> double { return a.now.txAirtimeS - a.before.txAirtimeS; }};
}

AccessField
DistanceColumn()
{
    return {{"distance_m", "m", 0, MAX_M,
             "distance between user and AP or eNB"},
            [](const AccessView& a) -> double { return a.distanceM; }};
}

AccessField
ServingColumn()
{
    return {{"serving", "", 0, MAX_INDEX,
             "which eNB of its cell serves the user, from 0"},
            [](const AccessView& a) -> double { return a.serving; }};
}
// clang-format on

} // namespace ns3::tandem
