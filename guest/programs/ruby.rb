# Ruby's threads, actors, processes, pseudo-terminals and sockets.
require "io/console"
require "open3"
require "pty"
require "socket"
require "timeout"

p 4.times.map { |n| Thread.new { (1..1000).sum * n } }.map(&:value)
queue = Queue.new
taker = Thread.new { 3.times.map { queue.pop } }
3.times { |n| queue << n }
p taker.value
Warning[:experimental] = false
actor = Ractor.new { Ractor.receive * 2 }
actor.send 21
p actor.take
p Fiber.new { Fiber.yield 1 }.resume

reader, writer = IO.pipe
child = fork { reader.close; writer.puts "from a child"; exit! 4 }
writer.close
puts reader.read
p Process.wait2(child).last.exitstatus
p `echo by a shell; exit 2`, $?.exitstatus
out, err, status = Open3.capture3("cat; echo complaint >&2; exit 5", stdin_data: "given")
p out, err, status.exitstatus

handled = Queue.new
trap(:USR1) { handled << "handled" }
Process.kill(:USR1, $$)
p handled.pop
begin
  Timeout.timeout(0.05) { sleep }
rescue Timeout::Error
  puts "in time"
end

server = UNIXServer.new("/tmp/socket")
echo = Thread.new { server.accept.then { |peer| peer.puts peer.gets.upcase; peer.close } }
client = UNIXSocket.new("/tmp/socket")
client.puts "hello"
p client.read
echo.join

PTY.spawn("stty size; read line; echo got $line; exit 3") do |from, to, pid|
  from.winsize = [30, 90]
  to.puts "a line"
  lines = []
  begin
    loop { lines << from.gets.chomp }
  rescue Errno::EIO
    p lines.last
  end
  Process.wait(pid)
  p $?.exitstatus
end
File.open("/tmp/locked", "w") { |file| p file.flock(File::LOCK_EX | File::LOCK_NB) }
GC.start
p ObjectSpace.count_objects[:TOTAL].positive?
