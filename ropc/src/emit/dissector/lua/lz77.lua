-- Plain LZ77 with the DIRECT2 encoding (MS-XCA 2.3 and 2.4, MS-OXCRPC 3.1.4.1.1.2).

local lz77 = {}

-- Lengths that are left over for the next place where a length stands.
local IN_MATCH, IN_HALF_BYTE, IN_BYTE, SHORTEST = 7, 15, 255, 3

local function refused(at, reason)
  error(bytes.fault(at, 1, "compressed data: " .. reason))
end

-- Decompresses a whole stream that stands for exactly `size` bytes, which also is the most that is written.
function lz77.decompress(stream, size)
  local output, written = {}, 0
  local mask, left, half_byte = 0, 0, nil

  local function match_length(element)
    local short = element % 8
    if short < IN_MATCH then
      return short + SHORTEST
    end
    local half = half_byte
    if half then
      half_byte = nil
    else
      local shared = bytes.unsigned(stream, 1)
      half, half_byte = shared % 16, math.floor(shared / 16)
    end
    if half < IN_HALF_BYTE then
      return half + IN_MATCH + SHORTEST
    end
    local byte = bytes.unsigned(stream, 1)
    if byte < IN_BYTE then
      return byte + IN_HALF_BYTE + IN_MATCH + SHORTEST
    end
    -- The long forms hold the whole length less three, not what is left of it.
    local start = bytes.offset(stream)
    local long = bytes.unsigned(stream, 2)
    if long == 0 then
      long = bytes.unsigned(stream, 4)
    end
    if long < IN_HALF_BYTE + IN_MATCH then
      refused(start, "short length in a long form")
    end
    return long + SHORTEST
  end

  while true do
    local ended = bytes.remaining(stream) == 0
    if ended and written == size then
      break
    end
    if left == 0 then
      mask, left = bytes.unsigned(stream, 4), 32
      ended = bytes.remaining(stream) == 0
    end
    local is_match = mask >= 0x80000000
    mask, left = mask * 2 % 0x100000000, left - 1
    if is_match and ended then
      if written ~= size then
        refused(bytes.offset(stream), "less data than announced")
      end
      break
    end
    local start = bytes.offset(stream)
    if is_match then
      local element = bytes.unsigned(stream, 2)
      local distance = math.floor(element / 8) + 1
      local length = match_length(element)
      if distance > written then
        refused(start, "match before the start of the data")
      elseif length > size - written then
        refused(start, "more data than announced")
      end
      for _ = 1, length do
        written = written + 1
        output[written] = output[written - distance]
      end
    else
      if written == size then
        refused(start, "more data than announced")
      end
      written = written + 1
      output[written] = string.char(bytes.unsigned(stream, 1))
    end
  end
  return table.concat(output)
end

return lz77
