-- Bodies of MAPI over HTTP (MS-OXCMAPIHTTP 2.2): what stands before a reply, the body itself, and the extended
-- buffers in it with their ROP buffers (MS-OXCRPC 2.2.2.1).

local mapi_http = {}

local offset = bytes.offset
local MOST_DECOMPRESSED = 4 * 1024 * 1024
local META_TAGS = { "PROCESSING", "PENDING", "DONE" }
local COMPRESSED, XOR_MAGIC, LAST = 1, 2, 4
local FLAGS = { { COMPRESSED, "Compressed" }, { XOR_MAGIC, "XorMagic" }, { LAST, "Last" } }

local requests_by_key = {}
for _, request in ipairs(description.requests) do
  requests_by_key[request.key:lower()] = request
end

-- The request type with this name, or nil.
function mapi_http.request(key)
  return key and requests_by_key[key:lower()]
end

local function set(flags, flag)
  return math.floor(flags / flag) % 2 == 1
end

-- A header; the nodes of its fields come when all of it is right.
local function header(c, node)
  local start = offset(c)
  local function field(name, check)
    bytes.inside(name)
    local value = bytes.unsigned(c, 2)
    local wrong = check and check(value)
    if wrong then
      error(bytes.fault(offset(c) - 2, 2, wrong))
    end
    bytes.outside()
    return value
  end
  local version = field("Version", function(value)
    return value ~= 0 and "expected 0x0"
  end)
  local flags = field("Flags", function(value)
    return value > 7 and string.format("expected reserved bits clear, got 0x%x", value)
  end)
  local size, actual = field("Size"), field("SizeActual")
  if set(flags, COMPRESSED) and size >= actual then
    error(bytes.fault(start + 2, 1, "not what the description requires"))
  end
  local found = {}
  for _, flag in ipairs(FLAGS) do
    found[#found + 1] = set(flags, flag[1]) and flag[2] or nil
  end
  local meaning = "0x" .. numbers.hex(flags, 4) .. (#found > 0 and " " .. table.concat(found, ", ") or "")
  structures.leaf(node, "Version", start, 2, numbers.shown(version), description.header.Version)
  structures.leaf(node, "Flags", start + 2, 2, meaning, description.header.Flags)
  structures.leaf(node, "Size", start + 4, 2, numbers.shown(size), description.header.Size)
  structures.leaf(node, "SizeActual", start + 6, 2, numbers.shown(actual), description.header.SizeActual)
  return flags, size, actual
end

local function xored(text)
  local parts = {}
  for at = 1, #text do
    parts[at] = string.char(numbers.bxor(text:byte(at), 0xA5))
  end
  return table.concat(parts)
end

-- A node with a buffer of its own: reads it with a function, all bytes used; answers the fault.
local function buffer(node, text, read)
  return bytes.try(function()
    local c = bytes.cursor(text)
    read(c, node)
    bytes.used_up(c)
  end)
end

-- One header and its payload; true where no other follows.
local function payload(c, node, total, side)
  local flags, size, actual = header(c, node)
  local at = offset(c)
  bytes.inside("Payload")
  local taken = bytes.take(c, size)
  local room = MOST_DECOMPRESSED - total.bytes
  if actual > room then
    error(bytes.fault(at, 1, string.format("%d is over the limit of %d", actual, room)))
  end
  bytes.outside()
  total.bytes = total.bytes + actual
  if size ~= actual and not set(flags, COMPRESSED) then
    node.children = {}
    bytes.inside("SizeActual")
    error(bytes.fault(at, 1, string.format("expected as many bytes as there are, got 0x%x", actual)))
  end
  local text = set(flags, XOR_MAGIC) and xored(taken) or taken
  if set(flags, COMPRESSED) then
    -- What is left where it does not decompress.
    structures.leaf(node, "Payload", at, size, string.format("%d bytes", size))
    bytes.inside("Payload")
    text = lz77.decompress(bytes.cursor(text, at), actual)
    bytes.outside()
    node.children[#node.children] = nil
  end
  local inside = structures.node(side.name, at)
  inside.size, inside.payload, inside.changed = size, text, text ~= taken
  node.children[#node.children + 1] = inside
  local fault = buffer(inside, text, side.read)
  structures.settle(inside)
  if fault then
    error(fault)
  end
  return set(flags, LAST)
end

-- Payloads behind their headers, up to the one with the flag Last.
local function chain(c, field, side)
  local total = { bytes = 0 }
  field.meaning, field.add, field.field = nil, nil, nil
  local count = 0
  repeat
    local node = structures.node(string.format("[%d]", count), offset(c))
    node.cursor = c
    field.children[count + 1] = node
    local last
    local fault = bytes.try(function()
      last = payload(c, node, total, side)
    end)
    node.size, node.cursor = offset(c) - node.offset, nil
    if fault then
      local path = string.format("%s[%d]", field.name, count)
      fault.path = fault.path == "" and path or path .. "." .. fault.path
      error(fault)
    end
    count = count + 1
  until last
  bytes.inside(field.name)
  bytes.used_up(c)
  bytes.outside()
end

local function body(c, def, root, sides)
  local before = #root.children
  structures.body(c, def, {}, root)
  for place = before + 1, #root.children do
    local field = root.children[place]
    local side = sides[field.name]
    if side and field.size > 0 then
      local content = bytes.cursor(c.text:sub(1, field.offset + field.size))
      content.at = field.offset + 1
      chain(content, field, side)
    end
  end
end

local AUXILIARY = {
  name = "AuxiliaryData",
  read = function(c, node)
    local def = description.types[description.structures.AuxiliaryBuffer]
    if not def then
      error(bytes.missing(offset(c), "AuxiliaryBuffer"))
    end
    structures.body(c, def, {}, node)
  end,
}

local function root_of(name, text)
  local root = structures.node(name, 0)
  root.size, root.payload = #text, text
  bytes.begin()
  return root
end

-- Reads the body of a request; answers its tree, its fault, and the batch of its ROP buffer.
function mapi_http.read_request(request, text, session)
  local root = root_of(request.key .. " request", text)
  local batch = { sent = {}, next = 1, handles = {}, outputs = 0, unknown = false, slots = {} }
  local fault = buffer(root, text, function(c)
    local side = {
      name = "RopInputBuffer",
      read = function(inner, node)
        batch = rops.input(inner, node, session)
      end,
    }
    body(c, request.request, root, { RopBuffer = side, AuxiliaryBuffer = AUXILIARY })
  end)
  structures.settle(root)
  return root, fault, batch
end

-- A line as a header, or as a meta-tag where it is none.
local function header_of(line)
  local name, value = line:match("^([%w-]*):(.*)$")
  if name then
    return name, value:match("^%s*(.-)%s*$")
  end
  return "MetaTag", line
end

-- What stands before the body, by its description; answers the value of X-ResponseCode.
local function head(c, root)
  local def = description.types[description.structures.CommonResponse]
  if not def then
    error(bytes.missing(offset(c), "CommonResponse"))
  end
  local response, code = structures.node("CommonResponse", offset(c)), nil
  local fault = bytes.try(function()
    structures.body(bytes.copy(c), def, {}, response)
  end)
  structures.settle(response)
  for _, field in ipairs(response.children) do
    for _, line in ipairs(field.name == "ResponseBody" and {} or field.children) do
      local name, value = header_of(line.value)
      if name:lower() == "x-responsecode" then
        code = value
      end
      bytes.skip(c, line.size)
      if line.value == "" and field.name == "AdditionalHeaders" then
        structures.leaf(root, "EndOfHeaders", line.offset, line.size, string.format("%d bytes", line.size))
      else
        line.name, line.meaning = name, texts.quoted(value)
        root.children[#root.children + 1] = line
      end
    end
  end
  if fault then
    error(fault)
  end
  return code
end

local function begins_with_tag(text)
  for _, tag in ipairs(META_TAGS) do
    if text:sub(1, #tag) == tag then
      return true
    end
  end
  return false
end

-- The structure of a response: that of success when its status is 0.
local function response_body(request, c)
  if request.failure and request.status and bytes.remaining(c) >= 4 then
    local status = bytes.unsigned({ text = c.text, at = c.at, stop = c.stop, base = 0 }, 4)
    return status ~= 0 and request.failure or request.success
  end
  return request.success
end

-- Reads a whole response, meta-tags and headers where they are there; answers its tree and its fault.
function mapi_http.read_response(request, text, batch, session)
  local root = root_of(request.key .. " response", text)
  local fault = buffer(root, text, function(c)
    local code = begins_with_tag(text) and head(c, root) or nil
    if code and code ~= "0" then
      -- Without success there is no body of the request type (MS-OXCMAPIHTTP 3.2.5).
      local at, left = offset(c), bytes.remaining(c)
      bytes.take_rest(c)
      structures.leaf(root, "Body", at, left, string.format("%d bytes", left))
      return
    end
    local side = {
      name = "RopOutputBuffer",
      read = function(inner, node)
        rops.output(inner, node, batch, session)
      end,
    }
    body(c, response_body(request, c), root, { RopBuffer = side, AuxiliaryBuffer = AUXILIARY })
  end)
  structures.settle(root)
  return root, fault
end

-- A body of a request type that nothing describes.
function mapi_http.read_unknown(name, text)
  local root = root_of(name, text)
  local why = string.format("%d bytes not decoded: a request type that is not described", #text)
  structures.leaf(root, "Body", 0, #text, why).opaque = true
  return root, nil
end

return mapi_http
