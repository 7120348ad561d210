-- Pieces of a stream as operations carry them, cut at any byte: each is read from where the one before it ended.
--
-- Which root a stream has, no operation says. All that the bytes so far allow are followed, and the productions are shown
-- as soon as there is one; until then, and where none is left, the words alone.
--
-- A transfer says how far the stream of an open object was read: FRESH, { { root, position, open } .. }, or nil where
-- nobody knows. `pieces.current` is that of the operation that is being read.

local pieces = { FRESH = {} }

local any_of = {}
for name, grammar in pairs(description.streams) do
  any_of[name] = streams.any(grammar)
end

local function candidate(grammar, root)
  return { root = root, position = streams.position(grammar, root or 0), open = words.START }
end

local function candidates_of(name, raw)
  local grammar, any, known = description.streams[name], any_of[name], pieces.current
  if known and known ~= pieces.FRESH then
    return known
  end
  local all = {}
  if known then
    for _, root in ipairs(grammar.roots) do
      all[#all + 1] = candidate(grammar, root)
    end
  else
    -- Bytes in the middle of a value look like a property too often.
    local a, b, c, d = raw:byte(1, 4)
    if not d or not grammar.marker_word[a + b * 0x100 + c * 0x10000 + d * 0x1000000] then
      return nil
    end
  end
  all[#all + 1] = candidate(any, nil)
  return all
end

local function run(from, raw, base)
  local tree, events = words.tree(from.position.grammar, raw, base, from.open)
  local position, fault = streams.read(from.position, raw, events)
  local result = { fault = fault, at = fault and tree.place(fault.at), rest = tree.rest() }
  local nodes, open = tree.finish()
  -- All words stand in one production, which says nothing.
  result.nodes = not from.root and #nodes == 1 and nodes[1].children or nodes
  result.candidate = { root = from.root, position = position, open = open }
  return result
end

local function mistake(at, size, text)
  local node = structures.node("mistake", at)
  node.size, node.meaning, node.mistake = size, text, true
  return node
end

-- Shows the words of a piece as the parts of a node.
function structures.piece(name, raw, node)
  if raw == "" then
    return
  end
  local is_known = pieces.current ~= nil
  local candidates = candidates_of(name, raw)
  pieces.current = nil
  if not candidates then
    return
  end
  local alive, failed, plain = {}, nil, nil
  for _, from in ipairs(candidates) do
    local result = run(from, raw, node.offset)
    if not from.root then
      plain = result
    elseif not result.fault then
      alive[#alive + 1] = result
    elseif not failed or failed.at < result.at then
      failed = result
    end
  end
  if plain.fault and not is_known then
    return
  end
  local shown = #alive == 1 and alive[1] or plain
  local nodes = shown.nodes
  if #alive == 0 and failed and not plain.fault then
    -- No stream of the grammar: its words are shown, and where it left the grammar.
    local before = 1
    while nodes[before] and nodes[before].offset + nodes[before].size <= failed.at do
      before = before + 1
    end
    local production = failed.fault.production == "" and "" or failed.fault.production .. ": "
    table.insert(nodes, before, mistake(failed.at, 0, production .. failed.fault.message))
  end
  local stop = node.offset + #raw
  if plain.fault then
    nodes[#nodes + 1] = mistake(shown.rest, stop - shown.rest, plain.fault.message)
  else
    if shown.rest < stop then
      local rest = structures.node("goes on in the next piece", shown.rest)
      rest.size, rest.meaning = stop - shown.rest, string.format("%d bytes", stop - shown.rest)
      nodes[#nodes + 1] = rest
    end
    pieces.current = {}
    alive[#alive + 1] = plain
    for place, result in ipairs(alive) do
      pieces.current[place] = result.candidate
    end
  end
  if #nodes > 0 then
    node.meaning, node.add, node.field = nil, nil, nil
    node.children = nodes
  end
end

-- Runs what reads a body with a transfer; answers the transfer behind it. A fault goes on.
function pieces.with(transfer, read, keep)
  pieces.current = transfer
  local fault = bytes.try(read)
  local after = pieces.current
  pieces.current = nil
  if after ~= transfer then
    keep(after)
  end
  if fault then
    error(fault)
  end
end

return pieces
