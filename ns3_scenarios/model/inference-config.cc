// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-config.h"

#include "agent-link/argument-check.h"

#include "ns3/simulator.h"

#include <climits>
#include <dlfcn.h>
#include <limits>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace ns3::tandem
{

namespace
{

/** Random streams are reserved for so many. */
constexpr size_t MAX_SITES = 12;
constexpr double MAX_DETOUR_MS = 10000;
constexpr double MAX_S = 3600;
constexpr double MAX_WEAK_DELAY_MS = 10000;
constexpr double MAX_SCALE = 1e6;
constexpr double SHORTEST_EPOCH_S = 1e-3;
const char* const OPTIONS_FILE = "dnn_profiles/data/options.csv";

bool
Exists(const std::string& path)
{
    struct stat status;
    return stat(path.c_str(), &status) == 0;
}

/** @return what is before the last slash, nothing without one */
std::string
Parent(const std::string& path)
{
    const size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/** @return the folder of ns-3's libraries: within the package, unless another ns-3 was chosen */
std::string
LibraryFolder()
{
    Dl_info info;
    if (dladdr(reinterpret_cast<const void*>(&Simulator::Now), &info) == 0 || !info.dli_fname)
    {
        return "";
    }
    return Parent(info.dli_fname);
}

std::string
ProgramFolder()
{
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    return Parent(std::string(path, length > 0 ? static_cast<size_t>(length) : 0));
}

} // namespace

void
InferenceConfig::Declare(Arguments& arguments)
{
    const Range span(0, MAX_S, "s");
    const Range positiveSpan(SHORTEST_EPOCH_S, MAX_S, "s");
    const Range scale(0, MAX_SCALE);
    arguments.Add("users", "number of users", users, Range(1, maxUsers, "users"));
    arguments.AddFile("options",
                      "CSV file of the options: option,site,variant,service_s,upload_bytes,"
                      "reply_bytes,top1_percent,top5_percent,mmacs and, with split options, "
                      "device_service_s; empty: the package's own",
                      optionsFile);
    arrivals.Declare(arguments);
    arguments
        .Add("epochLength",
             "arrivals other than sync: time between two decisions",
             epochLengthS,
             positiveSpan)
        .Unless([this] {
            return arrivals.mode != "sync" ? "" : arrivals.Obstacle("other --arrivals than sync");
        });
    arguments
        .Add("epochGap",
             "arrivals=sync: time from the end of the last request to the next decision",
             epochGapS,
             span)
        .Unless(
            [this] { return arrivals.mode == "sync" ? "" : arrivals.Obstacle("--arrivals=sync"); });
    arguments.Add("settle",
                  "time from the start of an episode to its first decision",
                  settleS,
                  span);
    arguments.Add("timeout",
                  "time after which a request is given up for good",
                  timeoutS,
                  positiveSpan);
    arguments.Add("conditions",
                  "network of each user, comma-separated: regular or weak; one word holds for all",
                  conditions);
    arguments.Add("weakUsers",
                  "the first k users have a weak network",
                  weakUsers,
                  Range(0, maxUsers, "users"));
    arguments.Add("weakDelay",
                  "extra delay of each packet that a weak user sends",
                  weakDelayMs,
                  Range(0, MAX_WEAK_DELAY_MS, "ms"));
    bool homes = false;
    for (RemoteSite& site : sites)
    {
        site.Declare(arguments);
        homes = homes || site.home >= 0;
    }
    if (homes)
    {
        arguments.Add("detour",
                      "extra one-way delay between a gateway and a site beside another cell",
                      detourMs,
                      Range(0, MAX_DETOUR_MS, "ms"));
    }
    arguments.Add("deviceServiceScale",
                  "factor on the service times of device options; 2 is half as fast",
                  deviceServiceScale,
                  scale);
    arguments.Add("frames",
                  "record every frame on the air in the tables airtime, frames and losses",
                  recordFrames);
    energy.Declare(arguments);
    arguments.AddFile("linkTrace",
                      "capacity of each user's uplink, before its radio: Mahimahi's format (ms of "
                      "each 1500 bytes) or CSV with time_s,rate_bps; from the first decision on, "
                      "repeated",
                      linkTraceFile);
    arguments
        .Add("linkTraceShift",
             "linkTrace: each user begins so much later in the trace than the one before",
             linkTraceShiftS,
             Range(0, MAX_S, "s"))
        .Unless([this] {
            return linkTraceFile.empty()
                       ? "there is no link trace; give --linkTrace=FILE as well, or leave it out"
                       : "";
        });
}

void
InferenceConfig::AddArguments(CommandLine& cmd)
{
    Arguments arguments(cmd);
    Declare(arguments);
}

void
InferenceConfig::Check() const
{
    CheckDeclared(*this);
    if (sites.empty() || sites.size() > MAX_SITES)
    {
        Fail("the scenario has " + std::to_string(sites.size()) + " remote sites; give 1 to " +
             std::to_string(MAX_SITES));
    }
    arrivals.Check();
    CheckRange("--weakUsers", weakUsers, 0, users, "");
    GetWeakUsers();
}

std::vector<bool>
InferenceConfig::GetWeakUsers() const
{
    std::vector<bool> weak(users, false);
    if (conditions.empty())
    {
        std::fill(weak.begin(), weak.begin() + weakUsers, true);
        return weak;
    }
    if (weakUsers > 0)
    {
        Fail("--conditions and --weakUsers both say who is weak; give one of them");
    }
    std::vector<bool> given;
    std::istringstream words(conditions);
    for (std::string word; std::getline(words, word, ',');)
    {
        CheckChoice("--conditions", word, {"regular", "weak"});
        given.push_back(word == "weak");
    }
    if (given.size() == 1)
    {
        weak.assign(users, given[0]);
        return weak;
    }
    if (given.size() != users)
    {
        Fail("--conditions=" + conditions + " has " + std::to_string(given.size()) +
             " entries for " + std::to_string(users) + " users; give one each, or one for all");
    }
    return given;
}

std::vector<std::string>
InferenceConfig::GetSiteNames() const
{
    std::vector<std::string> names;
    for (const RemoteSite& site : sites)
    {
        names.push_back(site.name);
    }
    return names;
}

std::vector<HostConfig>
InferenceConfig::GetHosts() const
{
    std::vector<HostConfig> hosts;
    for (const RemoteSite& site : sites)
    {
        hosts.push_back({site.name, site.wire, site.home});
    }
    return hosts;
}

std::string
InferenceConfig::GetOptionsFile() const
{
    if (!optionsFile.empty())
    {
        return optionsFile;
    }
    // Beside the program in an installed package, further up in a build tree. A program of the
    // user's own, wherever it is, has the package's libraries.
    for (std::string folder : {ProgramFolder(), LibraryFolder()})
    {
        for (; !folder.empty(); folder = Parent(folder))
        {
            const std::string candidate = folder + "/" + OPTIONS_FILE;
            if (Exists(candidate))
            {
                return candidate;
            }
        }
    }
    Fail("no " + std::string(OPTIONS_FILE) +
         " in any folder above the program or above ns-3's libraries; give --options=FILE");
}

} // namespace ns3::tandem
