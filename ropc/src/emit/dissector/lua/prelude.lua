-- Everything that is described, as tables: types, bodies and operations are read by the modules after this one.

local description = {
  -- Filter fields: { filter, name, kind, named type }. Elsewhere they are numbers of this list.
  fields = {},
  -- Named types by number: enumerations and bit records have a size, structures a body.
  types = {},
  -- Names of GUIDs by their bytes.
  guids = {},
  -- Names of properties by the bytes of their set and their number or string.
  properties = {},
  -- Grammars of streams by name. Productions, steps and sets are numbered from 0, and words too: markers, then classes,
  -- then all other properties.
  streams = {},
  rops = {},
  rop_names = {},
  requests = {},
  -- State of objects before anything sets it, by object and state.
  initial = {},
  -- Structures that are looked for by their names: their numbers in `types`.
  structures = {},
  -- Fields of the headers that are not described but follow from the declarations.
  header = {},
}

-- A number of more than 53 bits.
local function Wide(low, high)
  return { low = low, high = high }
end

-- A body: parameters with the size of their integers, members.
local function Body(params, body, more)
  local def = more or {}
  def.params, def.body = params, body
  return def
end

-- `piece` names the stream that the bytes are a piece of; `transform` says how they are changed back before they are
-- read: steps, each with its condition, and the size behind them with the field that has it.
local function Field(name, type, field, constant, piece, transform)
  return {
    kind = "field", name = name, type = type, field = field, constant = constant, piece = piece, transform = transform,
  }
end

-- Stands at the offset that the field `at` has.
local function Referent(name, type, field, at)
  return { kind = "referent", name = name, type = type, field = field, at = at }
end

local function If(condition, yes, no)
  return { kind = "if", condition = condition, yes = yes, no = no or {} }
end

-- `of` names the discriminants in messages.
local function Match(name, of, on, arms, field, waits)
  return { kind = "match", name = name, of = of, on = on, arms = arms, field = field, waits = waits }
end

local function Arm(name, patterns, body, guard)
  return { name = name, patterns = patterns, body = body, guard = guard }
end

local function Let(name, e, size)
  return { kind = "let", name = name, e = e, size = size }
end

local function Require(condition, field)
  return { kind = "require", condition = condition, field = field }
end

local function Sized(size, body, name)
  return { kind = "sized", size = size, body = body, name = name }
end

-- The bytes may end before any of these.
local function Tail(body)
  return { kind = "tail", body = body }
end

-- A member, a type or a text that this dissector does not read.
local function Later(what)
  return { kind = "later", what = what }
end

local function Named(id, arguments, note)
  return { kind = "named", id = id, arguments = arguments or {}, note = note }
end

local function TextBy(flag)
  return { kind = "text_by", flag = flag }
end

-- An integer whose width follows a wire form: its bytes in each form.
local function ByForm(form, sizes)
  return { kind = "by_form", form = form, sizes = sizes }
end

-- `size` is a number, or by form.
local function Counted(of, size)
  return { kind = "counted", of = of, size = size }
end

local function Bytes(count)
  return { kind = "bytes", rest = count == nil, constant = type(count) == "number" and count or nil, count = count }
end

-- `least` is the fewest bytes of an element, `ending` what ends a list that says no count.
local function List(of, least, count, ending)
  local constant = type(count) == "number" and count or nil
  return { kind = "list", of = of, least = least, constant = constant, count = count, ending = ending }
end


-- The words of a stream that may stand somewhere.
local function Set(words)
  local set = {}
  for _, word in ipairs(words) do
    set[word] = true
  end
  return set
end

-- Steps of productions: a word of a set is taken; goes on elsewhere where the next word is none of a set.
local function Take(set)
  return { kind = "take", set = set }
end

local function Test(set, otherwise)
  return { kind = "test", set = set, otherwise = otherwise }
end

local function Go(to)
  return { kind = "go", to = to }
end

local function Call(production)
  return { kind = "call", production = production }
end

local Return = { kind = "return" }
