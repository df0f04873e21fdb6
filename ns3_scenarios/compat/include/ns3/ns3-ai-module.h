// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Serves `#include <ns3/ns3-ai-module.h>` of scenarios written for ns3-ai 1.x.
 */
#ifndef TANDEM_COMPAT_NS3_AI_MODULE_H
#define TANDEM_COMPAT_NS3_AI_MODULE_H

#include "compat/turn-interface.h"
#include "compat/usual-headers.h"

#endif // TANDEM_COMPAT_NS3_AI_MODULE_H
