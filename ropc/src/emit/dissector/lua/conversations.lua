-- What requests and replies of the capture have said so far.
--
-- Wireshark reads all packets once in their order, then any of them again, in any order. So everything is noted with
-- the message that said it, on the first pass only, and a message is always read with what was known before it.

local conversations = {}

local UNSET = {}
-- Messages by frame and place in the frame: { number, session, batch, key }.
local messages
-- Requests by stream that no response has answered yet.
local pending
-- By session and handle value: what was known after a message, { number, states } in the order of messages.
local history
local last_number

function conversations.forget()
  messages, pending, history, last_number = {}, {}, {}, 0
end

conversations.forget()

-- States as they are for one message: those from before it and those that it sets itself.
local Session = { UNSET = UNSET }
Session.__index = Session

function conversations.session(message)
  return setmetatable({ message = message, own = {} }, Session)
end

local function before(message, handle)
  local of_session = history[message.session]
  local entries = of_session and of_session[handle] or {}
  for place = #entries, 1, -1 do
    if entries[place].number < message.number then
      return entries[place].states
    end
  end
  return {}
end

function Session:states(handle)
  return self.own[handle] or before(self.message, handle)
end

function Session:get(handle, key)
  return self:states(handle)[key]
end

function Session:set(handle, key, value)
  local states = {}
  for known, other in pairs(self:states(handle)) do
    states[known] = other
  end
  if value == nil then
    value = UNSET
  end
  states[key] = value
  self.own[handle] = states
end

function Session:release(handle)
  self.own[handle] = {}
end

-- Keeps what a message has set, for those after it.
function Session:keep()
  local of_session = history[self.message.session] or {}
  history[self.message.session] = of_session
  for handle, states in pairs(self.own) do
    local entries = of_session[handle] or {}
    of_session[handle] = entries
    entries[#entries + 1] = { number = self.message.number, states = states }
  end
end

-- The message that was noted of this place in the capture, or nil.
function conversations.find(place)
  return messages[place]
end

local function note(place, message)
  last_number = last_number + 1
  message.number = last_number
  messages[place] = message
  return message
end

-- Notes a request: its type, its session where a cookie says it, the frame that it stands in.
function conversations.request(place, stream, key, cookie, frame)
  local message = note(place, { key = key, cookie = cookie, session = cookie or stream, frame = frame })
  local waiting = pending[stream] or {}
  pending[stream] = waiting
  waiting[#waiting + 1] = message
  return message
end

-- Notes a response; `frame` is that of its request where it is known, else it answers the first request that waits.
function conversations.response(place, stream, key, cookie, frame)
  local waiting = pending[stream] or {}
  local request
  for index, candidate in ipairs(waiting) do
    if frame == nil or candidate.frame == frame then
      request = candidate
      -- Responses come in the order of requests: those before it got none.
      for _ = 1, index do
        table.remove(waiting, 1)
      end
      break
    end
  end
  return note(place, {
    key = request and request.key or key,
    session = request and request.cookie or cookie or stream,
    request = request,
  })
end

return conversations
