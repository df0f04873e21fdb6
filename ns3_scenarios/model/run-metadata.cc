// SPDX-License-Identifier: GPL-2.0-only
#include "model/run-metadata.h"

#include "access/access-cell.h"
#include "access/backhaul.h"
#include "agent-link/agent-link.h"
#include "agent-link/json-number.h"
#include "model/inference-client.h"
#include "model/inference-config.h"
#include "model/observation.h"
#include "model/option-table.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ns3::tandem
{

using Json = nlohmann::ordered_json;

namespace
{

Json
DescribeOptions(const OptionTable& options,
                const std::vector<RemoteSite>& sites,
                const std::vector<std::string>& paths)
{
    Json rows = Json::array();
    for (uint32_t i = 0; i < options.GetCount(); ++i)
    {
        const InferenceOption& option = options.Get(i);
        rows.push_back({
            {"option", i},
            {"site", SiteName(option.site, sites)},
            {"variant", option.variant},
            {"service_s", option.serviceS},
            {"device_service_s", option.deviceServiceS},
            {"upload_bytes", option.uploadBytes},
            {"reply_bytes", option.replyBytes},
            {"top1_percent", option.top1Percent},
            {"top5_percent", option.top5Percent},
            {"mmacs", option.mmacs}
        });
        if (option.path)
        {
            rows.back()["path"] = paths.at(*option.path);
        }
    }
    return rows;
}

/** @return the cell that each user reaches each path by, null if it has no interface there */
Json
DescribePaths(const std::vector<ObservedUser>& users, const UserPaths& paths)
{
    Json rows = Json::array();
    for (uint32_t i = 0; i < users.size(); ++i)
    {
        Json row = Json::array();
        for (uint32_t path = 0; path < paths.GetNames().size(); ++path)
        {
            const auto access = paths.Find(i, path);
            row.push_back(access ? Json(users[i].accesses[*access].cell) : Json());
        }
        rows.push_back(row);
    }
    return rows;
}

/** @return "-2" of a cell called "wifi-2", nothing of one called "wifi" */
std::string
Suffix(const AccessCell& cell, const std::string& name)
{
    return name.substr(cell.GetKind().size());
}

/** @return names of the nodes of its AP or eNBs */
std::vector<std::string>
RadioNames(const AccessCell& cell, const std::string& name)
{
    const std::string radio = cell.GetKind() == "lte" ? "enb" : "ap";
    if (cell.CountRadios() == 1)
    {
        return {radio + Suffix(cell, name)};
    }
    std::vector<std::string> names;
    for (uint32_t i = 1; i <= cell.CountRadios(); ++i)
    {
        names.push_back(radio + std::to_string(i) + Suffix(cell, name));
    }
    return names;
}

/** @return name of the node that forwards the users' packets to the sites */
std::string
GatewayName(const AccessCell& cell, const std::string& name)
{
    return (cell.GetKind() == "lte" ? "pgw" : "ap") + Suffix(cell, name);
}

Json
DescribeCells(const std::vector<const AccessCell*>& cells, const std::vector<std::string>& names)
{
    Json rows = Json::array();
    for (size_t i = 0; i < cells.size(); ++i)
    {
        const AccessCell* cell = cells[i];
        rows.push_back({
            {"name", names[i]},
            {"kind", cell->GetKind()},
            {"radio", RadioNames(*cell, names[i]).front()},
            {"gateway", GatewayName(*cell, names[i])},
            {"standard", cell->GetStandard()},
            {"users", cell->GetUserCount()},
            {"stations", cell->GetStationCount()}
        });
    }
    return rows;
}

Json
DescribeSites(const std::vector<RemoteSite>& sites)
{
    Json rows = Json::array();
    for (const RemoteSite& site : sites)
    {
        rows.push_back({
            {"name",  site.name },
            {"kind",  site.kind },
            {"cores", site.cores}
        });
    }
    return rows;
}

Json
DescribeNode(const PlacedNode& node)
{
    return {
        {"name", node.name      },
        {"kind", node.kind      },
        {"x_m",  node.position.x},
        {"y_m",  node.position.y}
    };
}

Json
DescribeLink(const std::string& a, const std::string& b, const BackhaulLink& link)
{
    return {
        {"a",        a                       },
        {"b",        b                       },
        {"kind",     "point-to-point"        },
        {"rate_bps", JsonNumber(link.rateBps)},
        {"delay_s",  link.delayS             }
    };
}

/** The rate of a radio link is null: it changes with the radio channel. */
Json
DescribeRadioLink(const std::string& user, const std::string& radio, const std::string& kind)
{
    return {
        {"a",        user   },
        {"b",        radio  },
        {"kind",     kind   },
        {"rate_bps", nullptr},
        {"delay_s",  0.0    }
    };
}

bool
HasInterface(const ObservedUser& user, uint32_t cell)
{
    return std::any_of(user.accesses.begin(),
                       user.accesses.end(),
                       [cell](const UserAccess& access) { return access.cell == cell; });
}

/** Nodes are named by their cell where there are several; users are numbered as in the
 * observation. */
Json
DescribeTopology(const std::vector<const AccessCell*>& cells,
                 const std::vector<std::string>& names,
                 const std::vector<ObservedUser>& users,
                 const std::vector<RemoteSite>& sites,
                 const Backhaul& backhaul)
{
    Json nodes = Json::array();
    Json links = Json::array();
    for (uint32_t c = 0; c < cells.size(); ++c)
    {
        const std::string kind = cells[c]->GetKind();
        const std::vector<std::string> radios = RadioNames(*cells[c], names[c]);
        const std::string gateway = GatewayName(*cells[c], names[c]);
        uint32_t user = 0;
        while (user < users.size() && users[user].GetHome().cell != c)
        {
            ++user;
        }
        for (PlacedNode node : cells[c]->GetPlacedNodes())
        {
            if (node.kind == "user")
            {
                node.name = "user-" + std::to_string(user++);
            }
            else if (node.kind == "background")
            {
                node.name = names[c] + "-" + node.name;
            }
            else
            {
                node.name += Suffix(*cells[c], names[c]);
            }
            nodes.push_back(DescribeNode(node));
            if (node.kind == "user" || node.kind == "background")
            {
                for (const std::string& radio : radios)
                {
                    links.push_back(DescribeRadioLink(node.name, radio, kind));
                }
            }
        }
        for (uint32_t i = 0; i < users.size(); ++i)
        {
            if (users[i].GetHome().cell != c && HasInterface(users[i], c))
            {
                for (const std::string& radio : radios)
                {
                    links.push_back(DescribeRadioLink("user-" + std::to_string(i), radio, kind));
                }
            }
        }
        for (uint32_t host = 0; host < backhaul.GetHostCount(); ++host)
        {
            links.push_back(
                DescribeLink(gateway, backhaul.GetHostName(host), backhaul.GetLink(c, host)));
        }
    }
    for (const RemoteSite& site : sites)
    {
        nodes.push_back(DescribeNode({site.name, site.kind, Vector()}));
    }
    return {
        {"nodes", nodes},
        {"links", links}
    };
}

} // namespace

void
DescribeRun(AgentLink& link,
            const InferenceConfig& config,
            const OptionTable& options,
            const std::vector<const AccessCell*>& cells,
            const std::vector<ObservedUser>& users,
            const UserPaths& paths,
            const Backhaul& backhaul)
{
    const auto tell = [&link](const std::string& key, const Json& value) {
        link.SetMeta(key, value.dump());
    };
    Json userCells = Json::array();
    Json conditions = Json::array();
    for (const ObservedUser& user : users)
    {
        userCells.push_back(user.GetHome().cell);
        conditions.push_back(user.weak ? "weak" : "regular");
    }
    for (const AccessCell* cell : cells)
    {
        for (const std::string& warning : cell->GetWarnings())
        {
            link.Warn(warning);
        }
    }
    tell("users", config.users);
    tell("options", DescribeOptions(options, config.sites, paths.GetNames()));
    if (!paths.GetNames().empty())
    {
        tell("paths", paths.GetNames());
        tell("user_paths", DescribePaths(users, paths));
    }
    tell("variants", options.GetVariants());
    tell("sites", DescribeSites(config.sites));
    const std::vector<std::string> names = NameCells(cells);
    tell("cells", DescribeCells(cells, names));
    tell("user_cells", userCells);
    tell("conditions", conditions);
    tell("weak_delay_s", JsonNumber(config.weakDelayMs * 1e-3));
    tell("arrivals", config.arrivals.mode);
    tell("timeout_s", JsonNumber(config.timeoutS));
    tell("epoch_gap_s", JsonNumber(config.epochGapS));
    tell("epoch_length_s", JsonNumber(config.epochLengthS));
    tell("device_service_scale", JsonNumber(config.deviceServiceScale));
    tell("topology", DescribeTopology(cells, names, users, config.sites, backhaul));
}

} // namespace ns3::tandem
