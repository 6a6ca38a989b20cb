# Signals, background processes and the pipes between many.
trap 'echo "exit trap, status $?"' EXIT
trap 'echo "got USR1"' USR1
kill -USR1 $$; echo "after USR1"
trap '' USR2; kill -USR2 $$; echo "USR2 ignored"
trap - USR2
trap 'echo "got TERM"' TERM

(sleep 0.2; kill -TERM $$) &
wait $!; echo "wait: $?"
(exit 5) & first=$!
(exit 6) & second=$!
wait $first; echo "first $?"; wait $second; echo "second $?"
trap - TERM; sleep 100 & kill $!; wait $! 2>/dev/null; echo "killed in the background: $?"
for n in 1 2 3 4 5; do (echo $n >/tmp/part.$n) & done; wait; cat /tmp/part.*
{ sleep 0.1; echo late; } & echo early; wait

seq 1 20000 | grep 7 | sed 's/7/seven/' | sort | uniq | wc -l
yes | head -n 3
yes | sed 5q | wc -l
seq 5 | while read -r n; do echo $((n * n)); done | tac | paste -s -d,
cat /dev/zero | dd bs=1000 count=100 iflag=fullblock 2>/dev/null | wc -c
timeout 0.2 sleep 10; echo "timeout: $?"
sh -c 'trap "echo int; exit 9" INT; kill -INT $$; echo unreached'; echo "child: $?"
trap 'echo child ended' CHLD; true & wait; trap - CHLD
kill -0 $$ && echo alive; kill -0 99999 2>/dev/null || echo nobody
kill -STOP $(sleep 100 >/dev/null & echo $!); echo stopped
(trap 'echo hup in subshell' HUP; kill -HUP $(sh -c 'echo $PPID'))
time -f "" true; nice_one=$(sh -c 'echo $((1 + 1))'); echo "$nice_one"
exit 4
