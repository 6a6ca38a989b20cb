-- What the language and its library ask of the kernel and of the C library.
print(_VERSION, arg[0], #arg)
local function counter() local n = 0; return function() n = n + 1; return n end end
local a, b = counter(), counter(); a(); a(); print(a(), b())
print(("%5.2f|%-8s|%08x|%q"):format(math.pi, "left", 48879, "quo\"te\n"))
print(("the quick brown fox"):gsub("%w+", string.upper), ("k=v; x=y"):match("(%w+)=(%w+)"), ("abc"):rep(3, "-"), ("hello"):byte(1, -1))
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do io.write(k, ":", v, " ") end print()
print(7 // 2, 7 % -3, -7 // 2, 2 ^ 53, 1 << 62, 3 | 4, 10 / 4, math.maxinteger + 1 == math.mininteger, 1e308 * 10, -(0 / 0) ~= 0 / 0)
print(math.type(1), math.type(1.0), math.tointeger(3.0), math.floor(-3.5), math.max(3, 9, 2), string.pack("<i4", 258):byte(1, 4))
print(math.sin(1), math.exp(1), math.log(10), math.sqrt(2), 0.1 + 0.2)

local t = {}; for i = 1, 10 do t[i] = (i * 7) % 10 end
table.sort(t); print(table.concat(t, " "), #t, select("#", table.unpack(t)))
table.sort(t, function(x, y) return x > y end); print(table.concat(t, " ")); table.insert(t, 1, 99); print(table.remove(t), t[1])
local V = {__add = function(p, q) return setmetatable({x = p.x + q.x}, getmetatable(p)) end, __tostring = function(v) return "V(" .. v.x .. ")" end, __index = function(_, k) return k .. "?" end, __close = function() print("closed") end}
local v = setmetatable({x = 1}, V) + setmetatable({x = 2}, V); print(tostring(v), v.missing)
do local c <close> = v end

local generate = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end return "done" end)
print(generate(), generate(), generate(), generate(), generate(), generate()); print(pcall(generate))
local producer = coroutine.create(function(x) while true do x = coroutine.yield(x * 2) end end)
for i = 1, 3 do print(coroutine.resume(producer, i)) end; print(coroutine.status(producer), coroutine.close(producer))
print(pcall(error, {code = 7}) , select(2, pcall(function() local x = nil; return x.y end))); print(select(2, xpcall(function() error("deep", 0) end, function(m) return "handled " .. m end)))
goto over; print("unreached") ::over::

local sum = 0; for i = 1, 100000 do sum = sum + i % 7 end; print(sum)
local sieve, primes = {}, 0; for i = 2, 20000 do if not sieve[i] then primes = primes + 1; for j = i * i, 20000, i do sieve[j] = true end end end; print(primes)
local parts = {}; for i = 1, 20000 do parts[#parts + 1] = ("%d"):format(i) end; print(#table.concat(parts))
local before = collectgarbage("count"); local junk = {}; for i = 1, 50000 do junk[i] = {i} end; print(collectgarbage("count") > before); junk = nil; collectgarbage(); print(collectgarbage("count") < before + 3000)

local name = os.tmpname(); local file <close> = assert(io.open(name, "w+")); file:setvbuf("full", 1024)
for i = 1, 1000 do file:write(i, " ", i * i, "\n") end; print(file:seek("cur"), file:seek("set", 10), file:read("n", "n", "l", "L", 5)); print(file:seek("end"))
local lines = 0; for _ in io.lines(name) do lines = lines + 1 end; print(lines); print(io.open("/nowhere/file")); print(os.rename(name, name .. ".new"), os.remove(name .. ".new")); print(select("#", os.remove(name)))
print(pcall(io.lines, "/nowhere/lines")); print(io.type(file), io.type(io.stdout), io.type(42)); io.stderr:write("to standard error\n"); print(io.read("l"))
local pipe = assert(io.popen("echo from a child; exit 3")); print(pipe:read("a")); print(pipe:close()); print(os.execute("exit 5")); print(os.execute("kill -9 $$")); print(os.getenv("HOME"), os.getenv("NOTHING"))
print(os.time({year = 2024, month = 2, day = 29, hour = 12}), os.date("!%Y-%m-%d %H:%M:%S", 1709208000), os.date("!*t", 0).year, os.time() > 1.6e9, os.clock() >= 0, os.difftime(10, 4))
print(load("return 6 * 7")(), load("syntax error here")); print(utf8.char(955, 8364), utf8.len("λ€"), #"λ€"); print(require("string") == string, pcall(require, "nosuch") == false)
local function recurse(n) return n == 0 and 0 or 1 + recurse(n - 1) end; print(recurse(10000)); print(pcall(function() local function f() return 1 + f() end return f() end))
os.exit(11, true)
