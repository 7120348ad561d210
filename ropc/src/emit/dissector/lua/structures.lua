-- Structures read into a tree of nodes: { name, note, offset, size, meaning, field, add, value, found, children }.
--
-- `field` is the number of the filter field and `add` says how its value comes about: "le" and "be" from the bytes
-- of the node, "value" from `value`, nothing for a field without value; `found` is a number or a GUID. `variant` is there where an arm of a match was
-- read: the number of children before its own, of which there are `own`. A node whose size is missing was not read to
-- its end, and has what was read before.

local structures = {}

local types = description.types
local eval, offset = expressions.eval, bytes.offset

function structures.node(name, at)
  return { name = name, offset = at, children = {} }
end

function structures.leaf(parent, name, at, size, meaning, field)
  local node = structures.node(name, at)
  node.size, node.meaning, node.field, node.add = size, meaning, field, field and "le" or nil
  parent.children[#parent.children + 1] = node
  return node
end

-- A node that belongs to its parent at once; it takes bytes of this cursor.
local function begin(parent, name, c)
  local node = structures.node(name, offset(c))
  node.cursor = c
  parent.children[#parent.children + 1] = node
  return node
end

local function finish(node)
  node.size = offset(node.cursor) - node.offset
  node.cursor = nil
end

-- Takes out what a fault left without any meaning, and gives the rest the size that it has.
function structures.settle(node)
  local kept = {}
  for _, child in ipairs(node.children) do
    structures.settle(child)
    if child.size or child.of_match and child.variant or #child.children > 0 then
      if not child.size then
        finish(child)
      end
      if child.variant then
        child.own = #child.children - child.variant
      end
      kept[#kept + 1] = child
    end
  end
  node.children = kept
end

local function length(c, e, scope)
  return numbers.plain(eval(e, scope, c))
end

-- An enumeration or a bit record.
function structures.number(c, id, node)
  local def = types[id]
  local start = offset(c)
  local value = bytes.unsigned(c, def.size)
  node.meaning, node.add, node.type, node.number = names.shown(id, value), "le", id, value
  if def.reserved then
    local known = numbers.band(value, def.known)
    if def.reserved == "reject" and not numbers.equal(value, known) then
      local message = string.format("expected reserved bits clear, got 0x%s", numbers.hex(value):lower())
      error(bytes.fault(start, def.size, message))
    end
    value = known
  end
  return value
end

local readers = {}

-- Reads a value of a type into a node.
local function value(c, ty, scope, node)
  if type(ty) == "string" then
    return primitives[ty](c, node)
  end
  return readers[ty.kind](c, ty, scope, node)
end

-- The property that a PropertyName (MS-OXCDATA 2.6.1) names.
local function property(node)
  local set, id
  local function look(field)
    set = set or description.properties[field.found]
    if field.name == "LID" then
      id = field.found
    elseif field.name == "Name" then
      id = field.value
    end
  end
  -- The identifier is a field of the variant that Kind selects.
  for _, child in ipairs(node.children) do
    look(child)
    for _, field in ipairs(child.children) do
      look(field)
    end
  end
  return set and id and set[id]
end

function readers.named(c, ty, scope, node)
  local def = types[ty.id]
  if def.size then
    return structures.number(c, ty.id, node)
  end
  local arguments = {}
  for index, param in ipairs(def.params) do
    local e = ty.arguments[index]
    if param.optional and type(e) == "table" and e[1] == "param" then
      arguments[index] = scope.params[e[2]]
    else
      arguments[index] = expressions.fitted(eval(e, scope, c), param[2])
    end
  end
  local record = structures.body(c, def, arguments, node)
  if def.names_property then
    node.note = property(node)
  end
  return { record = record }
end

function readers.text_by(c, ty, scope, node)
  return primitives[eval(ty.flag, scope, c) == true and "utf16" or "string8"](c, node)
end

-- The bytes of an integer in the form that is read.
local function size_in_form(c, ty, scope)
  return ty.sizes[eval(ty.form, scope, c) + 1]
end

function readers.by_form(c, ty, scope, node)
  return primitives[string.format("u%d", size_in_form(c, ty, scope) * 8)](c, node)
end

function readers.counted(c, ty, scope, node)
  local size = type(ty.size) == "table" and size_in_form(c, ty.size, scope) or ty.size
  local count = numbers.plain(bytes.unsigned(c, size))
  if ty.of == "bytes" then
    local raw = bytes.take(c, count)
    return primitives.plain_bytes(node, size + count, raw)
  elseif ty.of == "string8" then
    return primitives.text(node, texts.string8(bytes.take(c, count)))
  end
  count = ty.of == "bytes of utf16" and math.floor(count / 2) or count
  return primitives.text(node, texts.utf16(bytes.take(c, count * 2)))
end

function readers.bytes(c, ty, scope, node)
  if ty.rest then
    local raw = bytes.take_rest(c)
    return primitives.plain_bytes(node, #raw, raw)
  end
  local raw = bytes.take(c, ty.constant or length(c, ty.count, scope))
  return primitives.plain_bytes(node, #raw, raw)
end

-- What is checked of a list before it is read; answers the fault that comes after the elements that are there.
local function check_list(c, count, least)
  local available = bytes.remaining(c)
  if count * least > available then
    if bytes.list_beyond(c, count) then
      return nil
    end
    if least == 0 then
      error(bytes.truncated(c, count * least))
    end
    return bytes.truncated(c, count * least)
  end
  -- Elements without bytes have to be few.
  if count > available + 64 then
    error(bytes.fault(offset(c), 1, string.format("%.0f is over the limit of %d", count, available + 64)))
  end
  return nil
end

-- The name of the element of another list that an element belongs to: the column of a value.
local function belongs_to(ty, scope, index)
  local list = ty.note and scope.params[ty.note[1]]
  local element = type(list) == "table" and list.list and index < list.count and list.list[index + 1]
  if type(element) ~= "number" then
    return nil
  end
  return table.concat(names.of(ty.note[2], element), " ")
end

-- The element ends its list: the last one for which a condition holds, else one that is no part of it.
local function ends(ending, item, child, scope, c)
  if ending.cond then
    scope.item = item
    return eval(ending.cond, scope, c) == true
  elseif ending.text then
    return child.value == ending.text
  end
  return numbers.equal(item, ending.value)
end

function readers.list(c, ty, scope, node)
  local count, cut
  local ending = ty.ending
  local to_end = not ending or ending.or_rest
  if ty.constant then
    count = ty.constant
  elseif ty.count then
    count = length(c, ty.count, scope)
    cut = check_list(c, count, ty.least)
  end
  local outer, items, element, index, field = scope.index, {}, ty.of, 0, node.field
  -- Filters look at the elements.
  node.field = nil
  while true do
    if count then
      if index >= count then
        break
      end
    elseif to_end and bytes.remaining(c) == 0 or ending and not to_end and c.beyond then
      break
    end
    local before = bytes.remaining(c)
    scope.index = index
    bytes.inside(index)
    bytes.count_value(c)
    local child = begin(node, string.format("[%d]", index), c)
    child.field = field
    if type(element) == "table" and element.kind == "named" then
      child.note = belongs_to(element, scope, index)
    end
    local item = value(c, element, scope, child)
    finish(child)
    bytes.outside()
    if not count and bytes.remaining(c) == before then
      error(bytes.fault(offset(c), 1, "an element of no bytes in a list without end"))
    end
    local ended = ending and ends(ending, item, child, scope, c)
    if not ended or ending.cond then
      index = index + 1
      items[index] = item
    end
    if ended then
      break
    end
  end
  scope.index = outer
  if cut then
    error(cut)
  end
  return { list = items, count = index }
end

function readers.later(c, ty)
  error(bytes.unread(offset(c), ty.what))
end

local members

local function fits(pattern, found)
  if pattern == "any" then
    return true
  elseif type(pattern) == "boolean" then
    return found == pattern
  elseif type(pattern) == "table" and pattern.from then
    local plain = numbers.plain(found)
    return plain >= pattern.from and plain <= pattern.to
  end
  return numbers.equal(found, pattern)
end

local function selects(arm, on, scope, c)
  for index, alternatives in ipairs(arm.patterns) do
    local one = false
    for _, pattern in ipairs(alternatives) do
      one = one or fits(pattern, on[index])
    end
    if not one then
      return false
    end
  end
  return arm.guard == nil or eval(arm.guard, scope, c) == true
end

-- Reads the arm that the discriminants select.
local function variant(c, m, scope, node)
  local on = {}
  for index, discriminant in ipairs(m.on) do
    on[index] = eval(discriminant.e, scope, c)
  end
  for _, arm in ipairs(m.arms) do
    if selects(arm, on, scope, c) then
      -- The children before those of the arm.
      node.meaning, node.variant = arm.name, #node.children
      if node.of_match then
        node.add, node.value = "value", arm.name
      end
      members(c, arm.body, scope, node)
      if m.waits and on[1] == false then
        local raw = node.children[#node.children]
        raw.meaning = string.format("%s not decoded: %s not known", raw.meaning, m.waits)
      end
      return
    end
  end
  local first = m.on[1]
  local at = first.field and scope.offsets[first.field] or offset(c) - first.size
  local message = string.format("expected a known %s, got 0x%s", m.of, numbers.hex(on[1] or 0):lower())
  if first.field then
    bytes.inside(first.field)
  end
  error(bytes.fault(at, first.size, message))
end

local function constant(found, expected, start, size)
  local same
  if type(expected) == "string" then
    same = found == expected
  elseif type(found) == "boolean" then
    same = found == (numbers.plain(expected) ~= 0)
  else
    local bits = math.min(size * 8, 64)
    same = numbers.equal(numbers.part(found, 0, bits), numbers.part(expected, 0, bits))
  end
  if not same then
    local text = type(expected) == "string" and texts.guid(expected):sub(2, -2) or "0x" .. numbers.hex(expected):lower()
    error(bytes.fault(start, size, "expected " .. text))
  end
end

local kinds = {}

-- Reads what was compressed or obfuscated on its way into the extent that it fills.
local function transformed(c, m, scope, node)
  local of, at = m.transform, offset(c)
  local size = of.size and length(c, of.size, scope)
  bytes.take_room(c, size or bytes.remaining(c))
  local raw = bytes.take_rest(c)
  local text, changed = raw, false
  for _, step in ipairs(of.steps) do
    if eval(step.cond, scope, c) == true then
      if step.lz77 then
        -- What is left where it does not decompress.
        primitives.plain_bytes(node, #raw, raw)
        node.size = #raw
      end
      text, changed = transforms.undo(text, step, at, size), true
      node.meaning, node.add, node.size = nil, nil, nil
    end
  end
  if size and size ~= #text then
    -- The size is wrong, not what has it.
    bytes.outside()
    bytes.inside(of.of)
    error(bytes.fault(at, 1, string.format("expected as many bytes as there are, got 0x%s", numbers.hex(size):lower())))
  end
  local inner = bytes.over(c, text, changed and 0 or at)
  if changed then
    node.size, node.payload, node.changed = #raw, text, true
  end
  local found = value(inner, m.type, scope, node)
  bytes.used_up(inner)
  if changed and node.meaning and #node.children == 0 then
    node.meaning, node.add, node.field = nil, nil, nil
    structures.leaf(node, "Plain", 0, #text, string.format("%d bytes", #text))
  end
  return found
end

function kinds.field(c, m, scope, parent)
  bytes.inside(m.name)
  bytes.count_value(c)
  local node = begin(parent, m.name, c)
  node.field = m.field
  local found
  if m.transform then
    found = transformed(c, m, scope, node)
  else
    found = value(c, m.type, scope, node)
  end
  finish(node)
  if m.piece then
    structures.piece(m.piece, found, node)
  end
  if m.constant ~= nil then
    constant(found, m.constant, node.offset, node.size)
  end
  scope.fields[m.name], scope.offsets[m.name] = found, node.offset
  bytes.outside()
end

kinds["if"] = function(c, m, scope, parent)
  members(c, eval(m.condition, scope, c) == true and m.yes or m.no, scope, parent)
end

function kinds.match(c, m, scope, parent)
  local node = begin(parent, m.name, c)
  node.field, node.of_match = m.field, true
  variant(c, m, scope, node)
  finish(node)
end

function kinds.let(c, m, scope)
  scope.fields[m.name], scope.offsets[m.name] = expressions.fitted(eval(m.e, scope, c), m.size), offset(c)
end

function kinds.require(c, m, scope)
  if eval(m.condition, scope, c) ~= true then
    local at = m.field and scope.offsets[m.field] or offset(c)
    error(bytes.fault(at, 1, "not what the description requires"))
  end
end

function kinds.sized(c, m, scope, parent)
  local size = length(c, m.size, scope)
  bytes.inside(m.name)
  local extent = bytes.sub(c, size)
  bytes.outside()
  members(extent, m.body, scope, parent)
  bytes.inside(m.name)
  bytes.used_up(extent)
  bytes.outside()
end

-- The bytes may end before any of these: what is missing has a value for what depends on it, and nothing to show.
function kinds.tail(c, m, scope, parent)
  for _, member in ipairs(m.body) do
    local before = #parent.children
    bytes.tail_member(c)
    kinds[member.kind](c, member, scope, parent)
    if c.beyond then
      for place = #parent.children, before + 1, -1 do
        parent.children[place] = nil
      end
    end
  end
  bytes.end_tail(c)
end

-- Stands behind all members: see referents.
function kinds.referent() end

-- Reads what stands at offsets, behind all members of a body.
local function referents(c, def, scope, parent)
  local region
  for _, m in ipairs(def.body) do
    if m.kind == "referent" then
      region = region or bytes.region(c)
      bytes.inside(m.name)
      local there = bytes.start(region, numbers.plain(scope.fields[m.at]))
      bytes.outside()
      if there then
        local start = there.at
        kinds.field(there, m, scope, parent)
        bytes.inside(m.name)
        bytes.count_referent(region, start, there)
        bytes.outside()
      end
    end
  end
end

-- What this dissector does not know is told, and nothing after it is guessed.
function kinds.later(c, m)
  error(bytes.unread(offset(c), m.what))
end

function members(c, body, scope, parent)
  for _, member in ipairs(body) do
    kinds[member.kind](c, member, scope, parent)
  end
end

-- Reads a body into the children of a node; answers its fields by name.
function structures.body(c, def, arguments, node)
  local scope = { fields = {}, offsets = {}, params = {} }
  for index, param in ipairs(def.params) do
    if arguments[index] == nil and not param.optional then
      error(bytes.missing(offset(c), param[1]))
    end
    scope.params[param[1]] = arguments[index]
  end
  if def.deepest then
    bytes.enter(c, def.deepest)
  end
  local outer = c.origin
  if def.is_base then
    c.origin = offset(c)
  end
  if def.is_match then
    for index = 1, #def.body - 1 do
      kinds[def.body[index].kind](c, def.body[index], scope, node)
    end
    variant(c, def.body[#def.body], scope, node)
  else
    members(c, def.body, scope, node)
  end
  referents(c, def, scope, node)
  if def.is_base then
    c.origin = outer
  end
  if def.deepest then
    bytes.leave(c)
  end
  return scope.fields
end

return structures
