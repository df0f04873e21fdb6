// SPDX-License-Identifier: GPL-2.0-only
/** @file A single header of the interfaces that are served here, by its original name. */
#include "compat/turn-interface.h" // IWYU pragma: export
