// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_SMALL_CELLS_H
#define TANDEM_LTE_SMALL_CELLS_H

#include "agent-link/arguments.h"

#include "ns3/lte-common.h"
#include "ns3/lte-helper.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/position-allocator.h"
#include "ns3/propagation-loss-model.h"

#include <cstdint>
#include <vector>

namespace ns3::tandem
{

/** Small cells in a row, and who moves among them. */
struct LteSmallCellsConfig
{
    uint32_t cells{2};
    uint32_t uesPerCell{1};
    double spacingM{10};          //!< between neighbouring eNBs, m
    double roamM{30};             //!< how far UEs go from their eNB, m
    double speedMps{5};           //!< of UEs, m/s
    double pathLossExponent{3.8}; //!< of the log-distance path loss
    double referenceLossDb{38.5}; //!< path loss at 1 m, dB
    uint32_t bandwidthPrb{25};    //!< shared by all cells, PRB
    double maxPowerDbm{20};       //!< of an eNB, before it is set, dBm

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);
};

/** What a UE has received in a period, and where it is. */
struct LteDownlinkSample
{
    double throughputBps{0}; //!< transport blocks received without error per time, bit/s
    double sinrDb{0};        //!< mean of the reference signals', dB
    double servingLossDb{0}; //!< path loss to its own eNB at the end, dB
    double otherLossDb{0};   //!< path loss to the nearest other eNB at the end, dB
    uint64_t errors{0};      //!< transport blocks received with errors
};

/**
 * The downlinks of closed LTE cells on one carrier. There is always data for every UE. A UE stays
 * with its own eNB also where another one is nearer, as in femtocells of closed subscriber groups,
 * so that cells disturb each other badly or hardly at all, depending on where their UEs are.
 *
 * There is no core network: eNBs have the data (RLC's saturation mode). UE @c i belongs to cell
 * @c i / uesPerCell.
 */
class LteSmallCells
{
  public:
    explicit LteSmallCells(LteSmallCellsConfig config);

    /** Install eNBs and UEs, and attach them. */
    void Build();

    /** Draw the places where UEs start. */
    void DrawPlaces(int64_t stream);

    /** Re-seed all that is random from here on. @return how many streams were used */
    int64_t AssignStreams(int64_t stream);

    uint32_t GetUeCount() const;
    uint32_t GetCellOf(uint32_t ue) const;

    /** @return the number of UEs that have a connection */
    uint32_t CountConnected() const;

    /** Set a cell's transmit power from the next subframe on, dBm. */
    void SetPower(uint32_t cell, double dbm);

    /** End a period of a UE and begin the next one. @return what was seen in it */
    LteDownlinkSample Take(uint32_t ue);

  private:
    struct Counters
    {
        Time begin;
        double bits{0};
        double sinrSum{0}; //!< of linear values
        uint32_t sinrCount{0};
        uint64_t errors{0};
    };

    void InstallPlaces();
    void Count(uint32_t ue, const PhyReceptionStatParameters& block);
    double GetLossDb(uint32_t ue, uint32_t cell) const;

    LteSmallCellsConfig m_config;
    Ptr<LteHelper> m_lte;
    Ptr<PropagationLossModel> m_loss; //!< the same as the channel's
    NodeContainer m_enbs;
    NodeContainer m_ues;
    NetDeviceContainer m_enbDevices;
    NetDeviceContainer m_ueDevices;
    std::vector<Ptr<PositionAllocator>> m_places; //!< of each cell
    std::vector<Counters> m_counters;
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_SMALL_CELLS_H
