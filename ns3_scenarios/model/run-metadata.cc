// SPDX-License-Identifier: GPL-2.0-only
#include "model/run-metadata.h"

#include "access/access-cell.h"
#include "access/backhaul.h"
#include "agent-link/agent-link.h"
#include "agent-link/json-writer.h"
#include "model/inference-client.h"
#include "model/inference-config.h"
#include "model/observation.h"
#include "model/option-table.h"

namespace ns3::tandem
{

namespace
{

std::string
Scalar(double value)
{
    return JsonWriter().Value(value).Str();
}

std::string
Options(const OptionTable& options)
{
    JsonWriter json;
    json.BeginArray();
    for (uint32_t i = 0; i < options.GetCount(); ++i)
    {
        const InferenceOption& option = options.Get(i);
        json.BeginObject()
            .Field("option", i)
            .Field("site", SiteName(option.site))
            .Field("variant", option.variant)
            .Field("service_s", option.serviceS)
            .Field("upload_bytes", option.uploadBytes)
            .Field("reply_bytes", option.replyBytes)
            .Field("top1_percent", option.top1Percent)
            .Field("top5_percent", option.top5Percent)
            .Field("mmacs", option.mmacs)
            .EndObject();
    }
    return json.EndArray().Str();
}

std::string
Variants(const OptionTable& options)
{
    JsonWriter json;
    json.BeginArray();
    for (const std::string& name : options.GetVariants())
    {
        json.Value(name);
    }
    return json.EndArray().Str();
}

std::string
Sites(const InferenceConfig& config)
{
    JsonWriter json;
    json.BeginArray();
    json.BeginObject().Field("name", "edge").Field("cores", config.edgeCores).EndObject();
    json.BeginObject().Field("name", "cloud").Field("cores", config.cloudCores).EndObject();
    return json.EndArray().Str();
}

std::string
Cells(const std::vector<const AccessCell*>& cells)
{
    JsonWriter json;
    json.BeginArray();
    for (const AccessCell* cell : cells)
    {
        json.BeginObject()
            .Field("name", cell->GetKind())
            .Field("kind", cell->GetKind())
            .Field("standard", cell->GetStandard())
            .Field("users", cell->GetUserCount())
            .Field("stations", cell->GetStationCount())
            .EndObject();
    }
    return json.EndArray().Str();
}

void
AddNode(JsonWriter& json, const PlacedNode& node)
{
    json.BeginObject()
        .Field("name", node.name)
        .Field("kind", node.kind)
        .Field("x_m", node.position.x)
        .Field("y_m", node.position.y)
        .EndObject();
}

void
AddLink(JsonWriter& json, const std::string& a, const std::string& b, const BackhaulLink& link)
{
    json.BeginObject()
        .Field("a", a)
        .Field("b", b)
        .Field("kind", "point-to-point")
        .Field("rate_bps", link.rateBps)
        .Field("delay_s", link.delayS)
        .EndObject();
}

/** Names are made unique by the cell's kind; users are numbered as in the observation. */
std::string
Topology(const std::vector<const AccessCell*>& cells,
         const std::vector<ObservedUser>& users,
         const Backhaul& backhaul)
{
    JsonWriter nodes;
    JsonWriter links;
    nodes.BeginArray();
    links.BeginArray();
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
            AddNode(nodes, node);
            if (node.kind == "user" || node.kind == "background")
            {
                links.BeginObject()
                    .Field("a", node.name)
                    .Field("b", radio)
                    .Field("kind", kind)
                    .Key("rate_bps")
                    .Raw("null") // changes with the radio channel
                    .Field("delay_s", 0.0)
                    .EndObject();
            }
        }
        AddLink(links, gateway, "edge", backhaul.GetEdgeLink(c));
        AddLink(links, gateway, "cloud", backhaul.GetCloudLink(c));
    }
    AddNode(nodes, {"edge", "edge", Vector()});
    AddNode(nodes, {"cloud", "cloud", Vector()});
    JsonWriter json;
    return json.BeginObject()
        .Key("nodes")
        .Raw(nodes.EndArray().Str())
        .Key("links")
        .Raw(links.EndArray().Str())
        .EndObject()
        .Str();
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
    JsonWriter userCells;
    JsonWriter conditions;
    userCells.BeginArray();
    conditions.BeginArray();
    for (const ObservedUser& user : users)
    {
        userCells.Value(user.cell);
        conditions.Value(user.weak ? "weak" : "regular");
    }
    link.SetMeta("users", JsonWriter().Value(config.users).Str());
    link.SetMeta("options", Options(options));
    link.SetMeta("variants", Variants(options));
    link.SetMeta("sites", Sites(config));
    link.SetMeta("cells", Cells(cells));
    link.SetMeta("user_cells", userCells.EndArray().Str());
    link.SetMeta("conditions", conditions.EndArray().Str());
    link.SetMeta("weak_delay_s", Scalar(config.weakDelayMs * 1e-3));
    link.SetMeta("arrivals", JsonWriter().Value(config.arrivals.mode).Str());
    link.SetMeta("timeout_s", Scalar(config.timeoutS));
    link.SetMeta("epoch_gap_s", Scalar(config.epochGapS));
    link.SetMeta("epoch_length_s", Scalar(config.epochLengthS));
    link.SetMeta("device_service_scale", Scalar(config.deviceServiceScale));
    link.SetMeta("topology", Topology(cells, users, backhaul));
}

} // namespace ns3::tandem
