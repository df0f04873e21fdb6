// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_PLACEMENT_H
#define TANDEM_PLACEMENT_H

#include "agent-link/arguments.h"

#include "ns3/constant-velocity-mobility-model.h"
#include "ns3/event-id.h"
#include "ns3/node-container.h"
#include "ns3/random-variable-stream.h"
#include "ns3/vector.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** Where stations stand and how they move. */
struct PlacementConfig
{
    std::string placement{"disc"};  //!< disc | ring | line | hidden | nearfar
    std::string mobility{"static"}; //!< static | walk
    double radiusM{25.0};           //!< radius of the cell, m
    double nearM{5.0};              //!< distance of the near zone of nearfar, m
    double speedMps{1.4};           //!< speed of walk, m/s; 1.4 m/s is a pedestrian
    /** Places of the first stations, m; set in code. The others are placed as above. */
    std::vector<Vector> places;

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** Add --placement, --radius, --near, --mobility, --speed, each with @p prefix in front. */
    void AddArguments(CommandLine& cmd, const std::string& prefix);

    /** End the program with a message if a value makes no sense. */
    void Check(const std::string& prefix) const;
};

/**
 * Positions of the stations of one cell, around a centre.
 *
 * Places are drawn before the warm-up, so that radios warm up where the episode starts. A walk is
 * a random waypoint walk whose waypoints are drawn like the places (for `line`, anywhere on the
 * line), so it stays inside the cell's disc, and inside the station's own cluster for `hidden`.
 */
class Placement
{
  public:
    /**
     * Install mobility models on @p stations, at @p centre until places are drawn. A station that
     * has one already is another cell's: it is neither placed nor moved here.
     */
    void Install(const PlacementConfig& config, const Vector& centre, NodeContainer stations);

    /**
     * Draw every place.
     * @param first the stream to draw from
     * @return the number of streams used, always 1
     */
    int64_t Draw(int64_t first);

    /** Assign the stream of the waypoints. @return the number of streams used, always 1 */
    int64_t AssignStreams(int64_t first);

    /** Start to walk, if stations do. */
    void BeginEpisode();

    /** @return whether station @p i is placed and moved here */
    bool IsOwn(uint32_t i) const;

    /** @return the position of station @p i now, m */
    Vector GetPosition(uint32_t i) const;

    /** @return metres between station @p i and the centre now */
    double GetDistance(uint32_t i) const;

    /** @return smallest distance between the clusters of `hidden`, as a share of the radius */
    static double GetHiddenGapShare();

  private:
    Vector DrawPlace(uint32_t i);
    Vector DrawWaypoint(uint32_t i);
    Vector DrawInDisc(const Vector& centre, double radiusM);
    void WalkOn(uint32_t i);

    PlacementConfig m_config;
    Vector m_centre;
    std::vector<Ptr<MobilityModel>> m_stations;
    std::vector<Ptr<ConstantVelocityMobilityModel>> m_models; //!< of the own ones, in their order
    std::vector<EventId> m_steps;
    Ptr<UniformRandomVariable> m_random;
};

} // namespace ns3::tandem

#endif // TANDEM_PLACEMENT_H
