// SPDX-License-Identifier: MIT
/**
 * @file
 * The mapping of a channel's shared memory: an anonymous memfd, known by its file descriptor only.
 * It has no name, so it cannot collide, go stale or outlive the last process that holds it, and
 * nobody else can open it.
 */
#ifndef TANDEM_CHANNEL_SEGMENT_H
#define TANDEM_CHANNEL_SEGMENT_H

#include "kernel.h"
#include "layout.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tandem::channel
{

/** A mapped segment. The mapping survives fork(); copies are not allowed. */
class Segment
{
  public:
    Segment() = default;
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    ~Segment()
    {
        if (m_base != nullptr)
        {
            munmap(m_base, m_bytes);
        }
    }

    /**
     * Create and map a new segment.
     *
     * @param sizes what it has to hold
     * @param schema the schema's text, sizes.schemaBytes long
     * @return the file descriptor, owned by the caller
     * @throws std::runtime_error if it is more than a process can have, or the kernel refuses it
     */
    int Create(const Sizes& sizes, const std::string& schema)
    {
        m_header = MakeHeader(sizes);
        if (sizes.slots == 0 || m_header.totalBytes > MAX_SEGMENT_BYTES)
        {
            throw std::runtime_error(
                "the blocks and record tables of " + std::to_string(sizes.slots) +
                " slots take more than " + std::to_string(MAX_SEGMENT_BYTES) +
                " bytes of shared memory: lower their sizes, recordCapacity or branch_slots");
        }
        const int fd = memfd_create("tandem-channel", MFD_CLOEXEC);
        if (fd < 0 || ftruncate(fd, static_cast<off_t>(m_header.totalBytes)) != 0)
        {
            const std::string why = ExplainRefusal(errno);
            close(fd);
            throw std::runtime_error("cannot create " + std::to_string(m_header.totalBytes) +
                                     " bytes of shared memory: " + why);
        }
        try
        {
            Map(fd, m_header.totalBytes);
        }
        catch (const std::runtime_error&)
        {
            close(fd);
            throw;
        }
        std::memcpy(m_base, &m_header, sizeof m_header);
        std::memcpy(m_base + m_header.schemaOffset, schema.data(), schema.size());
        return fd;
    }

    /**
     * Map a segment that the other side created.
     *
     * @param fd its file descriptor, still the caller's
     * @throws std::runtime_error if it is no segment of this layout
     */
    void Open(int fd)
    {
        struct stat info{};
        if (fstat(fd, &info) != 0)
        {
            throw std::runtime_error(std::string("cannot look at the channel: ") +
                                     std::strerror(errno));
        }
        const auto bytes = static_cast<std::uint64_t>(info.st_size);
        if (bytes < sizeof(SegmentHeader))
        {
            throw std::runtime_error("the channel has " + std::to_string(bytes) +
                                     " bytes, less than its header");
        }
        Map(fd, bytes);
        // A copy: what was checked cannot change any more, whatever writes to the memory.
        std::memcpy(&m_header, m_base, sizeof m_header);
        const SegmentHeader& h = m_header;
        if (h.magic != MAGIC)
        {
            throw std::runtime_error("the file descriptor holds no tandem channel");
        }
        if (h.layoutVersion != LAYOUT_VERSION)
        {
            throw std::runtime_error("channel layout version " + std::to_string(h.layoutVersion) +
                                     ", this package speaks version " +
                                     std::to_string(LAYOUT_VERSION) +
                                     ": rebuild the scenario with `tandem build`");
        }
        const SegmentHeader expected =
            MakeHeader({h.slots, h.schemaBytes, h.observationBytes, h.actionBytes, h.recordBytes});
        if (h.slots == 0 || bytes > MAX_SEGMENT_BYTES || h.totalBytes != bytes ||
            std::memcmp(&h, &expected, sizeof h) != 0)
        {
            throw std::runtime_error("the channel's header contradicts itself");
        }
    }

    const SegmentHeader& Header() const
    {
        return m_header;
    }

    const char* Schema() const
    {
        return reinterpret_cast<const char*>(m_base + Header().schemaOffset);
    }

    SlotHeader& Slot(std::uint32_t slot) const
    {
        return *reinterpret_cast<SlotHeader*>(SlotBase(slot));
    }

    unsigned char* Observation(std::uint32_t slot) const
    {
        return SlotBase(slot) + Header().observationOffset;
    }

    unsigned char* Action(std::uint32_t slot) const
    {
        return SlotBase(slot) + Header().actionOffset;
    }

    unsigned char* Records(std::uint32_t slot) const
    {
        return SlotBase(slot) + Header().recordOffset;
    }

  private:
    unsigned char* SlotBase(std::uint32_t slot) const
    {
        return m_base + Header().slotOffset + Header().slotStride * slot;
    }

    void Map(int fd, std::uint64_t bytes)
    {
        void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
        {
            throw std::runtime_error("cannot map " + std::to_string(bytes) +
                                     " bytes of shared memory: " + ExplainRefusal(errno));
        }
        m_base = static_cast<unsigned char*>(base);
        m_bytes = bytes;
    }

    unsigned char* m_base{nullptr};
    std::uint64_t m_bytes{0};
    SegmentHeader m_header{};
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_SEGMENT_H
