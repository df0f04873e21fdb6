// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TCP_AGENT_WINDOW_H
#define TANDEM_TCP_AGENT_WINDOW_H

#include "ns3/tcp-congestion-ops.h"

namespace ns3::tandem
{

/**
 * A congestion control that leaves the congestion window to an agent.
 *
 * The window is what SetWindow() said last, whatever acknowledgements and losses tell. Lost
 * segments are sent again as always, and a retransmission timeout holds the window at one segment
 * until the next acknowledgement.
 *
 * @code
 *     auto window = CreateObject<TcpAgentWindow>();
 *     socket->SetCongestionControlAlgorithm(window);
 *     window->SetWindow(20);
 * @endcode
 */
class TcpAgentWindow : public TcpCongestionOps
{
  public:
    static TypeId GetTypeId();

    TcpAgentWindow() = default;
    TcpAgentWindow(const TcpAgentWindow& other);

    /** Set the congestion window from now on, in segments. */
    void SetWindow(uint32_t segments);

    /** @return the congestion window, in segments */
    uint32_t GetWindow() const;

    std::string GetName() const override;
    void Init(Ptr<TcpSocketState> tcb) override;
    uint32_t GetSsThresh(Ptr<const TcpSocketState> tcb, uint32_t bytesInFlight) override;
    bool HasCongControl() const override;
    void CongControl(Ptr<TcpSocketState> tcb,
                     const TcpRateOps::TcpRateConnection& connection,
                     const TcpRateOps::TcpRateSample& sample) override;
    Ptr<TcpCongestionOps> Fork() override;

  private:
    void Apply(TcpSocketState& tcb) const;

    uint32_t m_segments{0};    //!< attribute Window, then SetWindow()
    Ptr<TcpSocketState> m_tcb; //!< of the socket that this object controls, null before Init()
};

} // namespace ns3::tandem

#endif // TANDEM_TCP_AGENT_WINDOW_H
