// SPDX-License-Identifier: GPL-2.0-only
#include "model/message-stream.h"

#include "ns3/node.h"
#include "ns3/socket.h"
#include "ns3/test.h"

#include <algorithm>
#include <vector>

namespace ns3::tandem
{

namespace
{

/** A socket that gives back what was written, in pieces of any size. */
class LoopSocket : public Socket
{
  public:
    /** How many bytes may be read from now on. */
    void Release(uint32_t bytes)
    {
        m_released += bytes;
    }

    /** How many more bytes Send() takes. */
    void SetRoom(uint32_t bytes)
    {
        m_room = bytes;
    }

    uint32_t GetTxAvailable() const override
    {
        return m_room;
    }

    int Send(Ptr<Packet> packet, uint32_t) override
    {
        m_room -= packet->GetSize();
        m_stream->AddAtEnd(packet);
        return static_cast<int>(packet->GetSize());
    }

    Ptr<Packet> Recv(uint32_t maxSize, uint32_t) override
    {
        const uint32_t size = std::min({maxSize, m_released, m_stream->GetSize()});
        if (size == 0)
        {
            return nullptr;
        }
        Ptr<Packet> packet = m_stream->CreateFragment(0, size);
        m_stream->RemoveAtStart(size);
        m_released -= size;
        return packet;
    }

    // The rest of the interface is not called.
    SocketErrno GetErrno() const override
    {
        return ERROR_NOTERROR;
    }
    SocketType GetSocketType() const override
    {
        return NS3_SOCK_STREAM;
    }
    Ptr<Node> GetNode() const override
    {
        return nullptr;
    }
    int Bind(const Address&) override
    {
        return -1;
    }
    int Bind() override
    {
        return -1;
    }
    int Bind6() override
    {
        return -1;
    }
    int Close() override
    {
        return -1;
    }
    int ShutdownSend() override
    {
        return -1;
    }
    int ShutdownRecv() override
    {
        return -1;
    }
    int Connect(const Address&) override
    {
        return -1;
    }
    int Listen() override
    {
        return -1;
    }
    int SendTo(Ptr<Packet>, uint32_t, const Address&) override
    {
        return -1;
    }
    uint32_t GetRxAvailable() const override
    {
        return m_stream->GetSize();
    }
    Ptr<Packet> RecvFrom(uint32_t, uint32_t, Address&) override
    {
        return nullptr;
    }
    int GetSockName(Address&) const override
    {
        return -1;
    }
    int GetPeerName(Address&) const override
    {
        return -1;
    }
    bool SetAllowBroadcast(bool) override
    {
        return false;
    }
    bool GetAllowBroadcast() const override
    {
        return false;
    }

  private:
    Ptr<Packet> m_stream{Create<Packet>()};
    uint32_t m_released{0};
    uint32_t m_room{UINT32_MAX};
};

RequestHeader
MakeHeader(uint64_t id, uint32_t uploadBytes, uint32_t replyBytes)
{
    RequestHeader header;
    header.requestId = id;
    header.user = 3;
    header.uploadBytes = uploadBytes;
    header.replyBytes = replyBytes;
    return header;
}

/** However the stream is cut, each message is told once, when its last byte is there. */
class MessageReaderPiecesTest : public TestCase
{
  public:
    MessageReaderPiecesTest()
        : TestCase("messages out of pieces of every size")
    {
    }

  private:
    void DoRun() override
    {
        // One message of a header alone, two with padding.
        const std::vector<uint32_t> lengths{RequestHeader::SIZE, 100, RequestHeader::SIZE + 1};
        uint32_t total = 0;
        for (const uint32_t length : lengths)
        {
            total += length;
        }
        for (uint32_t piece = 1; piece <= total; ++piece)
        {
            Ptr<LoopSocket> socket = CreateObject<LoopSocket>();
            MessageWriter writer;
            for (size_t i = 0; i < lengths.size(); ++i)
            {
                writer.Push(MakeHeader(i, lengths[i], 5000), lengths[i]);
            }
            writer.Pump(socket);
            MessageReader reader(true);
            std::vector<uint64_t> ids;
            reader.SetReceiveCallback(Callback<void, const RequestHeader&>(
                [&ids](const RequestHeader& header) { ids.push_back(header.requestId); }));
            for (uint32_t read = 0; read < total; read += piece)
            {
                const uint32_t until = std::min(read + piece, total);
                socket->Release(until - read);
                reader.Drain(socket);
                uint32_t end = 0;
                size_t complete = 0;
                for (const uint32_t length : lengths)
                {
                    end += length;
                    complete += end <= until ? 1 : 0;
                }
                NS_TEST_ASSERT_MSG_EQ(ids.size(), complete, "after " << until << " bytes");
            }
            NS_TEST_ASSERT_MSG_EQ((ids == std::vector<uint64_t>{0, 1, 2}), true, "in order");
        }
    }
};

/** Replies have the other length of the header. */
class MessageReaderReplyTest : public TestCase
{
  public:
    MessageReaderReplyTest()
        : TestCase("a reply, and a message that is forgotten")
    {
    }

