# The language of the shell: busybox's own (ash).
echo "arguments: $# $*"
set -- one 'two words' three
for word in "$@"; do echo "<$word>"; done
shift; echo "$# left, first $1"

n=0; while [ $n -lt 5 ]; do n=$((n + 1)); [ $n = 3 ] && continue; printf '%d ' $n; done; echo
until [ $n -le 0 ]; do n=$((n - 2)); done; echo "n=$n"
case linux.tar.gz in *.tar.gz) echo archive ;; *) echo other ;; esac

fact() { if [ "$1" -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
echo "10! = $(fact 10)"
local_is_local() { local x=inner; echo $x; }
x=outer; local_is_local; echo $x

path=/usr/lib/libc.so.6
echo "${path##*/} ${path%/*} ${path#/usr} ${path%%.*} ${#path} ${nothing:-default} ${path/lib/LIB}"
echo $((7 / 2)) $((7 % 2)) $((1 << 40)) $((0x1f ^ 1)) $((3 > 2 && 2 > 1)) $((-7 / 2))

cat <<END | tr a-z A-Z
here-document, $((6 * 7)), $(echo substituted)
END
cat <<'END'
nothing $expanded `here`
END
cat <<-END
	tabs are taken off
	END

(cd /tmp && pwd; exit 3); echo "subshell: $?, still in $(pwd)"
{ echo one; echo two >&2; } 2>&1 | sort -r
echo to-a-file >/tmp/out; echo appended >>/tmp/out; cat </tmp/out
exec 3>/tmp/three; echo "through descriptor 3" >&3; exec 3>&-; cat /tmp/three
read first rest <<END
alpha beta gamma
END
echo "$rest, $first"
printf 'a:b:c\n' | { IFS=: read -r p q r; echo "$r$q$p"; }

false | true; echo "pipeline $?"; ! true; echo "not $?"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
nosuchcommand 2>/dev/null; echo "not found: $?"
/etc/passwd 2>/dev/null; echo "not executable: $?"
sh -c 'exit 42'; echo "child: $?"
sh -c 'kill -9 $$'; echo "killed: $?"
sh -c 'kill -TERM $$'; echo "terminated: $?"

eval 'v=evaluated'; echo $v
alias; type cd; command -v echo
set -- -a -b value file
while getopts ab: option; do echo "option $option ${OPTARG-none}"; done
echo /etc/p*d /nowhere/*
echo "$(printf 'x%.0s' 1 2 3)" | wc -c
ulimit -n >/dev/null && echo limits
umask 027; umask; touch /tmp/masked; stat -c %a /tmp/masked
exit 7
