// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Serves `#include <ns3/ai-module.h>` of scenarios written for ns3-ai.
 */
#ifndef TANDEM_COMPAT_AI_MODULE_H
#define TANDEM_COMPAT_AI_MODULE_H

#include "compat/msg-interface.h"
#include "compat/open-gym-container.h"
#include "compat/open-gym-env.h"
#include "compat/open-gym-interface.h"
#include "compat/open-gym-space.h"
#include "compat/usual-headers.h"

#endif // TANDEM_COMPAT_AI_MODULE_H
