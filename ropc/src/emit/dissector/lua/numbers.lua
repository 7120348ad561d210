-- Numbers of up to 64 bits. Those of eight bytes are { low, high, signed }, because a number of Lua is exact up to
-- 53 bits only; arithmetic is done in such numbers, which lengths and counts never exceed.

local numbers = {}

local TWO_32 = 2 ^ 32
local bitwise = bit32 or bit
local MOST = 2 ^ 64 - 2 ^ 11

function numbers.is_wide(value)
  return type(value) == "table" and value.low ~= nil
end

-- The two halves of a number, a negative one as two's complement.
function numbers.halves(value)
  if numbers.is_wide(value) then
    return value.low, value.high
  end
  if type(value) ~= "number" then
    return value == true and 1 or 0, 0
  end
  return value % TWO_32, math.floor(value / TWO_32) % TWO_32
end

-- As a length or for arithmetic.
function numbers.plain(value)
  if type(value) == "number" and value >= 0 then
    -- A float also where Lua has integers, which would overflow.
    return value + 0.0
  end
  local low, high = numbers.halves(value)
  return high * TWO_32 + low
end

local function join(low, high)
  low, high = low % TWO_32, high % TWO_32
  if high < 0x200000 then
    return high * TWO_32 + low
  end
  return { low = low, high = high }
end

local function each_half(operation)
  return function(a, b)
    local a_low, a_high = numbers.halves(a)
    local b_low, b_high = numbers.halves(b)
    return join(operation(a_low, b_low), operation(a_high, b_high))
  end
end

numbers.band = each_half(bitwise.band)
numbers.bor = each_half(bitwise.bor)
numbers.bxor = each_half(bitwise.bxor)

function numbers.equal(a, b)
  local a_low, a_high = numbers.halves(a)
  local b_low, b_high = numbers.halves(b)
  return a_low == b_low and a_high == b_high
end

local function is_negative(value)
  if numbers.is_wide(value) then
    return value.signed == true and value.high >= 0x80000000
  end
  return value < 0
end

-- -1, 0 or 1, with regard to signs.
function numbers.compare(a, b)
  local a_negative, b_negative = is_negative(a), is_negative(b)
  if a_negative ~= b_negative then
    return a_negative and -1 or 1
  end
  local a_low, a_high = numbers.halves(a)
  local b_low, b_high = numbers.halves(b)
  if a_high ~= b_high then
    return a_high < b_high and -1 or 1
  end
  return a_low == b_low and 0 or (a_low < b_low and -1 or 1)
end

-- What overflows stays at the end of the range.
function numbers.clamp(value)
  if value < 0 then
    return 0
  end
  return value > MOST and MOST or value
end

-- `width` bits from bit `at` on.
function numbers.part(value, at, width)
  local low, high = numbers.halves(value)
  if at >= 32 then
    low, high = math.floor(high / 2 ^ (at - 32)), 0
  elseif at > 0 then
    low, high = math.floor(low / 2 ^ at) + high % 2 ^ at * 2 ^ (32 - at), math.floor(high / 2 ^ at)
  end
  if width <= 32 then
    return low % 2 ^ width
  end
  return join(low, high % 2 ^ (width - 32))
end

-- The same with its bytes in the other order.
function numbers.swapped(value, width)
  local result = 0
  for at = 0, width - 8, 8 do
    result = result * 0x100 + numbers.part(value, at, 8)
  end
  return result
end

