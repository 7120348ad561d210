-- Stub data of RPC (C706 14, MS-RPCE 2.2.5): the parameters of an operation one after the other, and the MAPI structures
-- that some of them carry.

local rpc = {}

local offset = bytes.offset

-- A form is { big, wide }: most significant byte first; NDR64, whose counts and ids have eight bytes.

local function align(c, to)
  bytes.skip(c, (-offset(c)) % to)
end

local function unsigned(c, size, form)
  align(c, size)
  local text = bytes.take(c, size)
  return bytes.unsigned(bytes.cursor(form.big and text:reverse() or text), size)
end

local function count_of(c, form)
  return numbers.plain(unsigned(c, form.wide and 8 or 4, form))
end

local function leaf(parent, name, c, size, meaning, field, form)
  local node = structures.leaf(parent, name, offset(c) - size, size, meaning, field)
  node.add = field and (form.big and "be" or "le") or nil
  return node
end

local function counted(node, name, c, start, count, form)
  local at = start + (-start) % (form.wide and 8 or 4)
  structures.leaf(node, name, at, offset(c) - at, numbers.shown(count))
end

local readers = {}

function readers.number(c, step, node, form)
  local value = unsigned(c, step.size, form)
  leaf(node, step.name, c, step.size, numbers.shown(value), step.field, form)
end

function readers.flags(c, step, node, form)
  local value, names_of = unsigned(c, step.size, form), {}
  for _, item in ipairs(step.items) do
    if numbers.equal(numbers.band(value, item[1]), item[1]) then
      names_of[#names_of + 1] = item[2]
    end
  end
  local meaning = "0x" .. numbers.hex(value, step.size * 2) .. (#names_of > 0 and " " or "") .. table.concat(names_of, ", ")
  leaf(node, step.name, c, step.size, meaning, step.field, form)
end

function readers.code(c, step, node, form)
  local value = unsigned(c, 4, form)
  local meaning = description.error_code and names.shown(description.error_code, value) or numbers.shown(value)
  leaf(node, step.name, c, 4, meaning, step.field, form)
end

function readers.numbers(c, step, node, form)
  local list = structures.node(step.name, offset(c))
  node.children[#node.children + 1] = list
  for index = 0, step.count - 1 do
    local value = unsigned(c, step.size, form)
    leaf(list, string.format("[%d]", index), c, step.size, numbers.shown(value), step.field, form)
  end
  list.size = offset(c) - list.offset
end

function readers.handle(c, step, node, form)
  align(c, 4)
  bytes.skip(c, 4)
  local a, b, d = unsigned(c, 4, form), unsigned(c, 2, form), unsigned(c, 2, form)
  local rest = bytes.take(c, 8)
  local text = string.format("%08x-%04x-%04x", a, b, d)
  for at = 1, 8 do
    text = text .. ((at == 1 or at == 3) and "-" or "") .. string.format("%02x", rest:byte(at))
  end
  local none = a == 0 and b == 0 and d == 0 and rest == string.rep("\0", 8)
  leaf(node, step.name, c, 20, "{" .. text .. "}" .. (none and " no object" or ""), step.field, form)
end

-- A varying text of 8-bit characters behind its maximum count.
local function text(c, name, node, step, form)
  local start = offset(c)
  local most = count_of(c, form)
  local from = count_of(c, form)
  if from ~= 0 then
    error(bytes.fault(offset(c) - 4, 1, string.format("expected an array from its first element, got 0x%x", from)))
  end
  local count = count_of(c, form)
  if count > most then
    error(bytes.fault(offset(c), 1, string.format("%.0f is over the limit of %.0f", count, most)))
  end
  local characters = bytes.take(c, count)
  if characters:sub(-1) ~= "\0" then
    error(bytes.fault(offset(c), 1, "text without terminator"))
  end
  local shown = texts.string8(characters:sub(1, -2))
  local one = structures.leaf(node, name, start, offset(c) - start, texts.quoted(shown), step.field)
  one.add, one.value = "value", shown
end

function readers.text(c, step, node, form)
  text(c, step.name, node, step, form)
end

function readers.pointer(c, step, node, form)
  local size = form.wide and 8 or 4
  local id = unsigned(c, size, form)
  local meaning = "0x" .. numbers.hex(id, size * 2)
  if numbers.plain(id) == 0 then
    leaf(node, step.name, c, size, meaning .. " null", nil, form)
    return
  end
  local pointer = structures.node(step.name, offset(c) - size)
  node.children[#node.children + 1] = pointer
  leaf(pointer, "referent id", c, size, meaning, nil, form)
  text(c, "*" .. step.name, pointer, step, form)
  pointer.size = offset(c) - pointer.offset
end

function readers.bytes(c, step, node, form, sides)
  local list = structures.node(step.name, offset(c))
  node.children[#node.children + 1] = list
  local start = offset(c)
  local count = count_of(c, form)
  counted(list, "maximum count", c, start, count, form)
  if step.varying then
    start = offset(c)
    local from, actual = count_of(c, form), count_of(c, form)
    if from ~= 0 or actual > count then
      error(bytes.fault(offset(c), 1, string.format("%.0f is over the limit of %.0f", actual, count)))
    end
    count = actual
    counted(list, "offset and actual count", c, start, count, form)
  end
  local at = offset(c)
  bytes.skip(c, count)
  local content = structures.leaf(list, "bytes", at, count, string.format("%d bytes", count), step.field)
  list.size = offset(c) - list.offset
  local side = sides[step.carries]
  if side and count > 0 then
    -- What is inside is read when the call is.
    list.carried = { node = content, side = side, name = step.name }
  end
end

-- Reads the parameters of a side of a call; answers the tree and the fault.
function rpc.read(title, text_of_stub, steps, form, sides)
  local root = mapi_http.root(title, text_of_stub)
  local fault = bytes.try(function()
    local c = bytes.cursor(text_of_stub)
    for _, step in ipairs(steps) do
      bytes.inside(step.name)
      readers[step.kind](c, step, root, form, sides)
      bytes.outside()
    end
    -- Senders may round up.
    if bytes.remaining(c) >= 8 then
      bytes.used_up(c)
    end
    for _, list in ipairs(root.children) do
      local carried = list.carried
      if carried then
        local inner = bytes.cursor(text_of_stub:sub(1, carried.node.offset + carried.node.size))
        inner.at = carried.node.offset + 1
        carried.node.name = carried.name
        local wrong = bytes.try(function()
          mapi_http.chain(inner, carried.node, carried.side)
        end)
        carried.node.name = "bytes"
        if wrong then
          error(wrong)
        end
      end
    end
  end)
  structures.settle(root)
  return root, fault
end

return rpc
