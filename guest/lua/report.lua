-- Reads a table of sales from the file given, and prints a report: an ordinary script of an ordinary kind.
local path, currency = arg[1], os.getenv("CURRENCY") or "EUR"

local function rows(file)
  return coroutine.wrap(function()
    for line in file:lines() do
      local day, item, count, price = line:match("^(%d+%-%d+%-%d+)\t([^\t]+)\t(%d+)\t([%d%.]+)$")
      if day then
        coroutine.yield { day = day, item = item, count = math.tointeger(count), price = tonumber(price) }
      elseif #line > 0 then
        io.stderr:write(("ignored: %q\n"):format(line))
      end
    end
  end)
end

local file, problem = io.open(path)
if not file then
  io.stderr:write(problem, "\n")
  os.exit(2)
end

local totals, best = setmetatable({}, { __index = function() return { count = 0, sum = 0 } end }), nil
for row in rows(file) do
  local total = totals[row.item]
  totals[row.item] = { count = total.count + row.count, sum = total.sum + row.count * row.price }
  if not best or row.count * row.price > best.count * best.price then best = row end
end
file:close()

local items = {}
for item in pairs(totals) do items[#items + 1] = item end
table.sort(items, function(a, b)
  local x, y = totals[a].sum, totals[b].sum
  return x > y or x == y and a < b
end)
for rank, item in ipairs(items) do
  io.write(("%2d. %-12s %6d pieces %12.2f %s\n"):format(rank, item, totals[item].count, totals[item].sum, currency))
end
print(("best day: %s (%s, %.2f)"):format(best.day, best.item, best.count * best.price))
print(("checksum %08x"):format((function()
  local hash = 5381
  for _, item in ipairs(items) do
    for _, byte in utf8.codes(item) do hash = (hash * 33 ~ byte) & 0xffffffff end
  end
  return hash
end)()))
local made, copy = pcall(function() error({ code = 3 }) end)
os.exit(made and 1 or copy.code)