-- Hexadecimal digits, at least so many.
function numbers.hex(value, digits)
  local low, high = numbers.halves(value)
  local text = high > 0 and string.format("%X%08X", high, low) or string.format("%X", low)
  return string.rep("0", (digits or 1) - #text) .. text
end

function numbers.decimal(value)
  if not numbers.is_wide(value) then
    return string.format("%.0f", value)
  end
  if is_negative(value) then
    return tostring(Int64.new(value.low, value.high))
  end
  return tostring(UInt64.new(value.low, value.high))
end

-- A number as people read it.
function numbers.shown(value)
  local decimal = numbers.decimal(value)
  if is_negative(value) or #decimal == 1 then
    return decimal
  end
  return string.format("%s (0x%s)", decimal, numbers.hex(value))
end

-- A fraction with as few digits as say which one it is.
function numbers.fraction(value)
  if value ~= value then
    return "NaN"
  elseif value == math.huge or value == -math.huge then
    return value < 0 and "-inf" or "inf"
  elseif value == 0 then
    return 1 / value < 0 and "-0.0" or "0.0"
  end
  local text
  for digits = 0, 16 do
    text = string.format("%." .. digits .. "e", value)
    if tonumber(text) == value then
      break
    end
  end
  local sign, first, rest, exponent = text:match("^(%-?)(%d)%.?(%d*)e([-+]%d+)$")
  exponent = tonumber(exponent)
  if exponent < -4 or exponent >= 16 then
    return string.format("%s%s%se%d", sign, first, rest == "" and "" or "." .. rest, exponent)
  end
  local digits = first .. rest
  if exponent < 0 then
    return sign .. "0." .. string.rep("0", -exponent - 1) .. digits
  end
  digits = digits .. string.rep("0", exponent + 1 - #digits)
  local after = digits:sub(exponent + 2)
  return sign .. digits:sub(1, exponent + 1) .. "." .. (after == "" and "0" or after)
end

-- IEEE 754 from the bytes of an integer.
function numbers.float(value, size)
  local low, high = numbers.halves(value)
  local sign, exponent, mantissa, bias, bits
  if size == 4 then
    sign, exponent, mantissa = math.floor(low / 2 ^ 31), math.floor(low / 2 ^ 23) % 256, low % 2 ^ 23
    bias, bits = 127, 23
  else
    sign, exponent = math.floor(high / 2 ^ 31), math.floor(high / 2 ^ 20) % 2048
    mantissa, bias, bits = high % 2 ^ 20 * TWO_32 + low, 1023, 52
  end
  local result
  if exponent == 2 * bias + 1 then
    result = mantissa == 0 and math.huge or 0 / 0
  elseif exponent == 0 then
    result = mantissa * 2 ^ (1 - bias - bits)
  else
    result = (1 + mantissa * 2 ^ -bits) * 2 ^ (exponent - bias)
  end
  return sign == 1 and -result or result
end

local DAY = 86400

-- Seconds since 1601 and units of 100 nanoseconds beyond them.
function numbers.seconds(ticks)
  local low, high = numbers.halves(ticks)
  -- Divided digit by digit, so that every step is exact.
  local seconds, units = 0, 0
  for _, digit in ipairs { math.floor(high / 0x10000), high % 0x10000, math.floor(low / 0x10000), low % 0x10000 } do
    units = units * 0x10000 + digit
    seconds = seconds * 0x10000 + math.floor(units / 10000000)
    units = units % 10000000
  end
  return seconds, units
end

-- A time in units of 100 nanoseconds since 1601 as date and time of day, UTC.
function numbers.date(ticks)
  local seconds, fraction = numbers.seconds(ticks)
  local of_day = seconds % DAY
  -- Years begin in March here, so that the leap day is the last one; days since the first of March of the year 0.
  local days = math.floor(seconds / DAY) + 584694
  local of_era = days % 146097
  local year = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local march_month = math.floor((5 * of_year + 2) / 153)
  local day = of_year - math.floor((153 * march_month + 2) / 5) + 1
  local month = march_month < 10 and march_month + 3 or march_month - 9
  year = year + math.floor(days / 146097) * 400 + (month <= 2 and 1 or 0)
  local text = string.format("%04d-%02d-%02d %02d:%02d:%02d", year, month, day, math.floor(of_day / 3600),
    math.floor(of_day / 60) % 60, of_day % 60)
  return text .. (fraction == 0 and "" or string.format(".%07d", fraction)) .. " UTC"
end

return numbers
