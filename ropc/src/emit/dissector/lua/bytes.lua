-- Positions in bytes, and what is wrong with bytes.
--
-- A fault is a table that is thrown with error(): { path, offset, size, message, missing }. It stays inside this
-- file: whatever bytes come, the outermost reader catches it and shows it.

local bytes = {}

-- The way to the field that is being read: names and element numbers.
local way = {}
-- Values that may still be made of the message that is being read.
local budget = 0
local MOST_VALUES = 131072
-- What all bytes of a buffer that were compressed or obfuscated may have together, when they are not.
local PLAIN_ROOM = 4 * 1024 * 1024

function bytes.begin()
  way = {}
  budget = MOST_VALUES
end

function bytes.inside(segment)
  way[#way + 1] = segment
end

function bytes.outside()
  way[#way] = nil
end

local function path()
  local text = ""
  for _, segment in ipairs(way) do
    if type(segment) == "number" then
      text = text .. string.format("[%d]", segment)
    elseif segment ~= "" then
      text = text == "" and segment or text .. "." .. segment
    end
  end
  return text
end

function bytes.fault(offset, size, message)
  return { path = path(), offset = offset, size = size, message = message }
end

-- Bytes that nobody can read from here on, though nothing is wrong with them.
function bytes.unread(offset, why)
  local fault = bytes.fault(offset, 1, why)
  fault.missing = true
  return fault
end

-- Something that the bytes at this place depend on is not known.
function bytes.missing(offset, what)
  return bytes.unread(offset, what .. " not known")
end

-- Runs a function; answers the fault that it ended with, or nil. Mistakes of this file go on as they are.
function bytes.try(run)
  local depth = #way
  local fine, fault = pcall(run)
  if fine then
    return nil
  end
  for index = #way, depth + 1, -1 do
    way[index] = nil
  end
  if type(fault) == "table" and fault.message then
    return fault
  end
  error(fault, 0)
end

-- A cursor over a string; offsets in faults count from `base`, which is 0 where nothing is said. Offsets that
-- stand in the bytes count from `origin`.
function bytes.cursor(text, base)
  local room = { left = PLAIN_ROOM }
  return { text = text, at = 1, stop = #text, base = base or 0, origin = base or 0, depth = 0, room = room }
end

-- A cursor over other bytes in place of those of this one: depth and room go on.
function bytes.over(c, text, base)
  local inner = bytes.cursor(text, base)
  inner.depth, inner.room = c.depth, c.room
  return inner
end

-- Takes note of bytes that are changed back.
function bytes.take_room(c, size)
  if size > c.room.left then
    error(bytes.fault(bytes.offset(c), 1, string.format("%.0f is over the limit of %d", size, c.room.left)))
  end
  c.room.left = c.room.left - size
end

-- The same position, or bytes within it.
local function like(c, at, stop)
  return {
    text = c.text, at = at, stop = stop, base = c.base, origin = c.origin, depth = c.depth, beyond = c.beyond, room = c.room,
  }
end

function bytes.copy(c)
  return like(c, c.at, c.stop)
end

-- Begins a member of a tail. Where no bytes are left, it and what follows up to end_tail read as zeros: numbers are 0,
-- texts empty, a list has as many such elements as its count says. `beyond` says so.
function bytes.tail_member(c)
  c.beyond = bytes.remaining(c) == 0 and "zeros" or nil
end

function bytes.end_tail(c)
  c.beyond = nil
end

-- A list in a tail that was cut off has no more elements than there were bytes before, and in none of them a list that
-- has elements.
function bytes.list_beyond(c, count)
  if c.beyond ~= "zeros" or count > c.base + c.stop then
    return false
  end
  c.beyond = "zeros in a list"
  return true
end

function bytes.offset(c)
  return c.base + c.at - 1
end

function bytes.remaining(c)
  return c.stop - c.at + 1
end

function bytes.count_value(c)
  if budget <= 0 then
    error(bytes.fault(bytes.offset(c), 1, "more values than are shown of one message"))
  end
  budget = budget - 1
end

function bytes.truncated(c, needed)
  local available = bytes.remaining(c)
  return bytes.fault(bytes.offset(c), available, string.format("expected %.0f bytes, got %d", needed, available))
end

-- Moves over so many bytes; answers where they begin in the string.
function bytes.skip(c, count)
  if count > bytes.remaining(c) then
    error(bytes.truncated(c, count))
  end
  local start = c.at
  c.at = start + count
  return start
end

function bytes.take(c, count)
  local start = bytes.skip(c, count)
  return c.text:sub(start, c.at - 1)
end

function bytes.take_rest(c)
  return bytes.take(c, bytes.remaining(c))
end

-- The same of a value of this size, zeros in a tail that was cut off.
function bytes.array(c, count)
  if c.beyond and bytes.remaining(c) < count then
    return string.rep("\0", count)
  end
  return bytes.take(c, count)
end

-- A cursor over the next bytes, which have to be used up.
function bytes.sub(c, size)
  -- What is not there has no size either.
  local start = bytes.skip(c, c.beyond and 0 or size)
  return like(c, start, c.at - 1)
end

-- All that is left, to be read at offsets: see referents in structures.lua.
function bytes.region(c)
  local size = bytes.remaining(c)
  local region = bytes.sub(c, size)
  region.left = size
  return region
end

-- A cursor at an offset that stands in the bytes; nil for 0.
function bytes.start(region, at)
  if at == 0 then
    return nil
  end
  local start = region.origin + at - region.base + 1
  if start < region.at or start > region.stop + 1 then
    local message = string.format("expected an offset behind the fixed part, within the extent, got 0x%x", at)
    error(bytes.fault(bytes.offset(region), 1, message))
  end
  return like(region, start, region.stop)
end

-- Takes note of what was read at an offset: all together is no more than there is.
function bytes.count_referent(region, start, c)
  local taken = c.at - start
  if taken > region.left then
    error(bytes.fault(region.base + start - 1, 1, string.format("%d is over the limit of %d", taken, region.left)))
  end
  region.left = region.left - taken
end

function bytes.used_up(c)
  local left = bytes.remaining(c)
  if left > 0 then
    error(bytes.fault(bytes.offset(c), left, string.format("%d bytes left over", left)))
  end
end

function bytes.enter(c, limit)
  if c.depth >= limit then
    error(bytes.fault(bytes.offset(c), 1, string.format("nested deeper than %d", limit)))
  end
  c.depth = c.depth + 1
end

function bytes.leave(c)
  c.depth = c.depth - 1
end

-- An integer of up to four bytes, or of eight as two halves.
function bytes.unsigned(c, size)
  if c.beyond and bytes.remaining(c) < size then
    return size == 8 and { low = 0, high = 0 } or 0
  end
  local start = bytes.skip(c, size)
  if size == 1 then
    return c.text:byte(start)
  elseif size == 2 then
    local a, b = c.text:byte(start, start + 1)
    return a + b * 0x100
  end
  local a, b, d, e = c.text:byte(start, start + 3)
  local low = a + b * 0x100 + d * 0x10000 + e * 0x1000000
  if size == 4 then
    return low
  end
  a, b, d, e = c.text:byte(start + 4, start + 7)
  return { low = low, high = a + b * 0x100 + d * 0x10000 + e * 0x1000000 }
end

return bytes
