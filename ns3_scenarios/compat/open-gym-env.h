// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_OPEN_GYM_ENV_H
#define TANDEM_COMPAT_OPEN_GYM_ENV_H

#include "compat/tag.h"

#include <ns3/object.h>

#include <string>

namespace ns3
{

/**
 * What a scenario derives from to become a Gym environment: it says what is seen, what can be done
 * and what that was worth. Notify() is a step.
 */
class TANDEM_COMPAT OpenGymEnv : public Object
{
  public:
    static TypeId GetTypeId();

    virtual Ptr<OpenGymSpace> GetActionSpace() = 0;
    virtual Ptr<OpenGymSpace> GetObservationSpace() = 0;
    /** @return true if the episode is over, which Python gets as `terminated` */
    virtual bool GetGameOver() = 0;
    virtual Ptr<OpenGymDataContainer> GetObservation() = 0;
    virtual float GetReward() = 0;
    /** @return any text, which Python gets in `info` */
    virtual std::string GetExtraInfo() = 0;
    /** @return true if the action could be carried out */
    virtual bool ExecuteActions(Ptr<OpenGymDataContainer> action) = 0;

    /** Say through which interface this environment speaks; connects its methods to it. */
    void SetOpenGymInterface(Ptr<OpenGymInterface> openGymInterface);
    /** Send the state, wait for an action and carry it out. */
    void Notify();
    /** Send the last state; Python gets `truncated`. */
    void NotifySimulationEnd();

  protected:
    Ptr<OpenGymInterface> m_openGymInterface;
};

} // namespace ns3

#endif // TANDEM_COMPAT_OPEN_GYM_ENV_H
