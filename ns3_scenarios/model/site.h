// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SITE_H
#define TANDEM_SITE_H

#include "access/backhaul.h"
#include "agent-link/arguments.h"
#include "model/background-load.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * Where an inference runs, as in the column `site` of the request records: 0 is the user's own
 * device, k the k-th remote site of the scenario.
 */
using Site = uint32_t;

constexpr Site DEVICE = 0;

/** A server that users reach over the network. */
struct RemoteSite
{
    /** Also what the names of its arguments begin with. */
    std::string name;
    /** "edge" or "cloud": which rows of the options file it offers, and how it is drawn. */
    std::string kind;
    WireConfig wire;  //!< from each cell's gateway
    int32_t home{-1}; //!< the cell beside whose gateway it stands; -1: equally far from all
    // A service time is of a whole machine (see dnn_profiles): it serves one request at a time.
    uint32_t cores{1};
    double serviceScale{1.0}; //!< multiplies the service times of its options
    BackgroundLoadConfig load;

    /** Declare each of them as an argument. */
    void Declare(const Arguments& arguments);
};

/** @return a site behind the access network, with other tenants that come and go */
RemoteSite EdgeSite(const std::string& name = "edge");

/** @return a site behind a wide-area link, likewise */
RemoteSite CloudSite(const std::string& name = "cloud");

/** @return an edge and a cloud */
std::vector<RemoteSite> DefaultSites();

/** @return "device" or the name of a remote site */
std::string SiteName(Site site, const std::vector<RemoteSite>& sites);

} // namespace ns3::tandem

#endif // TANDEM_SITE_H
