-- lua5.4 with strings of 3-40 KB: joined, cut, kept in a ring.
math.randomseed(7)
local part = {}
for i = 1, 64 do part[i] = string.rep(string.char(64 + i % 26), 100 + i) end
local ring, sum = {}, 0
for turn = 1, 60000 do
  local piece = {}
  for i = 1, math.random(20, 250) do piece[i] = part[math.random(64)] end
  local text = table.concat(piece)
  ring[turn % 4000 + 1] = text:upper() .. turn
  sum = sum + #text:sub(3000)
end
print(sum > 0)
