# What every POSIX shell does with processes. All output is deterministic.
set -u
cd "${1:-/tmp}" || exit 9

echo "== pipelines"
printf 'b\na\nc\n' | sort | tr a-z A-Z | tail -n 2
echo x | (read -r a; echo "in a subshell: $a")
a=outside; echo y | read -r a; echo "$a" | wc -c
false | true; echo "status $?"
true | false; echo "status $?"
! true; echo "not: $?"
seq 1 10000 | head -n 1
yes | head -c 100000 | cksum
i=0; while [ $i -lt 5 ]; do echo $i; i=$((i + 1)); done | while read -r n; do printf '%s,' "$n"; done; echo

echo "== substitution"
echo "$(echo a; echo b) and `echo back`"
x=$(exit 3); echo "status $?"
nested=$(echo "$(echo "$(echo deep)")"); echo $nested
: "${nothing:=default}"; echo "$nothing"
lines=$(seq 1 2000); echo "$lines" | wc -l | tr -d ' '

echo "== here-documents"
cat <<EOF | sed 's/^/> /'
expanded $((6 * 7)) $(echo run)
EOF
cat <<'EOF'
not $expanded
EOF
cat <<-EOF
	tabs gone
	EOF
cat <<A; cat <<B
first
A
second
B
long=$(i=0; while [ $i -lt 3000 ]; do echo "line $i of a document that does not fit into a pipe"; i=$((i + 1)); done)
cat <<EOF | cksum
$long
EOF

echo "== redirections"
echo one > f; echo two >> f; cat < f
(echo out; echo err >&2) > both 2>&1; cat both
exec 3> third; echo through three >&3; exec 3>&-; cat third
{ echo a; echo b; } > group; wc -l < group | tr -d ' '
echo closed >&- 2>/dev/null; echo "status $?"
cat < missing 2>/dev/null; echo "status $?"
set -C; (echo x > f) 2>/dev/null; echo "noclobber $?"; set +C

echo "== subshells"
x=1; (x=2; cd /; echo "inside $x"); echo "outside $x"
(exit 7); echo "status $?"
( (exit 5); echo "inner $?"; exit 6); echo "outer $?"
export E=exported; sh -c 'echo $E'; (unset E; sh -c 'echo ${E-unset}'); sh -c 'echo $E'
E=once sh -c 'echo $E'; echo $E

echo "== background"
(exit 4) & wait $!; echo "status $?"
for i in 1 2 3; do (echo "job $i" > "job$i") & done; wait; cat job1 job2 job3
sh -c 'kill -TERM $$'; echo "killed by TERM: $?"
sh -c 'kill -KILL $$'; echo "killed by KILL: $?"
sleep 100 & kill $!; wait $!; echo "killed: $?"
mkfifo pipe; cat pipe > from & echo through a fifo > pipe; wait; cat from

echo "== traps"
(trap 'echo at exit' EXIT; echo before)
(trap 'echo on TERM; exit 12' TERM; kill -TERM $(sh -c 'echo $PPID'); echo not reached); echo "status $?"
(trap '' TERM; sh -c 'kill -TERM $$; echo survived')
(trap 'echo got USR1' USR1; sh -c 'kill -USR1 $PPID'; echo after)
(trap 'echo usr1 while waiting' USR1; (sh -c 'kill -USR1 $PPID') & wait)
(trap 'echo pipe broke >&2; exit 3' PIPE; exit 0)
(set -e; false; echo not reached); echo "errexit: $?"
(trap 'echo exit $?' EXIT; exit 5); echo "status $?"

echo "== tools"
seq 1 12 | xargs -n 5 echo
seq 1 20 | xargs -P 4 -n 3 sh -c 'echo "$*" | tr " " +' x | sort -t+ -k1n
printf 'a b\0c' | xargs -0 -n 1 echo
seq 1 3 | xargs -I{} sh -c 'exit {}'; echo "xargs: $?"
timeout 0.1 sleep 100; echo "timeout: $?"
timeout 100 sh -c 'exit 3'; echo "in time: $?"
timeout -s KILL 0.1 sleep 100; echo "timeout -s KILL: $?"
nohup sh -c 'echo not hung up' 2>/dev/null
echo $(($(nice -n 5 nice) - $(nice)))
env -i A=b sh -c 'echo $A ${HOME-none}'
mkdir -p tree/a/b tree/c; echo 1 > tree/a/x.c; echo 22 > tree/a/b/y.c; echo 333 > tree/c/z.h
find tree -name '*.c' -exec cat {} \; | sort
find tree -type f -exec sh -c 'for f; do basename "$f"; done' x {} + | sort
find tree -type f | sort | xargs cksum
tar -cf tree.tar tree; tar -tf tree.tar | sort
gzip -9 < tree.tar | gunzip | cmp - tree.tar && echo same
tar -czf tree.tar.gz tree; mkdir out; tar -xzf tree.tar.gz -C out; diff -r tree out/tree && echo same
seq 1 5 | tee copy | tail -n 1; cat copy | wc -l | tr -d ' '
seq 1 50000 | sort -r -n | uniq | awk '{ s += $1 } END { print s, NR }'
dd if=/dev/zero bs=1k count=100 2>/dev/null | cksum
ls -1 tree | sed 's/$/!/'
expr 3 + 4; test -f f && echo file; [ -d tree ] && echo folder
printf '%d %s %x\n' 1 two 255
date -u -d @86400 '+%Y-%m-%d %H:%M:%S'
(ulimit -n 10; ulimit -n; sh -c 'ulimit -n')
(ulimit -f 1; dd if=/dev/zero of=big bs=1024 count=10 2>/dev/null; echo "file size: $?")
umask 027; touch masked; ls -l masked | cut -c 1-10
exit 42
