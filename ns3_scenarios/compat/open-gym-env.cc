// SPDX-License-Identifier: GPL-2.0-only
#include "compat/open-gym-env.h"

#include "compat/open-gym-container.h"
#include "compat/open-gym-interface.h"
#include "compat/open-gym-space.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OpenGymEnv);

TypeId
OpenGymEnv::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::OpenGymEnv").SetParent<Object>().SetGroupName("OpenGym");
    return tid;
}

void
OpenGymEnv::SetOpenGymInterface(Ptr<OpenGymInterface> openGymInterface)
{
    m_openGymInterface = openGymInterface;
    // Plain pointers: the interface is the program's and would keep the environment for ever.
    openGymInterface->SetGetActionSpaceCb(MakeCallback(&OpenGymEnv::GetActionSpace, this));
    openGymInterface->SetGetObservationSpaceCb(
        MakeCallback(&OpenGymEnv::GetObservationSpace, this));
    openGymInterface->SetGetGameOverCb(MakeCallback(&OpenGymEnv::GetGameOver, this));
    openGymInterface->SetGetObservationCb(MakeCallback(&OpenGymEnv::GetObservation, this));
    openGymInterface->SetGetRewardCb(MakeCallback(&OpenGymEnv::GetReward, this));
    openGymInterface->SetGetExtraInfoCb(MakeCallback(&OpenGymEnv::GetExtraInfo, this));
    openGymInterface->SetExecuteActionsCb(MakeCallback(&OpenGymEnv::ExecuteActions, this));
}

void
OpenGymEnv::Notify()
{
    if (m_openGymInterface)
    {
        m_openGymInterface->Notify(this);
    }
}

void
OpenGymEnv::NotifySimulationEnd()
{
    if (m_openGymInterface)
    {
        m_openGymInterface->NotifySimulationEnd();
    }
}

} // namespace ns3