  private:
    void DoRun() override
    {
        Ptr<LoopSocket> socket = CreateObject<LoopSocket>();
        MessageWriter writer;
        writer.Push(MakeHeader(1, 70000, 80), 80);
        writer.Pump(socket);
        MessageReader reader(false);
        uint32_t messages = 0;
        reader.SetReceiveCallback(Callback<void, const RequestHeader&>(
            [&messages](const RequestHeader&) { ++messages; }));
        socket->Release(79);
        reader.Drain(socket);
        NS_TEST_ASSERT_MSG_EQ(messages, 0, "a byte is missing");
        socket->Release(1);
        reader.Drain(socket);
        NS_TEST_ASSERT_MSG_EQ(messages, 1, "all is there");

        writer.Push(MakeHeader(2, 70000, 80), 80);
        writer.Pump(socket);
        socket->Release(50);
        reader.Drain(socket);
        reader.Clear(); // the connection is gone; the next one begins with a header
        Ptr<LoopSocket> next = CreateObject<LoopSocket>();
        writer.Push(MakeHeader(3, 70000, 90), 90);
        writer.Pump(next);
        next->Release(90);
        reader.Drain(next);
        NS_TEST_ASSERT_MSG_EQ(messages, 2, "the new connection's message");
    }
};

/** The writer tells the first byte's place and keeps what does not fit. */
class MessageWriterTest : public TestCase
{
  public:
    MessageWriterTest()
        : TestCase("a send buffer that fills")
    {
    }

  private:
    void DoRun() override
    {
        Ptr<LoopSocket> socket = CreateObject<LoopSocket>();
        MessageWriter writer;
        std::vector<uint64_t> begins;
        writer.SetBeginCallback(Callback<void, const RequestHeader&, uint64_t>(
            [&begins](const RequestHeader&, uint64_t offset) { begins.push_back(offset); }));
        for (uint64_t id = 0; id < 3; ++id)
        {
            writer.Push(MakeHeader(id, 100, 100), 100);
        }
        socket->SetRoom(150);
        writer.Pump(socket);
        NS_TEST_ASSERT_MSG_EQ(writer.GetPending(), 150, "half is written");
        NS_TEST_ASSERT_MSG_EQ(writer.Remove(1), false, "it has begun");
        NS_TEST_ASSERT_MSG_EQ(writer.Remove(2), true, "it has not");
        NS_TEST_ASSERT_MSG_EQ(writer.GetPending(), 50, "without the removed one");
        writer.Push(MakeHeader(3, 100, 100), 100);
        socket->SetRoom(50 + RequestHeader::SIZE - 1);
        writer.Pump(socket);
        NS_TEST_ASSERT_MSG_EQ(writer.GetPending(), 100, "a header is not cut");
        socket->SetRoom(1000);
        writer.Pump(socket);
        NS_TEST_ASSERT_MSG_EQ((begins == std::vector<uint64_t>{0, 100, 200}), true, "places");
        NS_TEST_ASSERT_MSG_EQ(writer.GetPending(), 0, "all is written");
    }
};

class MessageStreamTestSuite : public TestSuite
{
  public:
    MessageStreamTestSuite()
        : TestSuite("tandem-message-stream")
    {
        AddTestCase(new MessageReaderPiecesTest);
        AddTestCase(new MessageReaderReplyTest);
        AddTestCase(new MessageWriterTest);
    }
};

const MessageStreamTestSuite g_messageStreamTestSuite;

} // namespace

} // namespace ns3::tandem
