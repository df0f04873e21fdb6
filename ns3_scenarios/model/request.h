// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_H
#define TANDEM_REQUEST_H

#include "model/option-table.h"

#include "ns3/nstime.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ns3::tandem
{

/** How a request ended. The values are those of the `status` column of the request records. */
enum class RequestStatus : uint8_t
{
    OK = 0,
    TIMEOUT = 1,
    OPEN = 2 //!< not ended when its episode was
};

/** Where the time of a request goes, in order of time. Their sum is the response time. */
enum Component : size_t
{
    DEVICE_QUEUE = 0, //!< waits at the device: for its core, and for the upload to start
    DEVICE_COMPUTE,   //!< on the device's core
    UPLINK_QUEUE,     //!< upload starts → gateway has forwarded all of it, less UPLINK_AIR
    UPLINK_AIR,       //!< the part of it in which the user's own radio transmitted
    UPLINK_BACKHAUL,  //!< gateway → site has the last byte
    SITE_QUEUE,       //!< waits for a core
    SITE_COMPUTE,     //!< on a core of the site
    DOWNLINK,         //!< result ready → last byte of the reply at the user
    COMPONENT_COUNT
};

/** What a request is doing. */
enum class Stage : uint8_t
{
    DEVICE_QUEUE,
    DEVICE_COMPUTE,
    UPLOAD_QUEUE, //!< split: the device has done its part
    UPLINK,
    BACKHAUL,
    SITE_QUEUE,
    SITE_COMPUTE,
    DOWNLINK,
    FINISHED
};

/** How long a radio has transmitted and received. */
struct RadioTimes
{
    double txS{0};
    double rxS{0};
};

/**
 * The radio and transport counters of a user that a request's figures are differences of; those of
 * the radio are of the interface that the request takes.
 */
struct TransferCounters
{
    double airtimeS{0};
    uint64_t macRetransmissions{0};
    uint64_t tcpRetransmissions{0};
    std::vector<RadioTimes> radios; //!< of all interfaces; empty unless energy is watched
};

/** One inference request from arrival to end. */
struct Request
{
    uint64_t id{0};
    uint32_t attempt{0}; //!< how often its upload was begun anew
    uint32_t user{0};
    uint32_t epoch{0}; //!< of arrival, from 0
    uint32_t option{0};
    uint32_t access{0};     //!< which of the user's interfaces it takes
    uint32_t cellIndex{0};  //!< of the cell that this interface is in, among all cells
    uint32_t cell{0};       //!< kind of that cell: 0 wifi, 1 lte
    InferenceOption choice; //!< the option's row of the table

    RequestStatus status{RequestStatus::OK};
    Stage stage{Stage::DEVICE_QUEUE};
    Time arrival;
    Time stageBegin;  //!< when the present stage began
    Time uploadBegin; //!< when the first byte was first written
    Time finish;      //!< when it ended; if it is open, the end of its episode
    std::array<Time, COMPONENT_COUNT> components{};

    TransferCounters atUploadStart; //!< counters when the first byte was written
    uint64_t macRetransmissions{0};
    uint64_t tcpRetransmissions{0};
    uint32_t servedAtStart{0}; //!< AP or eNB of that cell that served it; where it can change
    uint32_t servedAtEnd{0};
    double radioEnergyJ{0};  //!< more than idle radios draw; 0 unless energy is watched
    double deviceEnergyJ{0}; //!< of the device's part in it; likewise
    double metQueueBytes{0}; //!< in the user's device when the upload began
    uint32_t metSiteJobs{0}; //!< waiting or in service at the site when the upload was there

    /**
     * @return the time from arrival to end: the sum of the components. Of an open request it is the
     *         time that it has been open, and so less than it will take
     */
    Time GetResponseTime() const
    {
        return finish - arrival;
    }
};

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_H
