// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SATURATION_LOOP_H
#define TANDEM_SATURATION_LOOP_H

#include "access/access-cell.h"
#include "access/lte/lte-cell.h"
#include "access/saturated-source.h"
#include "agent-link/agent-link.h"

#include "ns3/nstime.h"
#include "ns3/ptr.h"
#include "ns3/simulator.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

namespace ns3::tandem
{

/** In the column `user`: all of them together. */
constexpr int64_t EVERYBODY = -1;

/** A cell whose users send or are sent to. */
struct SaturatedCell
{
    std::unique_ptr<AccessCell> cell;
    Ptr<SaturatedSource> source;
    double busyStartS{0};
};

/** Where a user of the table is. */
struct Place
{
    uint32_t cell; //!< number of the cell
    uint32_t user; //!< number in the cell
};

/** What has been counted for one user since the start. */
struct Tally
{
    uint64_t bytes{0};
    RadioCounters radio;
    uint64_t queueBytes{0}; //!< now
    uint64_t grantedBits{0};
    uint64_t grantedPrbs{0};
    uint64_t downlinkBytes{0};
    uint64_t downlinkBits{0};
};

/** The measurement loop: decide, settle, measure, report. */
class Saturation
{
  public:
    Saturation(AgentLink& link, std::vector<SaturatedCell>& cells, Time settle, Time duration)
        : m_link(link),
          m_cells(cells),
          m_settle(settle),
          m_duration(duration)
    {
        for (uint32_t number = 0; number < cells.size(); ++number)
        {
            for (uint32_t i = 0; i < cells[number].cell->GetUserCount(); ++i)
            {
                m_places.push_back({number, i});
            }
        }
        const auto users = static_cast<uint32_t>(m_places.size());
        m_start.resize(users);
        m_goodputBps.assign(users, 0.0);
        m_observation =
            link.AddObservation("users",
                                {
                                    users,
                                    4
        },
                                {{"snr_db", "dB", -50, 100, "uplink SNR"},
                                 {"rate_bps", "bit/s", 0, 1e10, "PHY rate"},
                                 {"mcs", "", 0, 31, "MCS of the last data frame"},
                                 {"goodput_bps", "bit/s", 0, 1e10, "of the last epoch"}},
                                "user");
        m_action = link.AddAction("send", {users}, 0, 1, "user");
        const auto INT64 = RecordColumn::INT64;
        const auto FLOAT64 = RecordColumn::FLOAT64;
        m_records = link.AddRecords(
            "goodput",
            {
                {"decision",            INT64,   "",      "decision, from 0"                                      },
                {"user",                INT64,   "",      "user, cell by cell; -1: all users together"            },
                {"bytes",               INT64,   "bytes", "UDP payload that reached the edge"                     },
                {"mcs",                 INT64,   "",      "MCS of the user's last data frame; -1 for all together"},
                {"mac_retransmissions", INT64,   "",      "MPDUs or HARQ blocks sent again"                       },
                {"queue_bytes",         INT64,   "bytes", "waiting in the radio queue at the end"                 },
                {"granted_prbs",        INT64,   "PRB",   "LTE: PRBs granted; WiFi: 0"                            },
                {"granted_bits",        INT64,   "bit",   "LTE: new transport blocks granted; WiFi: 0"            },
                {"duration_s",          FLOAT64, "s",     "time measured"                                         },
                {"goodput_bps",         FLOAT64, "bit/s", "UDP payload per time"                                  },
                {"airtime_s",
                 FLOAT64,                        "s",
                 "time in which the user's radio transmitted; LTE: whole subframes, shared by "
                 "users"                                                                                          },
                {"busy_fraction",
                 FLOAT64,                        "",
                 "medium busy or uplink PRBs used; of the user's cell"                                            },
                {"downlink_bps",        FLOAT64, "bit/s", "UDP payload that reached the user per time"            },
                {"downlink_block_bps",
                 FLOAT64,                        "bit/s",
                 "LTE: transport blocks that reached the user without error; WiFi: 0"                             }
        });
        link.SetPolicy([users](ActionBlock* action) {
            for (uint32_t i = 0; i < users; ++i)
            {
                action->Set(i, 1);
            }
        });
    }

    void Decide()
    {
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            const RadioSample sample = GetCell(i).Sample(m_places[i].user);
            m_observation->Set(i, 0, sample.snrDb);
            m_observation->Set(i, 1, sample.rateBps);
            m_observation->Set(i, 2, sample.mcs);
            m_observation->Set(i, 3, m_goodputBps[i]);
        }
        m_epoch = m_link.GetEpoch();
        if (!m_link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            m_cells[m_places[i].cell].source->SetActive(m_places[i].user, m_action->Get(i) == 1);
        }
        Simulator::Schedule(m_settle, &Saturation::Start, this);
    }

