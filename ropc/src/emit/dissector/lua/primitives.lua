-- Values without parts: numbers, GUIDs, times, texts, sets of counters. Each reader takes a cursor and the node that it
-- fills, and answers the value as expressions see it.

local offset = bytes.offset

local primitives = {}

local function integer(size, signed)
  return function(c, node)
    local value = bytes.unsigned(c, size)
    if signed then
      if size == 8 then
        value.signed = true
      elseif value >= 2 ^ (size * 8 - 1) then
        value = value - 2 ^ (size * 8)
      end
    end
    node.meaning, node.add, node.found = numbers.shown(value), "le", value
    return value
  end
end

for _, size in ipairs { 1, 2, 4, 8 } do
  primitives["u" .. size * 8] = integer(size, false)
  primitives["i" .. size * 8] = integer(size, true)
end

for _, size in ipairs { 1, 2 } do
  primitives["bool" .. size * 8] = function(c, node)
    local value = bytes.unsigned(c, size) ~= 0
    node.meaning, node.add = tostring(value), "le"
    return value
  end
end

for _, size in ipairs { 4, 8 } do
  primitives["f" .. size * 8] = function(c, node)
    node.meaning, node.add = numbers.fraction(numbers.float(bytes.unsigned(c, size), size)), "le"
    return expressions.PLAIN
  end
end

function primitives.u48be(c, node)
  local value = 0
  for _, byte in ipairs { bytes.array(c, 6):byte(1, 6) } do
    value = value * 0x100 + byte
  end
  node.meaning, node.add = numbers.shown(value), "be"
  return value
end

function primitives.guid(c, node)
  local raw = bytes.array(c, 16)
  local name = description.guids[raw]
  node.meaning, node.add, node.found = texts.guid(raw) .. (name and " " .. name or ""), "le", raw
  return raw
end

function primitives.time(c, node)
  local ticks = bytes.unsigned(c, 8)
  local seconds, units = numbers.seconds(ticks)
  node.meaning, node.add = numbers.date(ticks), "value"
  -- From 1601 to 1970.
  node.value = NSTime.new(seconds - 11644473600, units * 100)
  return ticks
end

function primitives.text(node, value)
  node.meaning, node.add, node.value = texts.quoted(value), "value", value
  return expressions.PLAIN
end

-- The bytes before an end of so many bytes at this place, which are read, too.
local function ended(c, at, size)
  if not at or at + size - 1 > c.stop then
    if c.beyond then
      return ""
    end
    error(bytes.fault(offset(c), 1, "text without terminator"))
  end
  local raw = bytes.take(c, at - c.at)
  bytes.skip(c, size)
  return raw
end

function primitives.utf16(c, node)
  local at = c.at
  repeat
    at = c.text:find("\0\0", at, true)
    -- A unit begins at every second byte.
    local between = at and (at - c.at) % 2 == 1
    at = between and at + 1 or at
  until not between
  return primitives.text(node, texts.utf16(ended(c, at, 2)))
end

function primitives.string8(c, node)
  local zero = c.text:find("\0", c.at, true)
  return primitives.text(node, texts.string8(ended(c, zero, 1)))
end

-- 8-bit, up to carriage return and line feed.
function primitives.line(c, node)
  return primitives.text(node, texts.string8(ended(c, c.text:find("\r\n", c.at, true), 2)))
end

function primitives.plain_bytes(node, size, raw)
  node.meaning, node.add = string.format("%d bytes", size), "le"
  return raw
end

-- Bytes of a counter, and the commands of its sets (MS-OXCFXICS 2.2.2.6). Numbers from 1 to 6 push as many bytes.
local COUNTER, END, BITMASK, POP, RANGE = 6, 0x00, 0x42, 0x50, 0x52
-- Ranges that a line shows.
local SHOWN_RANGES = 16

local function invalid(c, found, expected, size)
  error(bytes.fault(offset(c) - size, 1, string.format("expected %s, got 0x%s", expected, numbers.hex(found):lower())))
end

-- Most significant byte first.
local function counter(parts, last)
  local value = 0
  for _, byte in ipairs { (table.concat(parts) .. last):byte(1, COUNTER) } do
    value = value * 0x100 + byte
  end
  return value
end

-- Ranges in ascending order with gaps between them.
local function merged(ranges)
  table.sort(ranges, function(a, b)
    return a[1] < b[1]
  end)
  local result = {}
  for _, range in ipairs(ranges) do
    local last = result[#result]
    if last and range[1] <= last[2] + 1 then
      last[2] = math.max(last[2], range[2])
    else
      result[#result + 1] = { range[1], range[2] }
    end
  end
  return result
end

-- Reads commands up to and including End.
local function ranges_of(c)
  local stack, depth, found = {}, 0, {}
  local function pop()
    local part = table.remove(stack)
    depth = depth - #(part or "")
    return part
  end
  while true do
    local number = bytes.unsigned(c, 1)
    if number == END then
      if depth > 0 then
        invalid(c, number, "End behind as many Pops as Pushes", 1)
      end
      return merged(found)
    elseif number <= COUNTER then
      if depth + number > COUNTER then
        invalid(c, number, "a Push of bytes that a counter has room for", 1)
      end
      stack[#stack + 1] = bytes.take(c, number)
      depth = depth + number
      if depth == COUNTER then
        -- A counter alone: what was pushed goes without a Pop.
        local alone = counter(stack, "")
        found[#found + 1] = { alone, alone }
        pop()
      end
    elseif number == POP then
      if not pop() then
        invalid(c, number, "a Pop behind a Push", 1)
      end
    elseif number == BITMASK then
      if depth ~= COUNTER - 1 then
        invalid(c, number, "a Bitmask behind five bytes on the stack", 1)
      end
      local start, mask = bytes.array(c, 2):byte(1, 2)
      local first = counter(stack, string.char(start))
      if mask >= 2 ^ (255 - start) then
        invalid(c, mask, "bits for numbers of one byte", 1)
      end
      found[#found + 1] = { first, first }
      for bit = 0, 7 do
        if math.floor(mask / 2 ^ bit) % 2 == 1 then
          found[#found + 1] = { first + bit + 1, first + bit + 1 }
        end
      end
    elseif number == RANGE then
      local size = COUNTER - depth
      local first, last = counter(stack, bytes.take(c, size)), nil
      last = counter(stack, bytes.take(c, size))
      if first > last then
        invalid(c, last, "a range that does not end before it begins", size)
      end
      found[#found + 1] = { first, last }
    else
      invalid(c, number, "a command of a GLOBSET", 1)
    end
  end
end

function primitives.globset(c, node)
  local shown = {}
  for place, range in ipairs(ranges_of(c)) do
    if place > SHOWN_RANGES then
      shown[place] = ".."
      break
    end
    local first, last = numbers.hex(range[1]):lower(), numbers.hex(range[2]):lower()
    shown[place] = first == last and "0x" .. first or string.format("0x%s..=0x%s", first, last)
  end
  return primitives.text(node, table.concat(shown, ", "))
end

return primitives
