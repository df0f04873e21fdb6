// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_CRASH_REPORT_H
#define TANDEM_CRASH_REPORT_H

namespace ns3::tandem
{

/**
 * From now on a fault of this program (SIGSEGV, SIGBUS, SIGFPE, SIGILL) writes its call stack to
 * standard error, then ends the process as it would have. A handler that is set already stays, as
 * a sanitizer's. Forked copies inherit it.
 */
void ReportCrashes();

} // namespace ns3::tandem

#endif // TANDEM_CRASH_REPORT_H