  private:
    const AccessCell& GetCell(uint32_t i) const
    {
        return *m_cells[m_places[i].cell].cell;
    }

    Tally Count(uint32_t i) const
    {
        const AccessCell& cell = GetCell(i);
        const uint32_t user = m_places[i].user;
        const SaturatedSource& source = *m_cells[m_places[i].cell].source;
        Tally tally;
        tally.bytes = source.GetReceivedBytes(user);
        tally.downlinkBytes = source.GetDownlinkBytes(user);
        tally.radio = cell.Count(user);
        tally.queueBytes = static_cast<uint64_t>(cell.Sample(user).macQueueBytes);
        if (const auto* lte = dynamic_cast<const LteCell*>(&cell))
        {
            tally.grantedBits = lte->GetProbe(user).GetGrantedBits();
            tally.grantedPrbs = lte->GetProbe(user).GetGrantedPrbs();
            tally.downlinkBits = lte->GetProbe(user).GetReceivedBits();
        }
        return tally;
    }

    void Start()
    {
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            m_start[i] = Count(i);
        }
        for (SaturatedCell& cell : m_cells)
        {
            cell.busyStartS = cell.cell->CountCell().busyS;
        }
        Simulator::Schedule(m_duration, &Saturation::Report, this);
    }

    void Report()
    {
        Tally all;
        double allBusy = 0; // sum over cells
        std::vector<double> busy;
        for (const SaturatedCell& cell : m_cells)
        {
            busy.push_back((cell.cell->CountCell().busyS - cell.busyStartS) /
                           m_duration.GetSeconds());
            allBusy += busy.back();
        }
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            const Tally now = Count(i);
            const Tally& then = m_start[i];
            Tally tally;
            tally.bytes = now.bytes - then.bytes;
            tally.radio.txAirtimeS = now.radio.txAirtimeS - then.radio.txAirtimeS;
            tally.radio.macRetransmissions =
                now.radio.macRetransmissions - then.radio.macRetransmissions;
            tally.queueBytes = now.queueBytes;
            tally.grantedBits = now.grantedBits - then.grantedBits;
            tally.grantedPrbs = now.grantedPrbs - then.grantedPrbs;
            tally.downlinkBytes = now.downlinkBytes - then.downlinkBytes;
            tally.downlinkBits = now.downlinkBits - then.downlinkBits;
            m_goodputBps[i] = 8 * tally.bytes / m_duration.GetSeconds();
            WriteRow(i,
                     std::lround(GetCell(i).Sample(m_places[i].user).mcs),
                     tally,
                     busy[m_places[i].cell]);

            all.bytes += tally.bytes;
            all.radio.txAirtimeS += tally.radio.txAirtimeS;
            all.radio.macRetransmissions += tally.radio.macRetransmissions;
            all.queueBytes += tally.queueBytes;
            all.grantedBits += tally.grantedBits;
            all.grantedPrbs += tally.grantedPrbs;
            all.downlinkBytes += tally.downlinkBytes;
            all.downlinkBits += tally.downlinkBits;
        }
        WriteRow(EVERYBODY, -1, all, allBusy / m_cells.size());
        Decide();
    }

    void WriteRow(int64_t user, int64_t mcs, const Tally& tally, double busy)
    {
        m_records->Begin();
        size_t column = 0;
        for (const int64_t value : {static_cast<int64_t>(m_epoch),
                                    user,
                                    static_cast<int64_t>(tally.bytes),
                                    mcs,
                                    static_cast<int64_t>(tally.radio.macRetransmissions),
                                    static_cast<int64_t>(tally.queueBytes),
                                    static_cast<int64_t>(tally.grantedPrbs),
                                    static_cast<int64_t>(tally.grantedBits)})
        {
            m_records->SetInt(column++, value);
        }
        for (const double value : {m_duration.GetSeconds(),
                                   8 * tally.bytes / m_duration.GetSeconds(),
                                   tally.radio.txAirtimeS,
                                   busy,
                                   8 * tally.downlinkBytes / m_duration.GetSeconds(),
                                   tally.downlinkBits / m_duration.GetSeconds()})
        {
            m_records->Set(column++, value);
        }
        m_records->End();
    }

    AgentLink& m_link;
    std::vector<SaturatedCell>& m_cells;
    std::vector<Place> m_places; //!< of each user
    Time m_settle;
    Time m_duration;
    ObservationBlock* m_observation;
    ActionBlock* m_action;
    RecordTable* m_records;
    std::vector<Tally> m_start;
    std::vector<double> m_goodputBps;
    uint32_t m_epoch{0};
};

} // namespace ns3::tandem

#endif // TANDEM_SATURATION_LOOP_H
