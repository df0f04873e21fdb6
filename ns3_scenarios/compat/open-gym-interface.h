// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_OPEN_GYM_INTERFACE_H
#define TANDEM_COMPAT_OPEN_GYM_INTERFACE_H

#include "channel/duplex.h"
#include "channel/gym-wire.h"
#include "channel/peer.h"
#include "compat/tag.h"

#include <ns3/callback.h>
#include <ns3/object.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <memory>
#include <string>

namespace ns3
{

/**
 * A simulator's connection to a Gym environment in Python: the interface of ns3-gym and ns3-ai on
 * tandem's channel.
 *
 * Callbacks say what is seen and done; NotifyCurrentState() is a step. The connection is made at
 * the first step. If Python ends, the simulator exits with status 3.
 */
class TANDEM_COMPAT OpenGymInterface : public Object
{
  public:
    /** @param port tells interfaces of several environments apart; no network is used */
    explicit OpenGymInterface(uint32_t port = 0);
    ~OpenGymInterface() override;
    static TypeId GetTypeId();

    /** @return the program's interface of a port, made at the first call; 0: the first of all */
    static Ptr<OpenGymInterface> Get(uint32_t port = 0);

    /** Connect and describe both spaces; done by the first step. */
    void Init();
    /** Send the state, wait for an action and carry it out. */
    void NotifyCurrentState();
    /** As NotifyCurrentState(). */
    void WaitForStop();
    /**
     * Send the last state, which Python takes as the end by time; does nothing before a step. A
     * program that ends without it, with exit status 0, sends the state before once more.
     */
    void NotifySimulationEnd();
    /** Take another environment's callbacks and do a step with them. */
    void Notify(Ptr<OpenGymEnv> entity);

    Ptr<OpenGymSpace> GetActionSpace();
    Ptr<OpenGymSpace> GetObservationSpace();
    Ptr<OpenGymDataContainer> GetObservation();
    float GetReward();
    bool IsGameOver();
    std::string GetExtraInfo();
    bool ExecuteActions(Ptr<OpenGymDataContainer> action);

    void SetGetActionSpaceCb(Callback<Ptr<OpenGymSpace>> cb);
    void SetGetObservationSpaceCb(Callback<Ptr<OpenGymSpace>> cb);
    void SetGetObservationCb(Callback<Ptr<OpenGymDataContainer>> cb);
    void SetGetRewardCb(Callback<float> cb);
    void SetGetGameOverCb(Callback<bool> cb);
    void SetGetExtraInfoCb(Callback<std::string> cb);
    void SetExecuteActionsCb(Callback<bool, Ptr<OpenGymDataContainer>> cb);

  private:
    /** One process's end of the channel. */
    struct Connection
    {
        ::tandem::channel::DuplexSegment segment;
        ::tandem::channel::WayEnd toAgent;
        ::tandem::channel::WayEnd toSimulator;
        ::tandem::channel::PeerWatch agent;
    };

    void Attach(std::unique_ptr<Connection> connection);
    void SendSpaces();
    void SendState();
    /** Send the state as it was last asked for. */
    void SendLastState();
    /** The program ends and has not said so. */
    void EndUnasked();
    /** The program ends with that status. */
    static void EndAll(int status, void*);
    template <typename WriteMessage>
    void Send(WriteMessage write);
    /** Wait for a reply that the simulation goes on with; branches are forked meanwhile. */
    void Receive();
    /**
     * Fork a copy of the program that answers in another segment.
     *
     * @param path of the segment
     * @return true in the copy
     */
    bool Copy(const std::string& path);
    /** Have the copy live on by itself, like a simulator that was started. */
    void BecomeSimulator();
    /** Say in a copy's segment that there is none. */
    static void RefuseCopy(const std::string& path);
    [[noreturn]] void Stop();

    uint32_t m_port;
    std::unique_ptr<Connection> m_connection;
    Ptr<OpenGymDataContainer> m_action;
    // The state last sent.
    Ptr<OpenGymDataContainer> m_observation;
    double m_timeS{0};
    float m_reward{0};
    bool m_isOver{false};
    std::string m_info;
    bool m_simulationEnded{false};
    bool m_isCopy{false};

    Callback<Ptr<OpenGymSpace>> m_actionSpaceCb;
    Callback<Ptr<OpenGymSpace>> m_observationSpaceCb;
    Callback<bool> m_gameOverCb;
    Callback<Ptr<OpenGymDataContainer>> m_observationCb;
    Callback<float> m_rewardCb;
    Callback<std::string> m_extraInfoCb;
    Callback<bool, Ptr<OpenGymDataContainer>> m_actionCb;
};

} // namespace ns3

#endif // TANDEM_COMPAT_OPEN_GYM_INTERFACE_H
