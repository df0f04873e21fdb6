// SPDX-License-Identifier: GPL-2.0-only
// Runs the suites of this folder, with the arguments of ns-3's own test-runner (--help).
#include "ns3/test.h"

int
main(int argc, char* argv[])
{
    return ns3::TestRunner::Run(argc, argv);
}
