// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * What scenarios use without including it, because the originals' headers bring it along.
 */
#ifndef TANDEM_COMPAT_USUAL_HEADERS_H
#define TANDEM_COMPAT_USUAL_HEADERS_H

// IWYU pragma: begin_exports
#include <ns3/log.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstring>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>
// IWYU pragma: end_exports

#endif // TANDEM_COMPAT_USUAL_HEADERS_H
