-- The dissector: finds out what a body is, reads it, and shows the tree.

local KINDS = {
  u8 = ftypes.UINT8, u16 = ftypes.UINT16, u32 = ftypes.UINT32, u64 = ftypes.UINT64,
  i8 = ftypes.INT8, i16 = ftypes.INT16, i32 = ftypes.INT32, i64 = ftypes.INT64,
  u48be = ftypes.UINT64, f32 = ftypes.FLOAT, f64 = ftypes.DOUBLE, bool8 = ftypes.BOOLEAN, bool16 = ftypes.BOOLEAN,
  guid = ftypes.GUID, time = ftypes.ABSOLUTE_TIME, text = ftypes.STRING, bytes = ftypes.BYTES, none = ftypes.NONE,
}

local mapi = Proto("mapi_http", "MAPI over HTTP")
local fields, all = {}, {}

-- Names of values that filters may use: `mapi.ropopenfolder.returnvalue == "ecNotFound"`.
local function values_of(id)
  local def = id and description.types[id]
  local found = def and def.size <= 4 and (def.by_value or def.values)
  return found and next(found) and found or nil
end

for index, field in ipairs(description.fields) do
  local filter, name, kind, named = field[1], field[2], field[3], field[4]
  local base_of = base.NONE
  if kind:match("^u%d") then
    base_of = named and base.HEX or base.DEC
  elseif kind:match("^i%d") then
    base_of = base.DEC
  elseif kind == "time" then
    base_of = base.UTC
  end
  fields[index] = ProtoField.new(name, filter, KINDS[kind], values_of(named), base_of)
  all[index] = fields[index]
