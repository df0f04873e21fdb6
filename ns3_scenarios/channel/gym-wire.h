// SPDX-License-Identifier: MIT
/**
 * @file
 * How Gym spaces' values lie in the blocks of a duplex channel: the ONE definition, compiled into
 * the simulator's containers and the Python end.
 *
 *     to the agent:      StateHeader | value | text
 *     to the simulator:  ReplyHeader | value | text
 *
 * A value starts with its WireType and a count, all parts padded to 8 bytes:
 *
 *     DISCRETE | 0               | int64
 *     BOX      | WireDtype       | axes (uint64) | extents (uint64 each) | values | padding
 *     TUPLE    | number of items | items
 *     DICT     | number of items | (key bytes (uint64) | key | padding | item) each
 */
#ifndef TANDEM_CHANNEL_GYM_WIRE_H
#define TANDEM_CHANNEL_GYM_WIRE_H

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace tandem::channel
{

/** The parts of a message start at multiples of this. */
constexpr std::uint64_t WIRE_ALIGNMENT = 8;

enum class WireType : std::uint32_t
{
    NONE = 0, //!< no value at all
    DISCRETE = 1,
    BOX = 2,
    TUPLE = 3,
    DICT = 4
};

/** Element types, in the order of their numpy names: see WIRE_DTYPE_NAMES. */
enum class WireDtype : std::uint32_t
{
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    FLOAT32,
    FLOAT64,
    COUNT
};

constexpr const char* WIRE_DTYPE_NAMES[] = {"int8",
                                            "int16",
                                            "int32",
                                            "int64",
                                            "uint8",
                                            "uint16",
                                            "uint32",
                                            "uint64",
                                            "float32",
                                            "float64"};
constexpr std::uint64_t WIRE_DTYPE_BYTES[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};

/**
 * Tuples and dicts in each other: more is no space that anybody has, but it would exhaust a stack.
 */
constexpr int WIRE_MAX_DEPTH = 64;

/** What a simulator says. */
enum class StateKind : std::uint32_t
{
    SPACES = 1, //!< the text is a JSON object with both spaces
    STATE = 2   //!< the value is an observation, the text the extra info
};

/** Flags of a state. */
enum StateFlag : std::uint32_t
{
    GAME_OVER = 1,     //!< the scenario says that the episode is over
    SIMULATION_END = 2 //!< the simulation has ended
};

/** What an agent says. */
enum class ReplyKind : std::uint32_t
{
    GO_ON = 1,  //!< spaces received
    ACTION = 2, //!< the value is an action
    STOP = 3,   //!< end the simulation
    BRANCH = 4, //!< fork; the copy takes the value as its action and the text as its segment
    FORK = 5    //!< fork; the copy tells its last state once more, in the segment of the text
};

/** Number of the process in the segment of a copy that could not be made; no process has it. */
constexpr std::int32_t NO_COPY = INT32_MAX;

struct StateHeader
{
    StateKind kind;
    std::uint32_t flags;
    double reward;
    double simulatedTimeS;
    std::uint64_t valueBytes;
    std::uint64_t textBytes;
};

struct ReplyHeader
{
    ReplyKind kind;
    std::uint32_t unused;
    std::uint64_t valueBytes;
    std::uint64_t textBytes;
};

/** Writes a message front to back into a block. */
class WireWriter
{
  public:
    WireWriter(unsigned char* block, std::uint64_t capacity)
        : m_begin(block),
          m_at(block),
          m_end(block + capacity)
    {
    }

    template <typename T>
    void Put(const T& value)
    {
        static_assert(std::is_trivially_copyable_v<T>, "only plain data travels");
        PutBytes(&value, sizeof value);
    }

    void PutBytes(const void* data, std::uint64_t bytes)
    {
        if (bytes > static_cast<std::uint64_t>(m_end - m_at))
        {
            throw std::length_error(
                "a message of more than " + std::to_string(m_end - m_begin) +
                " bytes does not fit the channel: send less, or give the environment a larger "
                "shmSize");
        }
        if (bytes > 0)
        {
            std::memcpy(m_at, data, bytes);
        }
        m_at += bytes;
    }

    /** Pad to the next multiple of WIRE_ALIGNMENT; blocks are padded, too, so that it fits. */
    void Align()
    {
        const std::uint64_t zero = 0;
        PutBytes(&zero, (WIRE_ALIGNMENT - GetBytes() % WIRE_ALIGNMENT) % WIRE_ALIGNMENT);
    }

    void PutType(WireType type, std::uint32_t count)
    {
        Put(type);
        Put(count);
    }

    void PutText(const std::string& text)
    {
        Put(static_cast<std::uint64_t>(text.size()));
        PutBytes(text.data(), text.size());
        Align();
    }

    std::uint64_t GetBytes() const
    {
        return m_at - m_begin;
    }

  private:
    unsigned char* m_begin;
    unsigned char* m_at;
    unsigned char* m_end;
};

/** Reads a message front to back. */
class WireReader
{
  public:
    WireReader(const unsigned char* block, std::uint64_t bytes)
        : m_begin(block),
          m_at(block),
          m_end(block + bytes)
    {
    }

    template <typename T>
    T Get()
    {
        T value;
        std::memcpy(&value, GetBytes(sizeof value), sizeof value);
        return value;
    }

    const unsigned char* GetBytes(std::uint64_t bytes)
    {
        if (bytes > static_cast<std::uint64_t>(m_end - m_at))
        {
            throw std::runtime_error("a message on the channel ends too early");
        }
        const unsigned char* data = m_at;
        m_at += bytes;
        return data;
    }

    /** Bytes of an array. @throws std::runtime_error if that many are not there */
    const unsigned char* GetArray(std::uint64_t count, std::uint64_t itemBytes)
    {
        if (count > static_cast<std::uint64_t>(m_end - m_at) / itemBytes)
        {
            throw std::runtime_error("an array on the channel ends too early");
        }
        return GetBytes(count * itemBytes);
    }

    /** One level of nested values, while it lives. */
    class Level
    {
      public:
        explicit Level(WireReader& reader)
            : m_reader(reader)
        {
            if (m_reader.m_depth >= WIRE_MAX_DEPTH)
            {
                throw std::runtime_error("values on the channel are nested more than " +
                                         std::to_string(WIRE_MAX_DEPTH) + " deep");
            }
            ++m_reader.m_depth;
        }

        ~Level()
        {
            --m_reader.m_depth;
        }

        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

      private:
        WireReader& m_reader;
    };

    void Align()
    {
        const std::uint64_t done = m_at - m_begin;
        GetBytes((WIRE_ALIGNMENT - done % WIRE_ALIGNMENT) % WIRE_ALIGNMENT);
    }

    std::string GetText()
    {
        const auto bytes = Get<std::uint64_t>();
        std::string text(reinterpret_cast<const char*>(GetBytes(bytes)), bytes);
        Align();
        return text;
    }

  private:
    const unsigned char* m_begin;
    const unsigned char* m_at;
    const unsigned char* m_end;
    int m_depth{0};
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_GYM_WIRE_H
