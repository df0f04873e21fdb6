// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_OPTION_TABLE_H
#define TANDEM_OPTION_TABLE_H

#include "access/csv-table.h"
#include "model/site.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * One way to serve a request: a DNN variant at a site and, where users have several interfaces, the
 * path there. In a split option the user's device runs the
 * first layers, and what they yield is uploaded to the site, which runs the rest.
 */
struct InferenceOption
{
    Site site{DEVICE};
    std::optional<uint32_t> path; //!< a number of UserPaths; nothing: no choice of one
    std::string variant;          //!< name of the DNN variant, e.g. "d0"
    uint32_t variantIndex{0};     //!< place of that name in OptionTable::GetVariants()
    double serviceS{0};           //!< seconds of one core of that site for one request
    double deviceServiceS{0};     //!< split: seconds of the device's core before the upload
    uint32_t uploadBytes{0};      //!< bytes from user to site, the request header included
    uint32_t replyBytes{0};       //!< bytes from site to user, the request header included
    double top1Percent{0};
    double top5Percent{0};
    double mmacs{0}; //!< million multiply-accumulate operations
};

/**
 * The options in order: what action k means.
 *
 * They are the rows of the options CSV. A row whose site is the name of a remote site is an option
 * there; one whose site is a kind ("edge") is an option at each site of that kind. The header line
 * names the columns; their order is free and further columns are ignored. A file with split options
 * has the column device_service_s besides.
 */
class OptionTable
{
  public:
    /**
     * @param path the CSV file
     * @param sites the scenario's remote sites; service times are multiplied by their scales
     * @param deviceScale likewise, at the device
     * @throw CsvError when it cannot be read or a value cannot be used
     */
    static OptionTable Read(const std::string& path,
                            const std::vector<RemoteSite>& sites,
                            double deviceScale = 1);

    /**
     * @return the table with each remote option once for each path
     * @param paths how many there are; 0: the table as it is
     */
    OptionTable OverPaths(uint32_t paths) const;

    /** @return the number of options, K */
    uint32_t GetCount() const;

    /** @return option @p index, 0 … K-1 */
    const InferenceOption& Get(uint32_t index) const;

    /** @return the distinct variant names in order of first appearance */
    const std::vector<std::string>& GetVariants() const;

  private:
    std::vector<InferenceOption> m_options;
    std::vector<std::string> m_variants;
};

} // namespace ns3::tandem

#endif // TANDEM_OPTION_TABLE_H
