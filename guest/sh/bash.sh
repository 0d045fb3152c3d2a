# What bash has beyond POSIX, where processes are concerned. All output is deterministic.
cd "${1:-/tmp}" || exit 9

echo "== process substitution"
diff <(seq 1 5) <(seq 1 6)
cat <(echo a) <(echo b) <(echo c)
tee >(tr a-z A-Z > upper) < <(echo shout) > /dev/null; while [ ! -s upper ]; do :; done; cat upper
while read -r x; do sum=$((sum + x)); done < <(seq 1 100); echo $sum
read -r a b <<< "here string"; echo "$b $a"
mapfile -t lines < <(printf 'x\ny\n'); echo "${#lines[@]} ${lines[1]}"

echo "== wait"
(exit 3) & a=$!; (exit 4) & b=$!
wait $a; echo $?; wait $b; echo $?
(exit 5) & wait -n; echo "next: $?"
wait -n; echo "nobody: $?"
(exit 9) & wait -n -p who $!; echo "$? $([ "$who" = $! ] && echo that one)"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
true | false | true; echo "${PIPESTATUS[*]}"

echo "== coprocess"
coproc { while read -r line; do echo "<$line>"; done; }
echo one >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "$answer"
echo two >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "$answer"
exec {COPROC[1]}>&-; wait $COPROC_PID; echo "coprocess $?"

echo "== traps"
(trap 'echo ERR $?' ERR; false; true)
(trap 'echo chld' CHLD; (exit 2) & wait $!; echo "status $?")
f() { trap 'echo return' RETURN; echo in f; }; f; trap - RETURN
trap 'echo "signal"; ' USR1 USR2; kill -USR1 $$; kill -USR2 $$; trap - USR1 USR2
trap -p; trap 'echo "int"' INT; trap -p; kill -INT $$; trap - INT
bash -c 'trap "echo term; trap - TERM; kill -TERM \$\$" TERM; kill -TERM $$'; echo "status $?"
sleep 100 & kill -STOP $!; kill -CONT $!; kill -TERM $!; wait $! 2>/dev/null; echo "stopped, continued, ended: $?"

echo "== jobs"
set -m
sleep 100 & sleep 200 &
jobs -r | wc -l
kill %1; wait %1 2>/dev/null; echo "first: $?"
kill -STOP %2; while [[ $(jobs -s) == "" ]]; do :; done; jobs | sed 's/  */ /g'
kill -CONT %2; kill %2; wait %2 2>/dev/null; echo "second: $?"
(exit 6) & wait %+; echo "job: $?"
[ "$(bash -c 'set -m; sleep 100 & p=$!; ps_group() { cut -d" " -f5 /proc/$p/stat; }; ps_group; kill $p' )" != "" ] && echo own group
set +m

echo "== limits"
(ulimit -n 20; ulimit -n); (ulimit -S -s 1024; bash -c 'ulimit -s'); (ulimit -c 0; ulimit -c)
(ulimit -t 1; while :; do :; done) 2>/dev/null; echo "processor time: $?"
(ulimit -v 100000; bash -c 'x=$(head -c 200000000 /dev/zero | tr "\0" x); echo ${#x}' 2>/dev/null); [ $? != 0 ] && echo no memory

echo "== words"
shopt -s nullglob extglob
touch g1 g2 g3x; echo g?; echo !(g?|*.*)
printf '%q ' 'a b' "c'd" $'tab\t'; echo
declare -A map=([one]=1 [two]=2); for k in "${!map[@]}"; do echo "$k=${map[$k]}"; done | sort
[[ abc =~ ^(a)(.)c$ ]] && echo "${BASH_REMATCH[2]}"
s=abcdef; echo ${s:1:3} ${s/cd/XX} ${s^^} ${s#a*c} ${#s}
time -p true 2>/dev/null
for ((i = 0; i < 300; i++)); do x=$(echo $i); done; echo "$x"
exec bash -c 'echo replaced; exit 43'
