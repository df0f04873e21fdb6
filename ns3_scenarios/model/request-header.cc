// SPDX-License-Identifier: GPL-2.0-only
#include "model/request-header.h"

#include "ns3/abort.h"

#include <ostream>

namespace ns3::tandem
{

NS_OBJECT_ENSURE_REGISTERED(RequestHeader);

TypeId
RequestHeader::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::RequestHeader")
                            .SetParent<Header>()
                            .SetGroupName("Tandem")
                            .AddConstructor<RequestHeader>();
    return tid;
}

TypeId
RequestHeader::GetInstanceTypeId() const
{
    return GetTypeId();
}

void
RequestHeader::Print(std::ostream& os) const
{
    os << "request=" << requestId << " attempt=" << attempt << " user=" << user
       << " option=" << option << " variant=" << variant << " upload=" << uploadBytes
       << " reply=" << replyBytes;
}

uint32_t
RequestHeader::GetSerializedSize() const
{
    return SIZE;
}

void
RequestHeader::Serialize(Buffer::Iterator start) const
{
    start.WriteHtonU32(MAGIC);
    start.WriteHtonU64(requestId);
    start.WriteHtonU32(attempt);
    start.WriteHtonU32(user);
    start.WriteHtonU32(option);
    start.WriteHtonU32(variant);
    start.WriteHtonU32(uploadBytes);
    start.WriteHtonU32(replyBytes);
}

uint32_t
RequestHeader::Deserialize(Buffer::Iterator start)
{
    const uint32_t magic = start.ReadNtohU32();
    NS_ABORT_MSG_UNLESS(magic == MAGIC,
                        "a request header was expected but the stream holds 0x" << std::hex
                                                                                << magic);
    requestId = start.ReadNtohU64();
    attempt = start.ReadNtohU32();
    user = start.ReadNtohU32();
    option = start.ReadNtohU32();
    variant = start.ReadNtohU32();
    uploadBytes = start.ReadNtohU32();
    replyBytes = start.ReadNtohU32();
    return SIZE;
}

} // namespace ns3::tandem
