// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_HEADER_H
#define TANDEM_REQUEST_HEADER_H

#include "ns3/header.h"

#include <cstdint>

namespace ns3::tandem
{

/**
 * The first bytes of every upload and of every reply.
 *
 * It names the request that the following bytes belong to, so that no byte can count for
 * another one, and says how long upload and reply are, itself included.
 */
class RequestHeader : public Header
{
  public:
    /** Serialized size in bytes. */
    static constexpr uint32_t SIZE = 36;

    uint64_t requestId{0};
    uint32_t attempt{0}; //!< counts how often the upload was begun anew, from 0
    uint32_t user{0};
    uint32_t option{0};      //!< row of the option table
    uint32_t variant{0};     //!< index of the DNN variant
    uint32_t uploadBytes{0}; //!< length of the upload, header included
    uint32_t replyBytes{0};  //!< length of the reply, header included

    static TypeId GetTypeId();
    TypeId GetInstanceTypeId() const override;
    void Print(std::ostream& os) const override;
    uint32_t GetSerializedSize() const override;
    void Serialize(Buffer::Iterator start) const override;
    /** Aborts the simulation when the bytes do not begin with the magic number: a lost framing. */
    uint32_t Deserialize(Buffer::Iterator start) override;

  private:
    static constexpr uint32_t MAGIC = 0x544e4451; // "TNDQ"
};

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_HEADER_H
