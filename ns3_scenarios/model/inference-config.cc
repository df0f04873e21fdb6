// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-config.h"

#include "agent-link/argument-check.h"

#include <climits>
#include <limits>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace ns3::tandem
{

namespace
{

constexpr uint32_t MAX_CORES = 1024;
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

std::string
ProgramFolder()
{
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    const std::string program(path, length > 0 ? static_cast<size_t>(length) : 0);
    return program.substr(0, program.find_last_of('/'));
}

} // namespace

InferenceConfig::InferenceConfig()
{
    // Other tenants come and go over some ten epochs and, while they are there, take nearly all:
    // measured, lighter or steadier loads let one fixed joint action come close to the best one.
    // Their jobs are short: a backlog of many short jobs can be seen before it hurts, while one
    // long job that arrives during an upload is luck, which no policy can learn.
    edgeLoad.quietUtilisation = 0.05;
    edgeLoad.busyUtilisation = 0.95;
    edgeLoad.dwellS = 6.0;
    edgeLoad.jobS = 0.02;
    cloudLoad.quietUtilisation = 0.1;
    cloudLoad.busyUtilisation = 0.95;
    cloudLoad.dwellS = 5.0;
    cloudLoad.jobS = 0.02;
}

void
InferenceConfig::Declare(Arguments& arguments)
{
    const Range span(0, MAX_S, "s");
    const Range positiveSpan(SHORTEST_EPOCH_S, MAX_S, "s");
    const Range cores(1, MAX_CORES, "cores");
    const Range scale(0, MAX_SCALE);
    arguments.Add("users", "number of users", users, Range(1, maxUsers, "users"));
    arguments.AddFile("options",
                      "CSV file of the options: option,site,variant,service_s,upload_bytes,"
                      "reply_bytes,top1_percent,top5_percent,mmacs; empty: the package's own",
                      optionsFile);
    arrivals.Declare(arguments);
    arguments.Add("epochLength",
                  "arrivals=poisson or trace: time between two decisions",
                  epochLengthS,
                  positiveSpan);
    arguments.Add("epochGap",
                  "arrivals=sync: time from the end of the last request to the next decision",
                  epochGapS,
                  span);
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
    backhaul.Declare(arguments);
    arguments.Add("edgeCores", "requests that the edge serves at the same time", edgeCores, cores);
    arguments.Add("cloudCores",
                  "requests that the cloud serves at the same time",
                  cloudCores,
                  cores);
    Arguments edge = arguments.WithPrefix("edge");
    edgeLoad.Declare(edge);
    Arguments cloud = arguments.WithPrefix("cloud");
    cloudLoad.Declare(cloud);
    arguments.Add("deviceServiceScale",
                  "factor on the service times of device options; 2 is half as fast",
                  deviceServiceScale,
                  scale);
    arguments.Add("edgeServiceScale",
                  "factor on the service times of edge options",
                  edgeServiceScale,
                  scale);
    arguments.Add("cloudServiceScale",
                  "factor on the service times of cloud options",
                  cloudServiceScale,
                  scale);
    arguments.Add("frames",
                  "record every frame on the air in the tables airtime, frames and losses",
                  recordFrames);
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

std::string
InferenceConfig::GetOptionsFile() const
{
    if (!optionsFile.empty())
    {
        return optionsFile;
    }
    // Beside the program in an installed package, further up in a build tree.
    for (std::string folder = ProgramFolder(); !folder.empty();
         folder.erase(folder.find_last_of('/')))
    {
        const std::string candidate = folder + "/" + OPTIONS_FILE;
        if (Exists(candidate))
        {
            return candidate;
        }
    }
    Fail("no " + std::string(OPTIONS_FILE) +
         " in any folder above the program; give --options=FILE");
}

} // namespace ns3::tandem
