// SPDX-License-Identifier: GPL-2.0-only
/** @file Where these functions were until version 0.1; this name goes with the next release. */
#ifndef TANDEM_ACCESS_ARGUMENT_CHECK_H
#define TANDEM_ACCESS_ARGUMENT_CHECK_H

#pragma message("access/argument-check.h has moved: include agent-link/argument-check.h")
#include "agent-link/argument-check.h"

#endif // TANDEM_ACCESS_ARGUMENT_CHECK_H
