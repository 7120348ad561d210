-- Streams by a grammar (MS-OXCFXICS 2.2.4): an automaton with a stack, and what makes words of bytes that are cut
-- anywhere. A position is { grammar, root, .. } and is never changed once a piece was read: see streams.read.

local streams = {}

-- Bytes before a property's name proper: its tag, the set, the kind of name; and the most that a name has.
local NAME_AT, MOST_NAME, MOST_STEPS, SHOWN_WORDS = 21, 512, 65536, 12

-- What is looked up in a grammar, in tables of their own.
for _, grammar in pairs(description.streams) do
  grammar.marker_word, grammar.by_tag = {}, {}
  for place, marker in ipairs(grammar.markers) do
    grammar.marker_word[marker[1]] = place - 1
  end
  for place, class in ipairs(grammar.classes) do
    local of_tag = grammar.by_tag[class.tag] or {}
    grammar.by_tag[class.tag] = of_tag
    of_tag[#of_tag + 1] = { word = #grammar.markers + place - 1, value = class.value }
  end
end

-- The same words in any order.
local ANY = setmetatable({}, {
  __index = function(_, word)
    return type(word) == "number" or nil
  end,
})

function streams.any(grammar)
  local any = setmetatable({}, { __index = grammar })
  any.sets, any.productions, any.recovery = { ANY }, { { "words", 0 } }, false
  any.steps = {
    { kind = "test", set = 0, otherwise = 3 },
    { kind = "take", set = 0 },
    { kind = "go", to = 0 },
    { kind = "return" },
  }
  return any
end

local function set_of(grammar, number)
  return grammar.sets[number + 1]
end

local function start_of(grammar, production)
  return grammar.productions[production + 1][2]
end

function streams.production_name(grammar, production)
  return grammar.productions[production + 1][1]
end

local function production_of(p)
  local top = p.stack[#p.stack]
  if top then
    return streams.production_name(p.grammar, top.production)
  end
  return p.begun and "" or streams.production_name(p.grammar, p.root)
end

-- Ends reading: what is wrong at the word or value that was begun last.
local function refuse(p, message)
  error { of_stream = true, message = message, production = production_of(p), at = p.start }
end

local function word_name(grammar, word)
  local marker = grammar.markers[word + 1]
  local class = grammar.classes[word - #grammar.markers + 1]
  if marker then
    return marker[2]
  elseif class and class.value then
    return string.format("%s of 0x%08x", class.name, class.value)
  end
  return class and class.name or "another property"
end

-- The words of a set as people read them, the first of many.
local function words_of(grammar, set, ends)
  local found = {}
  local other = #grammar.markers + #grammar.classes
  for word = 0, other do
    local class = grammar.classes[word - #grammar.markers + 1]
    -- Where any property may stand, those with a name of their own say nothing more.
    if set[word] and not (set[other] and word >= #grammar.markers and class and not class.value) then
      found[#found + 1] = word_name(grammar, word)
    end
  end
  if ends then
    found[#found + 1] = "the end"
  end
  local more = #found > SHOWN_WORDS and ", .." or ""
  return table.concat(found, ", ", 1, math.min(#found, SHOWN_WORDS)) .. more
end

-- The words of what may interrupt the productions that are open.
local function interruption(p)
  local recovery = p.grammar.recovery
  for _, production in ipairs(recovery and recovery.within or {}) do
    if (p.open[production] or 0) > 0 then
      return recovery.first
    end
  end
  return {}
end

-- Shows the sets of words that may come next to a function, until it has seen enough; answers whether the stream may end.
local function look_ahead(p, enough)
  if enough(interruption(p)) then
    return false
  elseif p.begun and #p.stack == 0 then
    return true
  end
  local inner, outer = {}, #p.stack
  local at = p.begun and p.at or start_of(p.grammar, p.root)
  for _ = 1, MOST_STEPS do
    local step = p.grammar.steps[at + 1]
    if not step then
      return false
    elseif step.kind == "take" then
      enough(set_of(p.grammar, step.set))
      return false
    elseif step.kind == "test" then
      if enough(set_of(p.grammar, step.set)) then
        return false
      end
      at = step.otherwise
    elseif step.kind == "go" then
      at = step.to
    elseif step.kind == "call" then
      inner[#inner + 1] = at + 1
      at = start_of(p.grammar, step.production)
    elseif #inner > 0 then
      at = table.remove(inner)
    elseif outer < 2 then
      -- The root's end is the stream's.
      return true
    else
      at = p.stack[outer].back
      outer = outer - 1
    end
  end
  return false
end

-- What is wrong where this word comes next.
local function unexpected(p, word)
  local words = {}
  local ends = look_ahead(p, function(set)
    for one in pairs(set) do
      words[one] = true
    end
  end)
  return string.format("expected %s, got %s", words_of(p.grammar, words, ends), word_name(p.grammar, word))
end

-- Checks that a word may come next, once for each word.
local function check(p, word)
  local may_come
  look_ahead(p, function(set)
    may_come = set[word]
    return may_come
  end)
  if not may_come then
    refuse(p, unexpected(p, word))
  end
  p.unwinding = interruption(p)[word] == true
end

local function open(p, production, back, events)
  local count = p.open[production] or 0
  if count >= p.grammar.deepest then
    refuse(p, string.format("inside itself more than %d times", p.grammar.deepest))
  end
  p.open[production] = count + 1
  p.stack[#p.stack + 1] = { production = production, back = back }
  p.at = start_of(p.grammar, production)
  events.begin(production)
end

local function close(p, complete, events)
  local frame = table.remove(p.stack)
  p.open[frame.production] = p.open[frame.production] - 1
  p.at = frame.back
  events.ended(complete)
end

-- Gives up what an error interrupts; false while there is more to give up.
local function unwound(p, events)
  local recovery = p.grammar.recovery
  local top = p.stack[#p.stack]
  local stays = top == nil
  for _, production in ipairs(recovery.within) do
    stays = stays or production == top.production
  end
  if stays then
    p.unwinding = false
    open(p, recovery.production, p.at, events)
  else
    close(p, false, events)
  end
end

-- Moves until a word is taken (true), or the word that decides is not known (false, and `word` nil).
local function advance(p, word, events)
  if not p.begun then
    p.begun = true
    open(p, p.root, 0, events)
  end
  while true do
    local step = p.grammar.steps[p.at + 1]
    if p.unwinding then
      unwound(p, events)
    elseif #p.stack == 0 or not step then
      if word then
        refuse(p, unexpected(p, word))
      end
      return false
    elseif step.kind == "take" or step.kind == "test" then
      if word == nil then
        return false
      end
      local fits = set_of(p.grammar, step.set)[word]
      if fits then
        p.at = p.at + 1
        if step.kind == "take" then
          return true
        end
      elseif step.kind == "test" then
        p.at = step.otherwise
      else
        refuse(p, unexpected(p, word))
      end
    elseif step.kind == "go" then
      p.at = step.to
    elseif step.kind == "call" then
      open(p, step.production, p.at + 1, events)
    else
      close(p, true, events)
    end
  end
end

-- How the value of a property travels; nil for a type that streams do not have.
local function wire_of(grammar, tag)
  local rule = grammar.tags[tag]
  if rule then
    return rule.wire
  end
  local type_number = tag % 0x10000
  for _, flagged in ipairs(grammar.flagged) do
    if numbers.plain(numbers.band(type_number, flagged[1])) ~= 0 then
      return flagged[2]
    end
  end
  return grammar.types[type_number]
end

local function classes_of(grammar, tag)
  local rule = grammar.tags[tag]
  return grammar.by_tag[rule and rule.of or tag] or {}
end

local function number_of(text)
  local a, b, c, d = text:byte(1, 4)
  return a + b * 0x100 + c * 0x10000 + d * 0x1000000
end

-- The word that a property is, by its value where that says it.
local function property(p, value)
  local word = #p.grammar.markers + #p.grammar.classes
  for _, class in ipairs(classes_of(p.grammar, number_of(p.word))) do
    if class.value == nil or class.value == value then
      word = class.word
      break
    end
  end
  check(p, word)
  p.state, p.next = "property", word
end

local function complete_property(p)
  if p.wire.size == 4 and not p.wire.list then
    for _, class in ipairs(classes_of(p.grammar, number_of(p.word))) do
      if class.value then
        p.state = "selecting"
        return
      end
    end
  end
  property(p, nil)
end

-- Four bytes are there: a marker if they are in the table, else the tag of a property.
local function begin_word(p)
  local value = number_of(p.word)
  local word = p.grammar.marker_word[value]
  if word then
    check(p, word)
    p.state, p.next = "marker", word
    return
  end
  p.wire = wire_of(p.grammar, value)
  if not p.wire then
    refuse(p, string.format("0x%08x is of a type that streams do not have", value))
  end
  if value >= p.grammar.named_from * 0x10000 then
    p.state = "name head"
  else
    complete_property(p)
  end
end

-- What follows a value, or an element of a list.
local function after_element(p)
  if p.elements and p.elements > 0 then
    p.elements = p.elements - 1
    p.state = p.wire.size and "fixed" or "length"
  else
    p.state = "end of property"
  end
end

-- The word was taken: what follows it is its value.
local function taken(p, events)
  if p.state == "marker" then
    p.state = "word"
    local marker = number_of(p.word)
    p.word = ""
    events.marker(marker)
    return
  end
  p.elements = nil
  p.state = p.wire.list and "count" or p.wire.size and "fixed" or "length"
  local name
  if #p.word > 4 then
    local is_text = p.word:byte(NAME_AT) == 1
    local rest = p.word:sub(NAME_AT + 1)
    name = { set = p.word:sub(5, 20), text = is_text and rest:sub(1, -3), number = not is_text and number_of(rest) }
  end
  events.property(number_of(p.word), name)
end

-- Moves bytes of the piece into a buffer of the position until it has so many.
local function fill(p, c, buffer, size)
  local count = math.min(size - #p[buffer], bytes.remaining(c))
  if buffer == "value" and p.value == "" then
    p.start = p.offset
  end
  p[buffer] = p[buffer] .. bytes.take(c, count)
  p.offset = p.offset + count
  return #p[buffer] >= size
end

local function full_value(p, c, size)
  if fill(p, c, "value", size) then
    local value = p.value
    p.value = ""
    return value
  end
  return nil
end

local readers = {
  word = function(p, c)
    if fill(p, c, "word", 4) then
      begin_word(p)
    end
  end,
  ["name head"] = function(p, c)
    if fill(p, c, "word", NAME_AT) then
      local kind = p.word:byte(NAME_AT)
      p.state = kind == 0 and "name number" or kind == 1 and "name text" or nil
      if not p.state then
        refuse(p, "the name is neither a number nor a text")
      end
    end
  end,
  ["name number"] = function(p, c)
    if fill(p, c, "word", NAME_AT + 4) then
      complete_property(p)
    end
  end,
  ["name text"] = function(p, c)
    local unit = #p.word - NAME_AT
    if fill(p, c, "word", NAME_AT + unit - unit % 2 + 2) then
      local size = #p.word - NAME_AT
      if p.word:sub(-2) == "\0\0" then
        complete_property(p)
      elseif size >= MOST_NAME then
        refuse(p, string.format("%d is over the limit of %d", size + 2, MOST_NAME))
      end
    end
  end,
  selecting = function(p, c)
    -- Kept: it is the value, too.
    if fill(p, c, "value", 4) then
      property(p, number_of(p.value))
    end
  end,
  fixed = function(p, c, events)
    local value = full_value(p, c, p.wire.size)
    if value then
      after_element(p)
      events.value(value)
    end
  end,
  count = function(p, c, events)
    local value = full_value(p, c, 4)
    if value then
      p.elements = number_of(value)
      after_element(p)
      events.count(number_of(value))
    end
  end,
  length = function(p, c, events)
    local value = full_value(p, c, 4)
    if value then
      p.left = number_of(value)
      if p.left == 0 then
        after_element(p)
      else
        p.state = "chunk"
      end
      events.length(number_of(value))
    end
  end,
  chunk = function(p, c, events)
    local count = math.min(p.left, bytes.remaining(c))
    if count == 0 then
      return
    end
    bytes.skip(c, count)
    p.offset = p.offset + count
    p.start, p.left = p.offset, p.left - count
    if p.left == 0 then
      after_element(p)
      events.whole()
    end
  end,
}

-- Reads all of a piece; events come as they are.
local function read(p, c, events)
  while true do
    if p.state == "end of property" then
      p.state, p.word = "word", ""
      events.end_property()
    elseif p.state == "marker" or p.state == "property" then
      advance(p, p.next, events)
      taken(p, events)
    else
      if p.state == "word" and p.word == "" then
        p.start = p.offset
        advance(p, nil, events)
      end
      -- A value without bytes, or one that said which word its property is, needs no more of them.
      local left, state, elements = bytes.remaining(c), p.state, p.elements
      readers[state](p, c, events)
      if left == 0 and p.state == state and p.elements == elements then
        return
      end
    end
  end
end

-- Before the first byte of a root, a production by number.
function streams.position(grammar, root)
  return {
    grammar = grammar, root = root, at = 0, stack = {}, open = {}, begun = false, unwinding = false,
    state = "word", word = "", value = "", offset = 0, start = 0,
  }
end

local function copy(from)
  local to = {}
  for key, value in pairs(from) do
    to[key] = value
  end
  return to
end

-- Reads a piece from a position; answers the position behind it, and what is wrong: { message, production, at }.
function streams.read(position, piece, events)
  local p = copy(position)
  p.stack, p.open = copy(position.stack), copy(position.open)
  local fine, fault = pcall(read, p, bytes.cursor(piece), events)
  if not fine and not (type(fault) == "table" and fault.of_stream) then
    error(fault, 0)
  end
  return p, not fine and fault or nil
end

return streams
