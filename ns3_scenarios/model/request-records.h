// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_RECORDS_H
#define TANDEM_REQUEST_RECORDS_H

#include "agent-link/typed-records.h"
#include "model/energy.h"
#include "model/request.h"

namespace ns3::tandem
{

/**
 * Declare the record table `requests`: one row for each request that has ended.
 * @param sites names of the remote sites
 * @param energy of which part there is a column
 * @param handover whether there are columns of the eNB that served it
 */
TypedRecords<Request> DeclareRequestRecords(AgentLink& link,
                                            const std::vector<std::string>& sites,
                                            const std::vector<std::string>& paths,
                                            const EnergyConfig& energy,
                                            bool handover);

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_RECORDS_H
