-- ROP buffers: requests, and the replies that answer them.
--
-- A batch is { sent = { { rop, fields } .. }, next, handles, outputs, unknown, slots }. State of open objects is kept by
-- `session`: get(handle, key), set(handle, key, value), release(handle). `slots` has the streams of objects that the
-- batch opens, until the replies say which handles they got.

local rops = {}

local eval, offset = expressions.eval, bytes.offset
local ROP_SIZE, MOST_HANDLES, NO_OBJECT = 2, 256, 0xFFFFFFFF

local requests_by_id, replies_by_id, unsolicited_by_id = {}, {}, {}
for index = #description.rops, 1, -1 do
  local rop = description.rops[index]
  if rop.unsolicited then
    unsolicited_by_id[rop.id] = rop
  else
    requests_by_id[rop.id] = rop
  end
  if rop.success then
    replies_by_id[rop.reply_id or rop.id] = rop
  end
end

-- A batch of requests that nobody has seen: replies pair with operations by RopId alone.
function rops.unknown_batch()
  return { sent = {}, next = 1, handles = {}, outputs = 0, unknown = true, slots = {} }
end

-- The same batch, no request of it answered.
function rops.unanswered(batch)
  local slots = {}
  for slot, transfer in pairs(batch.slots) do
    slots[slot] = transfer
  end
  return { sent = batch.sent, next = 1, handles = batch.handles, outputs = 0, unknown = batch.unknown, slots = slots }
end

local function at_rop_id(at, message)
  local fault = bytes.fault(at, 1, message)
  fault.path = "RopId"
  error(fault)
end

local function rop_id(node, name, at, id)
  structures.leaf(node, "RopId", at, 1, string.format("0x%02X %s", id, name), description.header.RopId)
end

local function byte(c, name)
  bytes.inside(name)
  local value = bytes.unsigned(c, 1)
  bytes.outside()
  return value
end

local function index(c, name, node, fields)
  local at, value = offset(c), byte(c, name)
  structures.leaf(node, name, at, 1, numbers.shown(value), description.header[name] or description.header.HandleIndex)
  fields[name] = value
end

-- RopSize, the operations as a cursor, the handle table as a node and as values, and what is wrong with the table,
-- which comes after what is wrong with the operations before it.
local function framing(c, node)
  local start = offset(c)
  bytes.inside("RopSize")
  local size = bytes.unsigned(c, 2)
  structures.leaf(node, "RopSize", start, ROP_SIZE, numbers.shown(size), description.header.RopSize)
  if size < ROP_SIZE then
    error(bytes.fault(start, ROP_SIZE, string.format("expected a size that counts itself, got %d", size)))
  end
  bytes.outside()
  bytes.inside("RopsList")
  local list = bytes.sub(c, size - ROP_SIZE)
  bytes.outside()
  local table_node, handles = structures.node("ServerObjectHandleTable", offset(c)), {}
  table_node.size = bytes.remaining(c)
  local fault = bytes.try(function()
    bytes.inside("ServerObjectHandleTable")
    while bytes.remaining(c) > 0 do
      local at, count = offset(c), #handles
      if count >= MOST_HANDLES then
        error(bytes.fault(at, 4, string.format("expected %d handles at most", MOST_HANDLES)))
      end
      bytes.inside(count)
      local handle = bytes.unsigned(c, 4)
      bytes.outside()
      local meaning = "0x" .. numbers.hex(handle, 8) .. (handle == NO_OBJECT and " no object" or "")
      structures.leaf(table_node, string.format("[%d]", count), at, 4, meaning, description.header.Handle)
      handles[count + 1] = handle
    end
    bytes.outside()
  end)
  return list, handles, #handles > 0 and table_node or nil, fault
end

-- The handle value in the slot that a request names.
local function handle_of(handles, fields, of)
  return handles[(fields[of.index] or 255) + 1] or NO_OBJECT
end

-- The arguments of a body: state of an object, or fields of the request.
local function arguments(c, rop, body, fields, handles, session)
  local all = {}
  for place, param in ipairs(body.params) do
    local name, found, what = param[1], nil, nil
    local need = rop.needs[name]
    if need then
      what = need.state .. " of the " .. need.handle
      local input = handles and rop.handles[need.handle]
      if input and input.object then
        local key = input.object .. "." .. need.state
        found = session:get(handle_of(handles, fields, input), key)
        if found == nil then
          found = description.initial[key]
        end
      end
    else
      what, found = name .. " of the request", fields[name]
    end
    if found == nil or found == session.UNSET then
      error(bytes.missing(offset(c), what))
    end
    all[place] = found
  end
  return all
end

local function of_record(e, fields)
  local found
  local fault = bytes.try(function()
    found = eval(e, { fields = fields, params = {}, offsets = {} }, bytes.cursor(""))
  end)
  if fault then
    return nil
  end
  return found
end

