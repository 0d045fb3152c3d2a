# Redis by a Unix socket: commands, many clients at once, a snapshot by fork, the log written anew.
mkdir -p /tmp/redis && cd /tmp/redis || exit
redis-server --port 0 --unixsocket /tmp/redis/socket --save '' --appendonly yes > log 2>&1 &
server=$!
ask() { redis-cli -s socket "$@"; }
until ask ping 2> /dev/null | grep -q PONG; do :; done
info() { ask info persistence | tr -d '\r' | grep "^$1:"; }
ask set a 41; ask incr a; ask rpush list x y z; ask lrange list 0 -1; ask eval 'return redis.call("get", "a") * 2' 0
for client in 1 2 3 4; do
    seq 100 | sed "s/.*/zadd board$client & member&/" | ask > replies$client &
    clients="$clients $!"
done
wait $clients
cat replies? | sort | uniq -c
ask zrange board3 97 -1 withscores
ask blpop nothing 0.01
ask bgsave
until info rdb_bgsave_in_progress | grep -q :0; do :; done
info rdb_last_bgsave_status
ask bgrewriteaof
until info aof_rewrite_in_progress | grep -q :0 && info aof_rewrite_scheduled | grep -q :0; do :; done
info aof_last_bgrewrite_status
ask shutdown; wait $server; echo "ended: $?"
redis-server --port 0 --unixsocket /tmp/redis/socket --save '' --appendonly yes >> log 2>&1 &
until ask ping 2> /dev/null | grep -q PONG; do :; done
ask get a; ask zcard board2; ask shutdown; wait $!; echo "ended: $?"
ls . appendonlydir
