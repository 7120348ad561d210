-- What numbers mean: constants, flags, sub-fields, and constants declared of a type (property tags).

local names = {}

local types = description.types

-- Constants of a type that has a sub-field with values of its own at the low end, without that sub-field: a
-- property is the same in another type.
for _, def in pairs(types) do
  if def.constants then
    def.by_value = {}
    for _, constant in ipairs(def.constants) do
      local value, name = constant[1], constant[2]
      def.by_value[value] = def.by_value[value] or name
    end
    for _, part in ipairs(def.parts or {}) do
      if part.at == 0 and part.type and not part.big then
        def.variable, def.siblings = part, {}
        local lowest = {}
        for value, name in pairs(def.by_value) do
          local key = value - value % 2 ^ part.width
          if not lowest[key] or value < lowest[key] then
            lowest[key], def.siblings[key] = value, name
          end
        end
        break
      end
    end
  end
end

-- The value of a mask or sub-field by its name, as expressions see it.
function names.part(def, name, value)
  for _, mask in ipairs(def.masks or {}) do
    if mask[1] == name then
      return numbers.equal(numbers.band(value, mask[2]), mask[2])
    end
  end
  for _, part in ipairs(def.parts or {}) do
    if part.name == name then
      local number = names.bits(part, value)
      if part.type then
        return numbers.part(number, 0, types[part.type].size * 8)
      elseif part.width == 1 then
        return number ~= 0
      end
      return number
    end
  end
  return nil
end

-- The bits of a sub-field as a number.
function names.bits(part, value)
  local number = numbers.part(value, part.at, part.width)
  return part.big and numbers.swapped(number, part.width) or number
end

local function part_text(part, value)
  local number = names.bits(part, value)
  if part.type then
    local meaning = table.concat(names.of(part.type, number), " ")
    return part.name .. "=" .. (meaning == "" and "0x" .. numbers.hex(number) or meaning)
  elseif part.width == 1 then
    return number ~= 0 and part.name or nil
  end
  return part.name .. "=0x" .. numbers.hex(number)
end

-- The names in a number of a named type.
function names.of(id, value)
  local def = types[id]
  local key = numbers.plain(value)
  local constant = def.by_value and def.by_value[key]
  if constant then
    return { constant }
  elseif def.values then
    return { def.values[key] }
  end
  local sibling = def.siblings and def.siblings[key - key % 2 ^ def.variable.width]
  if sibling then
    local other = names.of(def.variable.type, names.bits(def.variable, value))
    return { sibling, other[1] and "as " .. other[1] or nil }
  end
  local all = {}
  local flags_only = true
  for _, part in ipairs(def.parts) do
    all[#all + 1] = part_text(part, value)
    flags_only = flags_only and part.width == 1
  end
  local unknown_low, unknown_high = numbers.halves(value)
  unknown_low = unknown_low - numbers.plain(numbers.band(unknown_low, numbers.part(def.known, 0, 32)))
  unknown_high = unknown_high - numbers.plain(numbers.band(unknown_high, numbers.part(def.known, 32, 32)))
  for _, mask in ipairs(def.masks) do
    local set
    if mask[2] == 0 then
      set = key == 0
    else
      set = numbers.equal(numbers.band(value, mask[2]), mask[2])
    end
    all[#all + 1] = set and mask[1] or nil
  end
  if flags_only and (unknown_low > 0 or unknown_high > 0) then
    all[#all + 1] = "0x" .. numbers.hex { low = unknown_low, high = unknown_high }
  end
  return all
end

-- A number of a named type as people read it.
function names.shown(id, value)
  local text = table.concat(names.of(id, value), ", ")
  return "0x" .. numbers.hex(value, types[id].size * 2) .. (text == "" and "" or " " .. text)
end

return names