-- Notes what an operation sets; `reply` has its fields when it succeeded.
local function effects(rop, request, reply, handles, session)
  if not request then
    return
  end
  -- A new object has no state, whatever its handle value named before.
  for _, key in ipairs(reply and rop.opens or {}) do
    local opened = handle_of(handles, request.fields, rop.handles[rop.opens.handle])
    session:set(opened, key, description.initial[key])
  end
  for _, effect in ipairs(rop.effects) do
    local on = rop.handles[effect.handle]
    if effect.on_success == (reply ~= nil) and on and on.object then
      local value
      if effect.constant ~= nil then
        value = effect.constant
      elseif effect.request then
        value = of_record(effect.request, request.fields)
      elseif effect.reply then
        value = of_record(effect.reply, reply)
      end
      session:set(handle_of(handles, request.fields, on), on.object .. "." .. effect.state, value)
    end
  end
end

local function read_body(c, rop, body, args, node)
  bytes.inside(rop.name)
  local fields = structures.body(c, body, args, node)
  bytes.outside()
  return fields
end

-- The slot of the handle table that a request names for one of its handles, or nil.
local function slot_of(rop, name, fields)
  return name and fields[rop.handles[name].index]
end

-- Reads the body of a request with the stream that its pieces belong to.
local function with_request(rop, fields, batch, session, read)
  local slot = slot_of(rop, rop.input, fields)
  local handle = slot and batch.handles[slot + 1]
  if handle == nil then
    pieces.with(nil, read, function() end)
  elseif handle == NO_OBJECT then
    pieces.with(batch.slots[slot], read, function(transfer)
      batch.slots[slot] = transfer
    end)
  else
    local known = session:get(handle, "transfer")
    pieces.with(known ~= session.UNSET and known or nil, read, function(transfer)
      session:set(handle, "transfer", transfer)
    end)
  end
end

-- The same of a reply.
local function with_reply(rop, fields, handles, session, read)
  local slot = slot_of(rop, rop.input, fields)
  local handle = slot and handles[slot + 1]
  if handle == nil or handle == NO_OBJECT then
    pieces.with(nil, read, function() end)
    return
  end
  local known = session:get(handle, "transfer")
  pieces.with(known ~= session.UNSET and known or nil, read, function(transfer)
    session:set(handle, "transfer", transfer)
  end)
end

-- Takes note of a reply: an object that was opened has a stream of which nothing was read but what the batch itself
-- brought; of an upload that failed nobody knows how far it is.
local function answered_transfer(rop, fields, batch, handles, session, success)
  local opened = slot_of(rop, rop.output, fields)
  if success and opened then
    local transfer = batch.slots[opened] or pieces.FRESH
    batch.slots[opened] = nil
    if handles[opened + 1] then
      session:set(handles[opened + 1], "transfer", transfer)
    end
  end
  local slot = slot_of(rop, rop.input, fields)
  local handle = slot and handles[slot + 1]
  if not success and handle and handle ~= NO_OBJECT then
    for _, member in ipairs(rop.request.body) do
      if member.piece then
        session:set(handle, "transfer", nil)
      end
    end
  end
end