end
all[#all + 1] = ProtoField.new("Request type", "mapi.requesttype", ftypes.STRING)
local request_type = all[#all]
mapi.fields = all

local malformed = ProtoExpert.new("mapi.malformed", "Bytes that the description does not allow",
  expert.group.MALFORMED, expert.severity.ERROR)
local undecoded = ProtoExpert.new("mapi.undecoded", "Bytes that depend on something that is not known",
  expert.group.UNDECODED, expert.severity.NOTE)
-- Not of the group MALFORMED: Wireshark takes such an error for the end of the packet, and here reading goes on.
local mistake = ProtoExpert.new("mapi.mistake", "Words that the grammar of a stream does not allow",
  expert.group.PROTOCOL, expert.severity.ERROR)
mapi.experts = { malformed, undecoded, mistake }

local request_lines = Field.new("http.request.line")
local response_lines = Field.new("http.response.line")
local request_methods = Field.new("http.request.method")
local response_codes = Field.new("http.response.code")
local request_in = Field.new("http.request_in")
local tcp_stream = Field.new("tcp.stream")

local function part_item(item, part, value, range)
  if part.field then
    local number = names.bits(part, value)
    if numbers.is_wide(number) then
      number = UInt64.new(number.low, number.high)
    elseif part.width > 32 then
      number = UInt64.new(numbers.halves(number))
    end
    item:add(fields[part.field], range, part.width == 1 and number ~= 0 or number)
  end
end

-- Flags that are set and sub-fields, each as a field of its own.
local function parts(item, node, range)
  local def = description.types[node.type]
  if not def.parts or def.by_value then
    return
  end
  for _, part in ipairs(def.parts) do
    part_item(item, part, node.number, range)
  end
  for _, mask in ipairs(def.masks) do
    if mask[3] then
      item:add(fields[mask[3]], range, mask[2] ~= 0 and names.part(def, mask[1], node.number))
    end
  end
end

local show

local function show_children(node, item, tvb, base_at)
  for _, child in ipairs(node.children) do
    show(child, item, tvb, base_at)
  end
end

-- A node with a buffer of its own: the same bytes of the packet, or new ones.
local function show_payload(node, tree, tvb, base_at)
  local item = tree:add(tvb(base_at + node.offset, node.size), string.format("%s: %d bytes", node.name, #node.payload))
  if not node.changed then
    show_children(node, item, tvb, base_at + node.offset)
  elseif #node.payload > 0 then
    show_children(node, item, ByteArray.new(node.payload, true):tvb(node.name), 0)
  end
end

function show(node, tree, tvb, base_at)
  if node.payload then
    show_payload(node, tree, tvb, base_at)
    return
  end
  -- A variant of one value is the value.
  local meanings, last = { node.meaning }, node
  while last.variant and last.own == 1 and #last.children == 1 do
    local one = last.children[1]
    if one.offset ~= last.offset or one.size ~= last.size then
      break
    end
    meanings[#meanings + 1], last = one.meaning, one
  end
  local label = node.name .. (node.note and node.note ~= "" and " " .. node.note or "")
  label = label .. (#meanings > 0 and ": " .. table.concat(meanings, " ") or "")
  local range = tvb(base_at + node.offset, node.size)
  local field = last.field and fields[last.field]
  local item
  if not field then
    item = tree:add(range, label)
  elseif last.add == "le" then
    item = tree:add_le(field, range)
  elseif last.add == "value" then
    item = tree:add(field, range, last.value)
  else
    item = tree:add(field, range)
  end
  item:set_text(label)
  if last.type then
    parts(item, last, range)
  end
  if last.opaque then
    item:add_proto_expert_info(undecoded, last.meaning)
  elseif last.mistake then
    item:add_proto_expert_info(mistake, last.meaning)
  end
  show_children(last, item, tvb, base_at)
end

-- The last header of this name in lines of headers: those of this message come after those of others in the frame.
local function header(lines, name)
  for index = #lines, 1, -1 do
    local key, value = tostring(lines[index].value):match("^%s*([^:%s]+)%s*:%s*(.-)%s*$")
    if key and key:lower() == name then
      return value
    end
  end
  return nil
end

-- The cookie that names the session (MS-OXCMAPIHTTP 3.1.5.2).
local function session_cookie(lines, name)
  for index = #lines, 1, -1 do
    local key, value = tostring(lines[index].value):match("^%s*([^:%s]+)%s*:%s*(.-)%s*$")
    if key and key:lower() == name then
      local found = (";" .. value):match(";%s*MapiContext=([^;]*)")
      if found then
        return found
      end
    end
  end
  return nil
end

-- The message that a body belongs to, noted when it is seen for the first time.
local function message_of(pinfo, is_response, lines)
  local ordinal = is_response and #{ response_codes() } or #{ request_methods() }
  local place = string.format("%d %s %d", pinfo.number, is_response and "response" or "request", ordinal)
  local known = conversations.find(place)
  if known then
    return known, false
  end
  local stream_field = tcp_stream()
  local stream = "stream " .. (stream_field and tostring(stream_field.value) or "unknown")
  local key = header(lines, "x-requesttype")
  if is_response then
    local of_request = { request_in() }
    local frame = #of_request > 0 and of_request[#of_request].value or nil
    return conversations.response(place, stream, key, session_cookie(lines, "set-cookie"), frame), true
  end
  return conversations.request(place, stream, key, session_cookie(lines, "cookie"), pinfo.number), true
end

-- Reads a body; answers its tree and its fault.
local function read(text, message, is_response, is_new)
  local request = mapi_http.request(message.key)
  local side = is_response and " response" or " request"
  if not request then
    return mapi_http.read_unknown((message.key or "unknown") .. side, text)
  end
  local session = conversations.session(message)
  local root, fault, batch
  if is_response then
    local asked = message.request
    batch = asked and asked.batch and rops.unanswered(asked.batch) or rops.unknown_batch()
    root, fault = mapi_http.read_response(request, text, batch, session)
  else
    root, fault, batch = mapi_http.read_request(request, text, session)
    message.batch = message.batch or batch
  end
  if is_new then
    session:keep()
  end
  return root, fault
end

local function rop_names(node, found)
  if node.field == description.header.Rop then
    found[#found + 1] = node.value
  end
  for _, child in ipairs(node.children) do
    rop_names(child, found)
  end
  return found
end

local function summary(root)
  local found = rop_names(root, {})
  return root.name .. (#found > 0 and ": " .. table.concat(found, ", ") or "")
end

-- A fault as text. Wireshark cuts what is long, so a long path gives way to what is wrong.
local function fault_text(fault)
  local path = fault.path
  if #path > 120 then
    path = path:sub(1, 40) .. "…" .. path:sub(-80)
  end
  return string.format("%s%s at offset 0x%x", path == "" and "" or path .. ": ", fault.message, fault.offset)
end

function mapi.dissector(tvb, pinfo, tree)
  if tvb:captured_len() == 0 then
    return 0
  end
  local is_response = #{ response_codes() } > 0
  local lines = { (is_response and response_lines or request_lines)() }
  local message, is_new = message_of(pinfo, is_response, lines)
  local root, fault = read(tvb:raw(), message, is_response, is_new)
  pinfo.cols.protocol = "MAPI/HTTP"
  pinfo.cols.info = summary(root)
  local item = tree:add(mapi, tvb(), "MAPI over HTTP, " .. root.name)
  if message.key then
    item:add(request_type, tvb(0, 0), message.key):set_generated()
  end
  show_children(root, item, tvb, 0)
  if fault then
    item:add_proto_expert_info(fault.missing and undecoded or malformed, fault_text(fault))
  end
  return tvb:captured_len()
end

DissectorTable.get("media_type"):add("application/mapi-http", mapi)

-- Calls of RPC: a post-dissector, as Wireshark's own dissector has put the data of a call together by then. Which interface
-- a context is, binds say; which transfer syntax, their answers.
local calls = Proto("mapi_rpc", "MAPI over RPC")
local REQUEST, RESPONSE, BIND, BIND_ACK, ALTER, ALTER_RESP = 0, 2, 11, 12, 14, 15
local NDR64 = "71710533-beba-4937-8319-b5dbef9ccc36"

local of_pdus = {}
for _, name in ipairs({
  "stub_data", "opnum", "cn_call_id", "pkt_type", "drep.byteorder", "cn_ctx_id", "cn_bind_to_uuid", "cn_ack_trans_id",
}) do
  of_pdus[name] = Field.new("dcerpc." .. name)
end

-- By stream and context id: { uuid, wide }; by stream the contexts that were asked for last; by stream and call id the
-- message of the request.
local contexts, offered, open_calls, noted = {}, {}, {}, {}

local function plain_uuid(info)
  return (info.display:lower():match("%x+%-%x+%-%x+%-%x+%-%x+"))
end

local function note_contexts(kind, stream)
  if kind == BIND or kind == ALTER then
    local ids, uuids = { of_pdus.cn_ctx_id() }, { of_pdus.cn_bind_to_uuid() }
    offered[stream] = {}
    for index, uuid in ipairs(uuids) do
      if ids[index] then
        local context = { uuid = plain_uuid(uuid) }
        offered[stream][index] = context
        contexts[stream .. " " .. ids[index].value] = context
      end
    end
  elseif kind == BIND_ACK or kind == ALTER_RESP then
    for index, chosen in ipairs({ of_pdus.cn_ack_trans_id() }) do
      local context = offered[stream] and offered[stream][index]
      if context then
        context.wide = plain_uuid(chosen) == NDR64
      end
    end
  end
end

-- The message of a request or response; nil where its operation is not described.
local function message_of_call(place, stream, id, kind, context, opnum)
  local known = conversations.find(place)
  if known then
    return known, false
  end
  if kind == REQUEST then
    local described = context and description.calls[context.uuid]
    local of = described and described[opnum]
    if not of then
      open_calls[stream .. " " .. id] = nil
      return nil
    end
    local message = conversations.request(place, "rpc " .. stream, of.name, nil, place)
    message.call, message.wide = of, context.wide
    open_calls[stream .. " " .. id] = message
    return message, true
  end
  local asked = open_calls[stream .. " " .. id]
  if not asked then
    return nil
  end
  open_calls[stream .. " " .. id] = nil
  return conversations.response(place, "rpc " .. stream, nil, nil, asked.frame), true
end

local function read_call(text, message, kind, big, is_new)
  local session = conversations.session(message)
  local sides, of, side = { ExtendedAuxiliaryBuffer = mapi_http.AUXILIARY }, message.call, "request"
  local wide = message.wide
  if kind == REQUEST then
    sides.RopInputBuffers = mapi_http.requests(session, function(batch)
      message.batch = message.batch or batch
    end)
  else
    local asked = message.request
    of, wide, side = asked.call, asked.wide, "response"
    local batch = asked.batch and rops.unanswered(asked.batch) or rops.unknown_batch()
    sides.RopOutputBuffers = mapi_http.replies(session, batch)
  end
  local root, fault = rpc.read(of.name .. " " .. side, text, of[side], { big = big, wide = wide }, sides)
  if is_new then
    session:keep()
  end
  return root, fault
end

local function show_call(stub, message, kind, big, is_new, pinfo, tree)
  local root, fault = read_call(stub.range:raw(), message, kind, big, is_new)
  pinfo.cols.protocol = "MAPI/RPC"
  pinfo.cols.info = summary(root)
  local tvb = stub.range:tvb()
  local item = tree:add(mapi, tvb(), "MAPI over RPC, " .. root.name)
  show_children(root, item, tvb, 0)
  if fault then
    item:add_proto_expert_info(fault.missing and undecoded or malformed, fault_text(fault))
  end
end

function calls.dissector(_, pinfo, tree)
  local kinds, stubs = { of_pdus.pkt_type() }, { of_pdus.stub_data() }
  local stream_field = tcp_stream()
  local stream = stream_field and tostring(stream_field.value) or "unknown"
  -- Once for each packet, in their order: on the first pass there may be no fields yet.
  if #kinds > 0 and not noted[pinfo.number] then
    noted[pinfo.number] = true
    note_contexts(kinds[1].value, stream)
  end
  local ids, opnums = { of_pdus.cn_call_id() }, { of_pdus.opnum() }
  local orders, ids_of_context = { of_pdus["drep.byteorder"]() }, { of_pdus.cn_ctx_id() }
  for index, stub in ipairs(stubs) do
    -- PDUs without data are not told from the others when there are some of both in a frame.
    local at = #kinds - #stubs + index
    local kind = kinds[at] and kinds[at].value
    if (kind == REQUEST or kind == RESPONSE) and ids[at] and opnums[index] and ids_of_context[at] then
      local context = contexts[stream .. " " .. ids_of_context[at].value]
      local place = string.format("%d rpc %d", pinfo.number, index)
      local message, is_new = message_of_call(place, stream, ids[at].value, kind, context, opnums[index].value)
      if message then
        show_call(stub, message, kind, orders[at] and orders[at].value == 0, is_new, pinfo, tree)
      end
    end
  end
end

function mapi.init()
  conversations.forget()
  contexts, offered, open_calls, noted = {}, {}, {}, {}
end

-- Binds and requests are noted in the order of packets: fields are wanted whenever these are read.
register_postdissector(calls, true)
