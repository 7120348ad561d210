-- Bytes that were compressed or obfuscated on their way, changed back.

local transforms = {}

-- The other byte of each, by mask.
local maps = {}

local function xored(text, mask)
  local map = maps[mask]
  if not map then
    map = {}
    for byte = 0, 255 do
      map[string.char(byte)] = string.char(numbers.plain(numbers.bxor(byte, mask)))
    end
    maps[mask] = map
  end
  return (text:gsub(".", map))
end

-- Undoes one step on bytes that stand at this offset; `size` is what they have at the end.
function transforms.undo(text, step, at, size)
  if step.lz77 then
    return lz77.decompress(bytes.cursor(text, at), size or #text)
  end
  return xored(text, step.mask)
end

return transforms
