// SPDX-License-Identifier: GPL-2.0-only
#include "access/placement.h"

#include "agent-link/argument-check.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemPlacement");

namespace
{
/** Closer than this the path loss models leave their far field. */
constexpr double MIN_DISTANCE_M = 1.0;
constexpr double MAX_RADIUS_M = 100000;
/** Radius of each cluster of `hidden`, as a share of the cell's radius. */
constexpr double CLUSTER_SHARE = 0.1;
constexpr double TWO_PI = 6.283185307179586;
} // namespace

void
PlacementConfig::Declare(Arguments& arguments)
{
    arguments.Add("placement",
                  "where stations stand: disc (uniform in the disc), ring (at the radius, random "
                  "angle), line (evenly spaced up to the radius, not random), hidden (two clusters "
                  "on opposite sides of the centre), nearfar (at --near or at --radius, each with "
                  "probability 1/2)",
                  placement,
                  Choices({"disc", "ring", "line", "hidden", "nearfar"}));
    arguments.Add("radius",
                  "radius of the cell",
                  radiusM,
                  Range(MIN_DISTANCE_M, MAX_RADIUS_M, "m"));
    arguments
        .Add("near",
             "distance of the near zone of nearfar",
             nearM,
             Range(MIN_DISTANCE_M, MAX_RADIUS_M, "m"))
        .Unless([this] {
            return placement == "nearfar" ? ""
                                          : "stations stand there with placement=nearfar only; "
                                            "choose that, or leave it out";
        });
    arguments.Add("mobility",
                  "static, or walk (random waypoints inside the cell)",
                  mobility,
                  Choices({"static", "walk"}));
    arguments.Add("speed", "speed of walk", speedMps, Range(0.01, 100, "m/s")).Unless([this] {
        return mobility == "walk"
                   ? ""
                   : "stations move with mobility=walk only; choose that, or leave it out";
    });
}

void
PlacementConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
PlacementConfig::Check(const std::string& prefix) const
{
    CheckDeclared(*this, prefix);
    if (placement == "nearfar")
    {
        CheckRange("--" + ArgumentName(prefix, "near"), nearM, MIN_DISTANCE_M, radiusM, "m");
    }
}

void
Placement::Install(const PlacementConfig& config, const Vector& centre, NodeContainer stations)
{
    m_config = config;
    m_centre = centre;
    m_random = CreateObject<UniformRandomVariable>();
    for (uint32_t i = 0; i < stations.GetN(); ++i)
    {
        if (const auto foreign = stations.Get(i)->GetObject<MobilityModel>())
        {
            m_stations.push_back(foreign);
            continue;
        }
        auto model = CreateObject<ConstantVelocityMobilityModel>();
        stations.Get(i)->AggregateObject(model);
        model->SetPosition(centre);
        model->SetVelocity(Vector(0, 0, 0));
        m_stations.push_back(model);
        m_models.push_back(model);
    }
    m_steps.resize(m_models.size());
}

int64_t
Placement::Draw(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    m_random->SetStream(first);
    for (uint32_t i = 0; i < m_models.size(); ++i)
    {
        m_models[i]->SetPosition(DrawPlace(i));
    }
    return 1;
}

int64_t
Placement::AssignStreams(int64_t first)
{
    m_random->SetStream(first);
    return 1;
}

Vector
Placement::DrawInDisc(const Vector& centre, double radiusM)
{
    const double distance = radiusM * std::sqrt(m_random->GetValue(0, 1));
    const double angle = m_random->GetValue(0, TWO_PI);
    return Vector(centre.x + distance * std::cos(angle),
                  centre.y + distance * std::sin(angle),
                  centre.z);
}

Vector
Placement::DrawPlace(uint32_t i)
{
    if (i < m_config.places.size())
    {
        return m_config.places[i];
    }
    if (m_config.placement == "disc")
    {
        return DrawInDisc(m_centre, m_config.radiusM);
    }
    if (m_config.placement == "line")
    {
        const double share = (i + 1.0) / m_models.size();
        return Vector(m_centre.x + m_config.radiusM * share, m_centre.y, m_centre.z);
    }
    if (m_config.placement == "hidden")
    {
        const double cluster = CLUSTER_SHARE * m_config.radiusM;
        const double side = (i % 2 == 0) ? -1.0 : 1.0;
        const double x = m_centre.x + side * (m_config.radiusM - cluster);
        return DrawInDisc(Vector(x, m_centre.y, m_centre.z), cluster);
    }
    double distance = m_config.radiusM;
    if (m_config.placement == "nearfar" && m_random->GetValue(0, 1) < 0.5)
    {
        distance = m_config.nearM;
    }
    const double angle = m_random->GetValue(0, TWO_PI);
    return Vector(m_centre.x + distance * std::cos(angle),
                  m_centre.y + distance * std::sin(angle),
                  m_centre.z);
}

Vector
Placement::DrawWaypoint(uint32_t i)
{
    if (m_config.placement == "line")
    {
        // The places of a line are fixed; its walkers go to any point of it.
        const double distance = m_random->GetValue(MIN_DISTANCE_M, m_config.radiusM);
        return Vector(m_centre.x + distance, m_centre.y, m_centre.z);
    }
    return DrawPlace(i);
}

void
Placement::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    for (uint32_t i = 0; m_config.mobility == "walk" && i < m_models.size(); ++i)
    {
        WalkOn(i);
    }
}

void
Placement::WalkOn(uint32_t i)
{
    NS_LOG_FUNCTION(this << i);
    const Vector from = m_models[i]->GetPosition();
    const Vector to = DrawWaypoint(i);
    const double distance = CalculateDistance(from, to);
    // A waypoint on the spot would be reached at once, for ever.
    const double duration = std::max(distance, MIN_DISTANCE_M) / m_config.speedMps;
    m_models[i]->SetVelocity(
        Vector((to.x - from.x) / duration, (to.y - from.y) / duration, (to.z - from.z) / duration));
    m_steps[i].Cancel();
    m_steps[i] = Simulator::Schedule(Seconds(duration), &Placement::WalkOn, this, i);
}

bool
Placement::IsOwn(uint32_t i) const
{
    return std::find(m_models.begin(), m_models.end(), m_stations.at(i)) != m_models.end();
}

Vector
Placement::GetPosition(uint32_t i) const
{
    return m_stations.at(i)->GetPosition();
}

double
Placement::GetDistance(uint32_t i) const
{
    return CalculateDistance(m_centre, GetPosition(i));
}

double
Placement::GetHiddenGapShare()
{
    return 2 * (1 - CLUSTER_SHARE) - 2 * CLUSTER_SHARE;
}

} // namespace ns3::tandem
