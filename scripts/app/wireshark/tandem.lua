-- SPDX-License-Identifier: MIT
-- Shows in Wireshark and tshark which inference request each TCP segment of a trace carries.
--
--   tshark -2 -X lua_script:tandem.lua -r trace-seed1-wifi-ap.pcap -Y "tandem.request_id == 12"
--
-- Uploads and replies follow one another in a TCP stream; each begins with a header that names the
-- request and says how long it is (ns3_scenarios/model/request-header.h). So every segment can be
-- named, retransmissions included, once the headers before it have been seen.

local PORT = 9000
local MAGIC = 0x544e4451 -- "TNDQ"
local HEADER_BYTES = 36
local WRAPPED = 2 ^ 31 -- sequence numbers from here on are negative ones

local tandem = Proto("tandem", "ns3-tandem inference request")
local fields = {
    request_id = ProtoField.uint64("tandem.request_id", "Request"),
    attempt = ProtoField.uint32("tandem.attempt", "Attempt"),
    user = ProtoField.uint32("tandem.user", "User"),
    option = ProtoField.uint32("tandem.option", "Option"),
    variant = ProtoField.uint32("tandem.variant", "Variant"),
    upload_bytes = ProtoField.uint32("tandem.upload_bytes", "Upload (bytes)"),
    reply_bytes = ProtoField.uint32("tandem.reply_bytes", "Reply (bytes)"),
    upload = ProtoField.bool("tandem.upload", "From user to site"),
    offset = ProtoField.uint32("tandem.offset", "First byte's place in the message"),
    header = ProtoField.bool("tandem.header", "Header in this segment"),
}
tandem.fields = fields

local tcp_stream = Field.new("tcp.stream")
local tcp_source = Field.new("tcp.srcport")
local tcp_destination = Field.new("tcp.dstport")
local tcp_sequence = Field.new("tcp.seq") -- relative to the first segment of the trace
local tcp_length = Field.new("tcp.len")
local tcp_payload = Field.new("tcp.payload")

-- Per direction of a stream: messages in order, the place where the next one begins, and segments
-- that lie beyond it, because one before them was lost on the air.
local directions = {}
-- Per packet: the messages in it, so that a second look does not depend on the order.
local packets = {}

function tandem.init()
    directions = {}
    packets = {}
end

local function parse(bytes, at)
    if bytes:uint(at, 4) ~= MAGIC then
        return nil
    end
    return {
        request_id = bytes:uint64(at + 4, 8),
        attempt = bytes:uint(at + 12, 4),
        user = bytes:uint(at + 16, 4),
        option = bytes:uint(at + 20, 4),
        variant = bytes:uint(at + 24, 4),
        upload_bytes = bytes:uint(at + 28, 4),
        reply_bytes = bytes:uint(at + 32, 4),
    }
end

-- ByteArray has no accessors by type in older versions of Wireshark.
local function reader(array)
    local self = { length = array:len() }
    function self:uint(at, count)
        local value = 0
        for k = at, at + count - 1 do
            value = value * 256 + array:get_index(k)
        end
        return value
    end
    function self:uint64(at)
        return UInt64.new(self:uint(at + 4, 4), self:uint(at, 4))
    end
    function self:slice(at)
        return array:subset(at, array:len() - at)
    end
    return self
end

-- Read headers from bytes that begin where the next message begins.
local function follow(direction)
    local progress = true
    while progress do
        progress = false
        for begin, array in pairs(direction.waiting) do
            local finish = begin + array:len()
            if finish <= direction.next then
                direction.waiting[begin] = nil
            elseif begin <= direction.next then
                local bytes = reader(array)
                local at = direction.next - begin
                if at + HEADER_BYTES <= bytes.length then
                    local message = parse(bytes, at)
                    if not message then
                        direction.lost = true
                        return
                    end
                    message.begin = direction.next
                    message.bytes = direction.upload and message.upload_bytes or message.reply_bytes
                    direction.messages[#direction.messages + 1] = message
                    direction.next = message.begin + message.bytes
                    progress = true
                    break
                end
                -- The header is cut: join with the segment that follows, if it is there.
                local more = direction.waiting[finish]
                if more then
                    local joined = array:subset(0, array:len())
                    joined:append(more)
                    direction.waiting[begin] = joined
                    direction.waiting[finish] = nil
                    progress = true
                    break
                end
            end
        end
    end
end

-- Connections are open when a trace begins, so that there is no SYN to count from: the first segment
-- that begins with a header does. One that was lost on the air may come after those behind it.
local function synchronise(direction, begin, array)
    if direction.first and begin >= direction.first then
        return
    end
    local bytes = reader(array)
    local message = bytes.length >= HEADER_BYTES and parse(bytes, 0)
    if not message then
        return
    end
    if direction.next then
        message.begin = begin
        message.bytes = direction.upload and message.upload_bytes or message.reply_bytes
        direction.messages[#direction.messages + 1] = message
    else
        direction.next = begin
    end
    direction.first = begin
end

local function messages_within(direction, begin, finish)
    local found = {}
    for _, message in ipairs(direction.messages) do
        if message.begin < finish and begin < message.begin + message.bytes then
            found[#found + 1] = message
        end
    end
    return found
end

local function show(tree, pinfo, direction, begin, finish, found)
    local words = {}
    for _, message in ipairs(found) do
        local id = tostring(message.request_id)
        local branch = tree:add(tandem, "ns3-tandem, request " .. id)
        branch:add(fields.request_id, message.request_id)
        branch:add(fields.attempt, message.attempt)
        branch:add(fields.user, message.user)
        branch:add(fields.option, message.option)
        branch:add(fields.variant, message.variant)
        branch:add(fields.upload_bytes, message.upload_bytes)
        branch:add(fields.reply_bytes, message.reply_bytes)
        branch:add(fields.upload, direction.upload)
        branch:add(fields.offset, math.max(0, begin - message.begin))
        branch:add(fields.header, begin <= message.begin and message.begin < finish)
        words[#words + 1] = (direction.upload and "upload" or "reply") .. " of request " .. id
    end
    pinfo.cols.info:append(" [" .. table.concat(words, ", ") .. "]")
end

function tandem.dissector(buffer, pinfo, tree)
    local stream, length, sequence = tcp_stream(), tcp_length(), tcp_sequence()
    local payload = tcp_payload()
    if not (stream and length and sequence and payload) or length.value == 0 then
        return
    end
    local upload = tcp_destination().value == PORT
    if not upload and tcp_source().value ~= PORT then
        return
    end
    local key = stream.value .. (upload and ">" or "<")
    local direction = directions[key]
    if not direction then
        direction = { upload = upload, messages = {}, waiting = {} }
        directions[key] = direction
    end
    local begin = sequence.value
    if begin >= WRAPPED then
        begin = begin - 2 * WRAPPED -- before the first segment that was seen
    end
    local finish = begin + length.value
    if not pinfo.visited and not direction.lost then
        synchronise(direction, begin, payload.value)
        if not direction.next or finish > direction.next then
            direction.waiting[begin] = payload.value
        end
        if direction.next then
            follow(direction)
        end
    end
    local found = packets[pinfo.number]
    if not found or #found == 0 then
        found = messages_within(direction, begin, finish)
        packets[pinfo.number] = found
    end
    if #found > 0 then
        show(tree, pinfo, direction, begin, finish, found)
    end
end

register_postdissector(tandem)
