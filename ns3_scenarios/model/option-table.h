// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_OPTION_TABLE_H
#define TANDEM_OPTION_TABLE_H

#include "model/csv-table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** Where an inference runs. The values are those of the `site` column of the request records. */
enum class Site : uint8_t
{
    DEVICE = 0,
    EDGE = 1,
    CLOUD = 2
};

/** @return "device", "edge" or "cloud" */
const char* SiteName(Site site);

/** One way to serve a request: a DNN variant at a site. */
struct InferenceOption
{
    Site site{Site::DEVICE};
    std::string variant;      //!< name of the DNN variant, e.g. "d0"
    uint32_t variantIndex{0}; //!< place of that name in OptionTable::GetVariants()
    double serviceS{0};       //!< seconds of one core of that site for one request
    uint32_t uploadBytes{0};  //!< bytes from user to site, the request header included
    uint32_t replyBytes{0};   //!< bytes from site to user, the request header included
    double top1Percent{0};
    double top5Percent{0};
    double mmacs{0}; //!< million multiply-accumulate operations
};

/**
 * The rows of the options CSV, in option order: what action k means.
 *
 * The header line names the columns; their order is free and further columns are ignored.
 */
class OptionTable
{
  public:
    /**
     * @param path the CSV file
     * @throw CsvError when it cannot be read or a value cannot be used
     */
    static OptionTable Read(const std::string& path);

    /** @return the number of options, K */
    uint32_t GetCount() const;

    /** @return option @p index, 0 … K-1 */
    const InferenceOption& Get(uint32_t index) const;

    /** @return the distinct variant names in order of first appearance */
    const std::vector<std::string>& GetVariants() const;

    /**
     * @param site the site wanted
     * @param index set to the first option at that site
     * @return false when no option runs there
     */
    bool FindFirst(Site site, uint32_t& index) const;

    /** Multiply the service time of every option at @p site by @p factor. */
    void ScaleService(Site site, double factor);

  private:
    std::vector<InferenceOption> m_options;
    std::vector<std::string> m_variants;
};

} // namespace ns3::tandem

#endif // TANDEM_OPTION_TABLE_H
