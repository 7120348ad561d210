-- Bodies of MAPI over HTTP (MS-OXCMAPIHTTP 2.2): what stands before a reply, the body itself, and the extended
-- buffers in it with their ROP buffers (MS-OXCRPC 2.2.2.1).

local mapi_http = {}

local offset = bytes.offset
local META_TAGS = { "PROCESSING", "PENDING", "DONE" }

local requests_by_key = {}
for _, request in ipairs(description.requests) do
  requests_by_key[request.key:lower()] = request
end

-- The request type with this name, or nil.
function mapi_http.request(key)
  return key and requests_by_key[key:lower()]
end

-- A node with a buffer of its own: reads it with a function, all bytes used; answers the fault.
local function buffer(node, text, read)
  return bytes.try(function()
    local c = bytes.cursor(text)
    read(c, node)
    bytes.used_up(c)
  end)
end

-- The structure with this name.
local function described(name, c)
  local def = description.types[description.structures[name]]
  if not def then
    error(bytes.missing(offset(c), name))
  end
  return def
end

-- A payload as a node with a buffer of its own; answers the fault.
local function payload(c, node, side)
  for place, field in ipairs(node.children) do
    if field.name == "Payload" then
      local text = field.payload or c.text:sub(field.offset + 1, field.offset + field.size)
      local inside = structures.node(side.name, field.offset)
      inside.size, inside.payload, inside.changed = field.size, text, field.changed
      node.children[place] = inside
      local fault = buffer(inside, text, side.read)
      structures.settle(inside)
      return fault
    end
  end
  return nil
end

-- Payloads behind their headers, up to the one with the flag Last, by their description; what is in them by what the
-- conversation has set.
local function chain(c, field, side)
  local whole = structures.node(side.chain, field.offset)
  local fault = bytes.try(function()
    bytes.inside(field.name)
    structures.body(c, described(side.chain, c), {}, whole)
    bytes.outside()
  end)
  structures.settle(whole)
  field.meaning, field.add, field.field = nil, nil, nil
  -- The list of payloads is all that there is.
  field.children = whole.children[1] and whole.children[1].children or {}
  for index = 1, #field.children - (fault and 1 or 0) do
    local inside = payload(c, field.children[index], side)
    if inside then
      local path = string.format("%s[%d]", field.name, index - 1)
      inside.path = inside.path == "" and path or path .. "." .. inside.path
      error(inside)
    end
  end
  if fault then
    fault.path = fault.path:gsub("%.Payloads%[", "[", 1)
    error(fault)
  end
  bytes.inside(field.name)
  bytes.used_up(c)
  bytes.outside()
end

mapi_http.chain = chain

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
  -- Of the same shape.
  chain = "RopInputBuffers",
  read = function(c, node)
    structures.body(c, described("AuxiliaryBuffer", c), {}, node)
  end,
}

mapi_http.AUXILIARY = AUXILIARY

local function root_of(name, text)
  local root = structures.node(name, 0)
  root.size, root.payload = #text, text
  bytes.begin()
  return root
end

mapi_http.root = root_of

-- Buffers of requests; what is known of their batch goes to a function.
function mapi_http.requests(session, found)
  return {
    name = "RopInputBuffer",
    chain = "RopInputBuffers",
    read = function(c, node)
      found(rops.input(c, node, session))
    end,
  }
end

-- Buffers of the replies to a batch.
function mapi_http.replies(session, batch)
  return {
    name = "RopOutputBuffer",
    chain = "RopOutputBuffers",
    read = function(c, node)
      rops.output(c, node, batch, session)
    end,
  }
end

-- Reads the body of a request; answers its tree, its fault, and the batch of its ROP buffer.
function mapi_http.read_request(request, text, session)
  local root = root_of(request.key .. " request", text)
  local batch = { sent = {}, next = 1, handles = {}, outputs = 0, unknown = false, slots = {} }
  local fault = buffer(root, text, function(c)
    local side = mapi_http.requests(session, function(read)
      batch = read
    end)
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
  local def = described("CommonResponse", c)
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
    local side = mapi_http.replies(session, batch)
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