local function begin(c, list, name, start, id)
  local node = structures.node(name, start)
  node.cursor, node.field, node.add, node.value = c, description.header.Rop, "value", name
  list.children[#list.children + 1] = node
  rop_id(node, name, start, id)
  return node
end

local function finish(node, c)
  node.size, node.cursor = offset(c) - node.offset, nil
end

local function unknown_rop(at, id)
  at_rop_id(at, string.format("expected a known RopId, got 0x%02x", id))
end

-- Reads a request, RopId first.
local function request(c, list, session, batch)
  local start, id = offset(c), byte(c, "RopId")
  local rop = requests_by_id[id]
  if not rop then
    unknown_rop(start, id)
  end
  local node = begin(c, list, rop.name, start, id)
  local fields = {}
  bytes.inside(rop.name)
  index(c, "LogonId", node, fields)
  for _, name in ipairs(rop.header) do
    index(c, name, node, fields)
  end
  bytes.outside()
  local args = arguments(c, rop, rop.request, fields, nil, session)
  local opened = slot_of(rop, rop.output, fields)
  if opened then
    batch.slots[opened] = pieces.FRESH
  end
  local body
  with_request(rop, fields, batch, session, function()
    body = read_body(c, rop, rop.request, args, node)
  end)
  for name, value in pairs(body) do
    fields[name] = value
  end
  finish(node, c)
  return { rop = rop, fields = fields }
end

-- The body of a reply with this return value.
local function body_for(rop, code)
  if code == 0 then
    return rop.success
  end
  return rop.on[code] or rop.other
end

-- Reads a reply, RopId first, that answers this request, or one that nobody knows.
local function reply(c, rop, sent, batch, handles, list, session)
  local start, id = offset(c), byte(c, "RopId")
  local expected = rop.reply_id or rop.id
  if id ~= expected then
    at_rop_id(start, string.format("expected 0x%02x, the reply to %s, got 0x%02x", expected, rop.name, id))
  end
  local node = begin(c, list, rop.name, start, id)
  index(c, "HandleIndex", node, {})
  local at = offset(c)
  bytes.inside("ReturnValue")
  local code = bytes.unsigned(c, 4)
  bytes.outside()
  local meaning = description.error_code and names.shown(description.error_code, code) or numbers.shown(code)
  structures.leaf(node, "ReturnValue", at, 4, meaning, description.header.ReturnValue)
  local asked = sent and sent.fields or {}
  answered_transfer(rop, asked, batch, handles, session, code == 0)
  local body, fields = body_for(rop, code), nil
  if body then
    local args = arguments(c, rop, body, asked, handles, session)
    with_reply(rop, asked, handles, session, function()
      fields = read_body(c, rop, body, args, node)
    end)
  end
  effects(rop, sent, code == 0 and fields or nil, handles, session)
  finish(node, c)
end

-- State of the objects behind handle values in an unsolicited reply, which stands before the cursor.
local function looked_up(c, rop, session)
  local args = {}
  for place, param in ipairs(rop.unsolicited.params) do
    local of = rop.looks_up[param[1]]
    local b1, b2, b3, b4 = c.text:byte(c.at + of.offset, c.at + of.offset + 3)
    local value = b4 and session:get(b1 + b2 * 2 ^ 8 + b3 * 2 ^ 16 + b4 * 2 ^ 24, of.key)
    if value ~= session.UNSET then
      args[place] = value
    end
  end
  return args
end

local function unsolicited(c, rop, list, session)
  local start, id = offset(c), byte(c, "RopId")
  local node = begin(c, list, rop.name, start, id)
  read_body(c, rop, rop.unsolicited, looked_up(c, rop, session), node)
  finish(node, c)
end

-- Passes over the requests without a reply that come next, and notes what they do.
local function pass_silent(batch, handles, session)
  while true do
    local sent = batch.sent[batch.next]
    if not sent or sent.rop.success then
      return
    end
    if sent.rop.releases then
      session:release(handle_of(handles, sent.fields, sent.rop.handles[sent.rop.releases]))
    end
    batch.next = batch.next + 1
  end
end

-- The request that the next reply answers. Rows beyond the first buffer of a chain answer the last request again
-- (MS-OXCROPS 3.2.5.2).
local function answered(batch, handles, id, session)
  pass_silent(batch, handles, session)
  local sent = batch.sent[batch.next]
  if sent then
    batch.next = batch.next + 1
    return sent
  elseif batch.outputs < 2 then
    return nil
  end
  for place = #batch.sent, 1, -1 do
    local rop = batch.sent[place].rop
    if rop.success then
      return (rop.reply_id or rop.id) == id and batch.sent[place] or nil
    end
  end
  return nil
end

local function next_reply(c, batch, handles, list, session)
  local id = c.text:byte(c.at)
  if unsolicited_by_id[id] then
    unsolicited(c, unsolicited_by_id[id], list, session)
  elseif batch.unknown then
    if not replies_by_id[id] then
      unknown_rop(offset(c), id)
    end
    reply(c, replies_by_id[id], nil, batch, handles, list, session)
  else
    local sent = answered(batch, handles, id, session)
    if not sent then
      local known = description.rop_names[id]
      at_rop_id(offset(c), string.format("a reply without a request: 0x%02x%s", id, known and " " .. known or ""))
    end
    if sent.rop.answered_by[id] then
      reply(c, replies_by_id[id], nil, batch, handles, list, session)
    else
      reply(c, sent.rop, sent, batch, handles, list, session)
    end
  end
end

-- All that is left, because something is not known.
local function opaque(c, list, start, fault)
  local last = list.children[#list.children]
  local parent = last and last.offset == start and last or list
  structures.settle(list)
  local left = bytes.remaining(c)
  local node = structures.leaf(parent, "Opaque", offset(c), left, string.format("%d bytes not decoded: %s", left, fault.message))
  node.opaque = true
  bytes.take_rest(c)
end

local function replies(c, list, batch, handles, session)
  while bytes.remaining(c) > 0 do
    local start = offset(c)
    local fault = bytes.try(function()
      next_reply(c, batch, handles, list, session)
    end)
    if fault and fault.missing then
      opaque(c, list, start, fault)
    elseif fault then
      error(fault)
    end
  end
  pass_silent(batch, handles, session)
end

local function rops_list(list, node)
  local list_node = structures.node("RopsList", offset(list))
  list_node.size = bytes.remaining(list)
  node.children[#node.children + 1] = list_node
  return list_node
end

-- Reads a ROP input buffer into a node; answers its batch.
function rops.input(c, node, session)
  local list, handles, table_node, fault = framing(c, node)
  local batch = { sent = {}, next = 1, handles = handles, outputs = 0, unknown = false, slots = {} }
  local list_node = rops_list(list, node)
  while bytes.remaining(list) > 0 do
    batch.sent[#batch.sent + 1] = request(list, list_node, session, batch)
  end
  node.children[#node.children + 1] = table_node
  if fault then
    error(fault)
  end
  return batch
end

-- Reads a ROP output buffer that answers a batch, and notes what it sets.
function rops.output(c, node, batch, session)
  local list, handles, table_node, fault = framing(c, node)
  batch.outputs = batch.outputs + 1
  replies(list, rops_list(list, node), batch, handles, session)
  node.children[#node.children + 1] = table_node
  if fault then
    error(fault)
  end
end

return rops
