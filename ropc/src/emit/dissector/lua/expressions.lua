-- Expressions of descriptions over what was read: unsigned, and what overflows stays at the end of the range.
--
-- Values are numbers, booleans, strings (bytes, GUIDs), { list, count } (a list or its first elements), { record }
-- (fields by name) and PLAIN (texts and fractions, into which no expression looks).

local expressions = {}

expressions.PLAIN = {}

local types = description.types
local eval

function expressions.count(value)
  if type(value) == "string" then
    return #value
  elseif type(value) == "table" and value.list then
    return value.count
  end
  return 0
end

local function element(list, index, c)
  local value
  if type(list) == "string" then
    value = list:byte(index + 1)
  elseif type(list) == "table" and list.list and index < list.count then
    value = list.list[index + 1]
  end
  if value == nil then
    error(bytes.missing(bytes.offset(c), "element of the other list"))
  end
  return value
end

-- nil where the two cannot be compared.
local function compare(a, b)
  if type(a) == "boolean" and type(b) == "boolean" then
    return numbers.compare(a and 1 or 0, b and 1 or 0)
  elseif type(a) == "string" and type(b) == "string" then
    return a == b and 0 or (a < b and -1 or 1)
  end
  local numeric = (type(a) == "number" or numbers.is_wide(a)) and (type(b) == "number" or numbers.is_wide(b))
  return numeric and numbers.compare(a, b) or nil
end

local function comparison(holds)
  return function(e, scope, c)
    local order = compare(eval(e[2], scope, c), eval(e[3], scope, c))
    return order ~= nil and holds(order)
  end
end

local function arithmetic(operation)
  return function(e, scope, c)
    local a, b = numbers.plain(eval(e[2], scope, c)), numbers.plain(eval(e[3], scope, c))
    return numbers.clamp(operation(a, b))
  end
end

local function bitwise(operation)
  return function(e, scope, c)
    return operation(eval(e[2], scope, c), eval(e[3], scope, c))
  end
end

local function known(value, c, what)
  if value == nil then
    error(bytes.missing(bytes.offset(c), what))
  end
  return value
end

local operations = {
  field = function(e, scope, c)
    return known(scope.fields[e[2]], c, "field")
  end,
  param = function(e, scope, c)
    return known(scope.params[e[2]], c, "context")
  end,
  set = function(e, scope)
    return scope.params[e[2]] ~= nil
  end,
  index = function(_, scope, c)
    return known(scope.index, c, "index")
  end,
  item = function(_, scope, c)
    return known(scope.item, c, "element")
  end,
  count = function(e, scope, c)
    return expressions.count(eval(e[2], scope, c))
  end,
  part = function(e, scope, c)
    return known(names.part(types[e[3]], e[4], eval(e[2], scope, c)), c, "sub-field")
  end,
  member = function(e, scope, c)
    local value = eval(e[2], scope, c)
    if type(value) ~= "table" or not value.record then
      error(bytes.missing(bytes.offset(c), "field of a structure"))
    end
    return known(value.record[e[3]], c, "field")
  end,
  at = function(e, scope, c)
    return element(eval(e[2], scope, c), known(scope.index, c, "index"), c)
  end,
  first = function(e, scope, c)
    local list, count = eval(e[2], scope, c), numbers.plain(eval(e[3], scope, c))
    if count > expressions.count(list) then
      error(bytes.missing(bytes.offset(c), "as many elements of the other list"))
    end
    return type(list) == "string" and list:sub(1, count) or { list = list.list, count = count }
  end,
  ["or"] = function(e, scope, c)
    return eval(e[2], scope, c) == true or eval(e[3], scope, c) == true
  end,
  ["and"] = function(e, scope, c)
    return eval(e[2], scope, c) == true and eval(e[3], scope, c) == true
  end,
  ["not"] = function(e, scope, c)
    return eval(e[2], scope, c) ~= true
  end,
  ["if"] = function(e, scope, c)
    return eval(eval(e[2], scope, c) == true and e[3] or e[4], scope, c)
  end,
  later = function(e, _, c)
    error(bytes.missing(bytes.offset(c), e[2]))
  end,
  ["=="] = comparison(function(order) return order == 0 end),
  ["~="] = comparison(function(order) return order ~= 0 end),
  ["<"] = comparison(function(order) return order < 0 end),
  ["<="] = comparison(function(order) return order <= 0 end),
  [">"] = comparison(function(order) return order > 0 end),
  [">="] = comparison(function(order) return order >= 0 end),
  ["+"] = arithmetic(function(a, b) return a + b end),
  ["-"] = arithmetic(function(a, b) return a - b end),
  ["*"] = arithmetic(function(a, b) return a * b end),
  ["/"] = arithmetic(function(a, b) return b == 0 and 0 or math.floor(a / b) end),
  ["%"] = arithmetic(function(a, b) return b == 0 and 0 or a % b end),
  ["<<"] = arithmetic(function(a, b) return b > 63 and 0 or a * 2 ^ b end),
  [">>"] = arithmetic(function(a, b) return b > 63 and 0 or math.floor(a / 2 ^ b) end),
  ["&"] = bitwise(numbers.band),
  ["|"] = bitwise(numbers.bor),
  ["^"] = bitwise(numbers.bxor),
}

-- The value of an expression; a fault where it looks at what is not there.
function eval(e, scope, c)
  if type(e) ~= "table" or e.low then
    return e
  end
  return operations[e[1]](e, scope, c)
end

expressions.eval = eval

-- The same in the integer of its place, of so many bytes.
function expressions.fitted(value, size)
  if size and type(value) == "number" then
    return value % 2 ^ (size * 8)
  end
  return value
end

return expressions
