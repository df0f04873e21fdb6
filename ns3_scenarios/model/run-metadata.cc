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

namespace ns3::tandem
{

using Json = nlohmann::ordered_json;

namespace
{

Json
DescribeOptions(const OptionTable& options)
{
    Json rows = Json::array();
    for (uint32_t i = 0; i < options.GetCount(); ++i)
    {
        const InferenceOption& option = options.Get(i);
        rows.push_back({
            {"option",       i                    },
            {"site",         SiteName(option.site)},
            {"variant",      option.variant       },
            {"service_s",    option.serviceS      },
            {"upload_bytes", option.uploadBytes   },
            {"reply_bytes",  option.replyBytes    },
            {"top1_percent", option.top1Percent   },
            {"top5_percent", option.top5Percent   },
            {"mmacs",        option.mmacs         }
        });
    }
    return rows;
}

Json
DescribeCells(const std::vector<const AccessCell*>& cells)
{
    Json rows = Json::array();
    for (const AccessCell* cell : cells)
    {
        rows.push_back({
            {"name",     cell->GetKind()        },
            {"kind",     cell->GetKind()        },
            {"standard", cell->GetStandard()    },
            {"users",    cell->GetUserCount()   },
            {"stations", cell->GetStationCount()}
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

/** Names are made unique by the cell's kind; users are numbered as in the observation. */
Json
DescribeTopology(const std::vector<const AccessCell*>& cells,
                 const std::vector<ObservedUser>& users,
                 const Backhaul& backhaul)
{
    Json nodes = Json::array();
    Json links = Json::array();
    for (uint32_t c = 0; c < cells.size(); ++c)
    {
        const std::string kind = cells[c]->GetKind();
        const bool lte = kind == "lte";
        const std::string radio = lte ? "enb" : "ap";
        const std::string gateway = lte ? "pgw" : "ap";
        uint32_t user = 0;
        while (user < users.size() && users[user].cell != c)
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
                node.name = kind + "-" + node.name;
            }
            nodes.push_back(DescribeNode(node));
            if (node.kind == "user" || node.kind == "background")
            {
                links.push_back(DescribeRadioLink(node.name, radio, kind));
            }
        }
        links.push_back(DescribeLink(gateway, "edge", backhaul.GetEdgeLink(c)));
        links.push_back(DescribeLink(gateway, "cloud", backhaul.GetCloudLink(c)));
    }
    nodes.push_back(DescribeNode({"edge", "edge", Vector()}));
    nodes.push_back(DescribeNode({"cloud", "cloud", Vector()}));
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
            const Backhaul& backhaul)
{
    const auto tell = [&link](const std::string& key, const Json& value) {
        link.SetMeta(key, value.dump());
    };
    Json userCells = Json::array();
    Json conditions = Json::array();
    for (const ObservedUser& user : users)
    {
        userCells.push_back(user.cell);
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
    tell("options", DescribeOptions(options));
    tell("variants", options.GetVariants());
    tell("sites",
         {
             {{"name", "edge"},  {"cores", config.edgeCores} },
             {{"name", "cloud"}, {"cores", config.cloudCores}}
    });
    tell("cells", DescribeCells(cells));
    tell("user_cells", userCells);
    tell("conditions", conditions);
    tell("weak_delay_s", JsonNumber(config.weakDelayMs * 1e-3));
    tell("arrivals", config.arrivals.mode);
    tell("timeout_s", JsonNumber(config.timeoutS));
    tell("epoch_gap_s", JsonNumber(config.epochGapS));
    tell("epoch_length_s", JsonNumber(config.epochLengthS));
    tell("device_service_scale", JsonNumber(config.deviceServiceScale));
    tell("topology", DescribeTopology(cells, users, backhaul));
}

} // namespace ns3::tandem
