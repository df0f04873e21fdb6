// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_OBSERVER_H
#define TANDEM_REQUEST_OBSERVER_H

namespace ns3::tandem
{

class RequestHeader;

/**
 * Hears of each step of a request as it happens. The simulation runs in one process, so times are
 * taken where things happen instead of being carried in packets.
 */
class RequestObserver
{
  public:
    virtual ~RequestObserver() = default;

    /** The site has the last byte of the upload. */
    virtual void UploadArrived(const RequestHeader& header) = 0;
    /** A core of the site takes the request up. */
    virtual void SiteStarted(const RequestHeader& header) = 0;
    /** The result is there. */
    virtual void SiteFinished(const RequestHeader& header) = 0;
};

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_OBSERVER_H
