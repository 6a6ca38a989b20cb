# Commands that ask about processes and the system.
id; whoami; groups; id -u nobody; uname -s -m; hostname >/dev/null && echo hostname; nproc
ps | awk 'NR == 1 { print $1, $NF } $1 == 1 { print "process 1" }'; ps -o pid,ppid,comm | grep -c ps; pidof nosuchprogram; echo "pidof: $?"
sleep 30 & pid=$!; until ps | grep -q "[s]leep 30"; do :; done; echo found; kill -0 $pid && pidof sleep >/dev/null && echo pidof; killall sleep; wait $pid 2>/dev/null; echo "killed: $?"
cat /proc/$$/comm; tr '\0' ' ' </proc/self/cmdline; echo; readlink /proc/self/exe; ls -d /proc/self/fd /proc/$$/maps | sed 's/[0-9]*//g'; grep -c . /proc/self/maps >/dev/null && echo maps
readlink /proc/self/cwd; readlink /proc/$$/root; grep -E '^(Name|State|Pid|PPid):' /proc/$$/status | grep -c .; ls /proc/self/fd | head -3 | paste -s
free | head -1 | awk '{ print $1, $2, $3 }'; uptime | grep -c load; cut -d. -f1 /proc/uptime | grep -c '^[0-9]*$'; grep -c MemTotal /proc/meminfo; grep -c . /proc/cpuinfo >/dev/null && echo cpuinfo; grep -c '^cpu ' /proc/stat; mount | grep -c proc
env -i A=1 B=2 env | sort; env | grep -c PATH; which sh ls; setsid echo "a session of its own"; nproc >/dev/null
top -b -n 1 | head -1 | cut -c1-4; time true 2>/dev/null; sh -c 'ulimit -n 20; ulimit -n'; ulimit -c; usleep 1000; date +%Y | grep -c '^20[2-9]'; renice 5 $$ >/dev/null 2>&1; stty size </dev/null 2>&1 | head -1; logname 2>/dev/null; clear | od -c | head -1
