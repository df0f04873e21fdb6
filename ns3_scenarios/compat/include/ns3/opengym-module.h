// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Serves `#include <ns3/opengym-module.h>` of scenarios written for ns3-gym.
 */
#ifndef TANDEM_COMPAT_OPENGYM_MODULE_H
#define TANDEM_COMPAT_OPENGYM_MODULE_H

#include "compat/open-gym-container.h"
#include "compat/open-gym-env.h"
#include "compat/open-gym-interface.h"
#include "compat/open-gym-space.h"
#include "compat/usual-headers.h"

#endif // TANDEM_COMPAT_OPENGYM_MODULE_H
