// SPDX-License-Identifier: GPL-2.0-only
#include "model/site.h"

namespace ns3::tandem
{

namespace
{
constexpr uint32_t MAX_CORES = 1024;
constexpr double MAX_SCALE = 1e6;
} // namespace

void
RemoteSite::Declare(const Arguments& arguments)
{
    Arguments own = arguments.WithPrefix(name);
    wire.Declare(own, name);
    own.Add("cores",
            "requests that the " + name + " serves at the same time",
            cores,
            Range(1, MAX_CORES, "cores"));
    load.Declare(own);
    own.Add("serviceScale",
            "factor on the service times of " + name + " options",
            serviceScale,
            Range(0, MAX_SCALE));
}

RemoteSite
EdgeSite(const std::string& name)
{
    RemoteSite site{name, "edge"};
    site.wire = {0.5, 1000};
    // Other tenants come and go over some ten epochs and, while they are there, take nearly all:
    // measured, lighter or steadier loads let one fixed joint action come close to the best one.
    // Their jobs are short: a backlog of many short jobs can be seen before it hurts, while one
    // long job that arrives during an upload is luck, which no policy can learn.
    site.load.quietUtilisation = 0.05;
    site.load.busyUtilisation = 0.95;
    site.load.dwellS = 6.0;
    site.load.jobS = 0.02;
    return site;
}

RemoteSite
CloudSite(const std::string& name)
{
    RemoteSite site{name, "cloud"};
    site.wire = {20, 100};
    site.load.quietUtilisation = 0.1;
    site.load.busyUtilisation = 0.95;
    site.load.dwellS = 5.0;
    site.load.jobS = 0.02;
    return site;
}

std::vector<RemoteSite>
DefaultSites()
{
    return {EdgeSite(), CloudSite()};
}

std::string
SiteName(Site site, const std::vector<RemoteSite>& sites)
{
    return site == DEVICE ? "device" : sites.at(site - 1).name;
}

} // namespace ns3::tandem
