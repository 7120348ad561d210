-- Texts of the wire as UTF-8, and how values are written for people.

local texts = {}

local REPLACEMENT = "\239\191\189"
-- What the bytes 0x80 to 0x9F are in code page 1252; the others are their own number.
local WESTERN = {
  [0x80] = 0x20AC, [0x82] = 0x201A, [0x83] = 0x0192, [0x84] = 0x201E, [0x85] = 0x2026, [0x86] = 0x2020,
  [0x87] = 0x2021, [0x88] = 0x02C6, [0x89] = 0x2030, [0x8A] = 0x0160, [0x8B] = 0x2039, [0x8C] = 0x0152,
  [0x8E] = 0x017D, [0x91] = 0x2018, [0x92] = 0x2019, [0x93] = 0x201C, [0x94] = 0x201D, [0x95] = 0x2022,
  [0x96] = 0x2013, [0x97] = 0x2014, [0x98] = 0x02DC, [0x99] = 0x2122, [0x9A] = 0x0161, [0x9B] = 0x203A,
  [0x9C] = 0x0153, [0x9E] = 0x017E, [0x9F] = 0x0178,
}

local function utf8(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return string.char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 0x1000) % 0x40,
    0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

-- UTF-16, least significant byte first; what is no character becomes U+FFFD.
function texts.utf16(raw)
  local parts = {}
  local at = 1
  while at < #raw do
    local low, high = raw:byte(at, at + 1)
    local unit = low + high * 0x100
    at = at + 2
    if unit >= 0xD800 and unit < 0xDC00 and at < #raw then
      local next_low, next_high = raw:byte(at, at + 1)
      local second = next_low + next_high * 0x100
      if second >= 0xDC00 and second < 0xE000 then
        unit = 0x10000 + (unit - 0xD800) * 0x400 + second - 0xDC00
        at = at + 2
      end
    end
    parts[#parts + 1] = unit >= 0xD800 and unit < 0xE000 and REPLACEMENT or utf8(unit)
  end
  return table.concat(parts)
end

-- 8-bit characters in code page 1252.
function texts.string8(raw)
  return (raw:gsub("[\128-\255]", function(byte)
    local code = byte:byte()
    return utf8(WESTERN[code] or code)
  end))
end

-- Text that should be ASCII.
function texts.ascii(raw)
  return (raw:gsub("[\128-\255]", REPLACEMENT))
end

-- Characters and bytes of a longer text that are shown: Wireshark cuts labels itself, in the middle of characters.
local SHOWN = 120
local SHOWN_BYTES = 180

-- How many bytes of a text are shown, and how many characters it has.
local function shown_part(text)
  local count, stop = 0, nil
  local at = 1
  while at <= #text do
    if count == SHOWN or at > SHOWN_BYTES then
      stop = stop or at - 1
    end
    local first = text:byte(at)
    at = at + (first < 0x80 and 1 or first < 0xE0 and 2 or first < 0xF0 and 3 or 4)
    count = count + 1
  end
  return stop, count
end

local ESCAPED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\0"] = "\\0" }

local function escaped(text)
  local result = text:gsub('[%c"\\]', function(character)
    return ESCAPED[character] or string.format("\\u{%x}", character:byte())
  end)
  return '"' .. result .. '"'
end

function texts.quoted(text)
  local stop, count = shown_part(text)
  if not stop then
    return escaped(text)
  end
  return string.format("%s… (%d characters)", escaped(text:sub(1, stop)), count)
end

function texts.guid(raw)
  local b = { raw:byte(1, 16) }
  return string.format("{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}", b[4], b[3], b[2], b[1],
    b[6], b[5], b[8], b[7], b[9], b[10], b[11], b[12], b[13], b[14], b[15], b[16])
end

return texts
