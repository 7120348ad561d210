-- The words of a piece of a stream as nodes: productions, markers, properties with their values.

local words = {}

local CONTINUED = "continued"

local function is_fixed(ty)
  return type(ty) == "string" and ty ~= "utf16" and ty ~= "string8" and ty ~= "line"
end

-- The named property that a set and an identifier name.
local function named_property(name)
  local set = description.properties[name.set]
  return set and set[name.number or texts.utf16(name.text)]
end

local function ends_with(text, ending)
  return text ~= nil and text:sub(-#ending) == ending
end

-- Before the first piece.
words.START = { productions = {}, in_property = false, tag = 0, length = 0, at = 0, stop = 0 }

-- Before the first word of a piece that stands at `base` of its buffer, with what those before it left open: the tree,
-- and what streams.read calls.
function words.tree(grammar, piece, base, open)
  local tree, events = {}, {}
  local start, at, tag, length, elements = open.stop, open.at, open.tag, open.length, open.elements
  local property_name, property = open.name, nil
  local nodes = { structures.node("", base) }

  -- A place in the stream as one in the buffer, within the piece.
  local function place(of)
    return base + math.max(0, math.min(of - start, #piece))
  end
  tree.place = place

  local function continued(name, before)
    local node = structures.node(name, base)
    node.note = before and before .. " " .. CONTINUED or CONTINUED
    return node
  end
  for _, name in ipairs(open.productions) do
    nodes[#nodes + 1] = continued(name)
  end
  if open.in_property then
    property = continued("property", property_name)
  end

  local function put(node)
    local into = property or nodes[#nodes]
    into.children[#into.children + 1] = node
  end

  -- Puts a node with parts into what is open. One of an earlier piece that has nothing here is left out.
  local function add(node)
    if #node.children == 0 and ends_with(node.note, CONTINUED) then
      return
    end
    local rest = place(at)
    node.offset = node.children[1] and node.children[1].offset or rest
    node.size = rest - node.offset
    put(node)
  end

  -- A leaf of so many bytes of the stream, those of them that are here; a function may say what it means.
  local function leaf(name, size, meaning, say)
    bytes.count_value { base = place(at), at = 1 }
    local node = structures.node(name, place(at))
    node.note = at < start and CONTINUED or nil
    node.meaning = meaning
    if say then
      say(node)
    end
    at = at + size
    node.size = place(at) - node.offset
    put(node)
  end

  local function element()
    if elements then
      elements = elements + 1
      return string.format("[%d]", elements - 1)
    end
    return "Value"
  end

  local function end_property()
    local node = property
    property = nil
    if node then
      add(node)
    end
  end

  local function close(complete)
    local node = table.remove(nodes)
    if not complete then
      node.note = "incomplete"
    end
    add(node)
  end

  -- The structure that the values of this property have here.
  local function described()
    local here = grammar.values_within[nodes[#nodes].name]
    return here and here[tag] or grammar.values[tag]
  end

  -- A value of fixed size. A mistake in it is none of the stream.
  local function fixed(node, value)
    local id, ty = described(), grammar.value_types[tag % 0x10000]
    local c = bytes.cursor(value, node.offset)
    if not id and type(ty) == "table" and ty.kind == "named" then
      id = ty.id
    end
    bytes.try(function()
      if id then
        if description.types[id].size then
          structures.number(c, id, node)
        end
      elseif is_fixed(ty) then
        primitives[ty](c, node)
      end
    end)
    node.meaning = node.meaning or string.format("%d bytes", #value)
  end

  -- The value or element that has a length; all of its bytes came.
  local function variable()
    local name = element()
    local plain = string.format("%d bytes", length)
    if at < start then
      leaf(name, length, nil, function(node)
        node.meaning = string.format("%d bytes", math.min(at + length - start, #piece))
      end)
      return
    end
    local value = piece:sub(at - start + 1, at - start + length)
    local id, ty = described(), grammar.value_types[tag % 0x10000]
    if id and description.types[id].body then
      local node = structures.node(name, place(at))
      local c = bytes.cursor(value, node.offset)
      local fault = bytes.try(function()
        structures.body(c, description.types[id], {}, node)
      end)
      if not fault and bytes.remaining(c) == 0 then
        at = at + length
        node.size = length
        put(node)
        return
      end
      leaf(name, length, plain)
      return
    end
    leaf(name, length, plain, function(node)
      if ty == "utf16" then
        primitives.text(node, texts.utf16(value:sub(-2) == "\0\0" and value:sub(1, -3) or value))
      elseif ty == "string8" then
        primitives.text(node, texts.string8(value:sub(-1) == "\0" and value:sub(1, -2) or value))
      end
    end)
  end

  local function number(field, value)
    return function(node)
      node.field, node.add, node.value = field, "value", value
    end
  end

  function events.begin(production)
    nodes[#nodes + 1] = structures.node(streams.production_name(grammar, production), place(at))
  end

  events.ended = close

  function events.marker(marker)
    leaf("marker", 4, names.shown(grammar.marker.type, marker), number(grammar.marker.field, marker))
  end

  function events.property(of, name)
    tag, elements = of, nil
    property_name = name and named_property(name) or nil
    property = structures.node("property", place(at))
    property.note = property_name
    local meaning = grammar.tag.type and names.shown(grammar.tag.type, of) or "0x" .. numbers.hex(of, 8)
    leaf("PropertyTag", 4, meaning, number(grammar.tag.field, of))
    if not name then
      return
    end
    leaf("PropertySet", 16, nil, function(node)
      primitives.guid(bytes.cursor(name.set), node)
    end)
    leaf("Kind", 1, name.number and "0" or "1")
    if name.number then
      leaf("Dispid", 4, numbers.shown(name.number))
    else
      leaf("Name", #name.text + 2, texts.quoted(texts.utf16(name.text)))
    end
  end

  function events.value(value)
    leaf(element(), #value, nil, function(node)
      fixed(node, value)
    end)
  end

  function events.count(count)
    leaf("Count", 4, numbers.shown(count))
    elements = 0
  end

  function events.length(of)
    leaf("Length", 4, numbers.shown(of))
    length = of
    if of == 0 then
      variable()
    end
  end

  events.whole, events.end_property = variable, end_property

  -- Where the first byte stands that no node has.
  function tree.rest()
    return place(at)
  end

  -- The nodes of the piece, and what is open behind it.
  function tree.finish()
    local left = {
      productions = {}, in_property = property ~= nil, tag = tag, name = property_name, elements = elements,
      length = length, at = at, stop = start + #piece,
    }
    for index = 2, #nodes do
      left.productions[index - 1] = nodes[index].name
    end
    end_property()
    while #nodes > 1 do
      close(true)
    end
    return nodes[1].children, left
  end

  return tree, events
end

return words
