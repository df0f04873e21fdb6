// SPDX-License-Identifier: GPL-2.0-only
#include "model/option-table.h"

#include "model/request-header.h"

#include "ns3/log.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemOptionTable");

namespace
{

// Limits that no sensible file reaches; they catch a wrong unit (milliseconds, kilobytes).
constexpr double MAX_SERVICE_S = 3600.0;
constexpr uint32_t MAX_TRANSFER_BYTES = 1U << 30;
constexpr double MAX_MMACS = 1e9;

enum OptionColumn : size_t
{
    OPTION,
    SITE,
    VARIANT,
    SERVICE,
    UPLOAD,
    REPLY,
    TOP1,
    TOP5,
    MMACS,
    DEVICE_SERVICE
};

/** @return the sites that the row is an option of */
std::vector<Site>
ReadSites(const CsvTable& csv, const std::vector<RemoteSite>& sites)
{
    const std::string& text = csv.GetText(SITE);
    std::string known = "device";
    std::vector<Site> found;
    if (text == "device")
    {
        found.push_back(DEVICE);
    }
    for (Site site = 1; site <= sites.size(); ++site)
    {
        const RemoteSite& remote = sites[site - 1];
        if (text == remote.name)
        {
            return {site};
        }
        if (text == remote.kind)
        {
            found.push_back(site);
        }
        known += ", " + remote.name;
    }
    if (found.empty())
    {
        csv.Fail(SITE, "'" + text + "' is not one of " + known);
    }
    return found;
}

} // namespace

OptionTable
OptionTable::Read(const std::string& path, const std::vector<RemoteSite>& sites, double deviceScale)
{
    NS_LOG_FUNCTION(path);
    CsvTable csv(path,
                 {"option",
                  "site",
                  "variant",
                  "service_s",
                  "upload_bytes",
                  "reply_bytes",
                  "top1_percent",
                  "top5_percent",
                  "mmacs"},
                 {"device_service_s"});
    OptionTable table;
    uint32_t expected = 0;
    while (csv.Next())
    {
        if (csv.GetNumber(OPTION, 0, UINT32_MAX) != expected)
        {
            csv.Fail(OPTION,
                     csv.GetText(OPTION) + " where " + std::to_string(expected) +
                         " was expected; options are numbered 0, 1, 2, … without a gap");
        }
        ++expected;
        InferenceOption option;
        const std::vector<Site> at = ReadSites(csv, sites);
        option.variant = csv.GetText(VARIANT);
        if (option.variant.empty())
        {
            csv.Fail(VARIANT, "is empty");
        }
        const double serviceS = csv.GetNumber(SERVICE, 0, MAX_SERVICE_S);
        // An offloaded request carries at least its header in both directions.
        const uint32_t least = at.front() == DEVICE ? 0 : RequestHeader::SIZE;
        option.uploadBytes = csv.GetCount(UPLOAD, least, MAX_TRANSFER_BYTES);
        option.replyBytes = csv.GetCount(REPLY, least, MAX_TRANSFER_BYTES);
        option.top1Percent = csv.GetNumber(TOP1, 0, 100);
        option.top5Percent = csv.GetNumber(TOP5, 0, 100);
        option.mmacs = csv.GetNumber(MMACS, 0, MAX_MMACS);
        if (csv.Has(DEVICE_SERVICE))
        {
            option.deviceServiceS = deviceScale * csv.GetNumber(DEVICE_SERVICE, 0, MAX_SERVICE_S);
        }
        if (at.front() == DEVICE && option.deviceServiceS > 0)
        {
            csv.Fail(DEVICE_SERVICE,
                     "is for the first part of a split option; what runs on the device alone has "
                     "its time in service_s, and 0 here");
        }
        auto& names = table.m_variants;
        const auto known = std::find(names.begin(), names.end(), option.variant);
        option.variantIndex = static_cast<uint32_t>(known - names.begin());
        if (known == names.end())
        {
            names.push_back(option.variant);
        }
        for (const Site site : at)
        {
            option.site = site;
            option.serviceS =
                serviceS * (site == DEVICE ? deviceScale : sites[site - 1].serviceScale);
            table.m_options.push_back(option);
        }
    }
    if (table.m_options.empty())
    {
        throw CsvError(path + ": has a header but no row; at least one option is needed");
    }
    return table;
}

OptionTable
OptionTable::OverPaths(uint32_t paths) const
{
    if (paths == 0)
    {
        return *this;
    }
    OptionTable table;
    table.m_variants = m_variants;
    for (InferenceOption option : m_options)
    {
        const uint32_t copies = option.site == DEVICE ? 1 : paths;
        for (uint32_t path = 0; path < copies; ++path)
        {
            if (option.site != DEVICE)
            {
                option.path = path;
            }
            table.m_options.push_back(option);
        }
    }
    return table;
}

uint32_t
OptionTable::GetCount() const
{
    return static_cast<uint32_t>(m_options.size());
}

const InferenceOption&
OptionTable::Get(uint32_t index) const
{
    return m_options.at(index);
}

const std::vector<std::string>&
OptionTable::GetVariants() const
{
    return m_variants;
}

} // namespace ns3::tandem
