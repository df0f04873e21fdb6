// SPDX-License-Identifier: MIT
/**
 * @file
 * The channel without ns-3 and Python, to be built with sanitizers: each check by its name.
 */
#include "memory_checks.h"
#include "process_checks.h"
#include "sizes_checks.h"

#include <cstring>

using namespace tandem::checks;

namespace
{

struct Check
{
    const char* name;
    void (*run)();
};

const Check CHECKS[] = {
    {"values",          CheckValues                                                     },
    {"sizes",           CheckSizes                                                      },
    {"blocks",          CheckBlocks                                                     },
    {"corrupt-headers", CheckCorruptHeaders                                             },
    {"corrupt-duplex",  CheckCorruptDuplex                                              },
    {"wire",            CheckWire                                                       },
    {"offers",          CheckOffers                                                     },
    {"steps-sleep",     [] { CheckSteps(0.0, 0.0); }                                    },
    {"steps-spin",      [] { CheckSteps(DEFAULT_SPIN_US, DEFAULT_SPIN_US); }            },
    {"steps-mixed",     [] { CheckSteps(0.0, DEFAULT_SPIN_US); }                        },
    {"steps-killed",    CheckKilledSteps                                                },
    {"duplex-struct",   [] { CheckDuplex(DuplexKind::STRUCT, 0.0, false); }             },
    {"duplex-vector",   [] { CheckDuplex(DuplexKind::VECTOR, DEFAULT_SPIN_US, false); } },
    {"duplex-messages", [] { CheckDuplex(DuplexKind::MESSAGES, 5.0, false); }           },
    {"duplex-killed",   [] { CheckDuplex(DuplexKind::MESSAGES, DEFAULT_SPIN_US, true); }},
};

} // namespace

int
main(int argc, char* argv[])
{
    for (const Check& check : CHECKS)
    {
        if (argc < 2 || std::strcmp(argv[1], check.name) == 0)
        {
            check.run();
            std::printf("%s: ok\n", check.name);
            std::fflush(stdout);
        }
    }
    return 0;
}
