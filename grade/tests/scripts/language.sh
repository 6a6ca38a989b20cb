# The shell's language. What it writes must be what any POSIX shell writes: the test compares with the host's.
echo 'single $HOME "quoted"' "double 'quoted' \$x \"y\" \\" back\ slash a\
b
echo 'a "double" in it' "a 'single' one" 'back\slash' 'it'\''s' '$(' '`' "$(echo 'a ")" b')" `echo 'x"y'` ${unset-'u"v'}
empty="" ; one='a b   c'; two=$one
echo "[$empty]" $empty "$one" $one "$two" ${one}x "${one}x" $unset "[$unset]"
echo $# "$@" ; set -- first 'second word' third; echo $# "$1" "$2" $3
for p in "$@"; do echo "<$p>"; done; for p in $@; do echo "<$p>"; done; for p in "$*"; do echo "<$p>"; done
for p; do echo "(x$p)"; done; set -- a b; for p in "1$@2"; do echo "<$p>"; done
shift; echo "$# $1"; set --; for p in "$@"; do echo never; done; echo "$#"
echo ${one:-default} ${unset:-default} ${empty:-default} "${empty-kept}" ${unset+no} ${one:+yes}
echo ${unset:=assigned} $unset ${#one} ${#unset}
path=/usr/local/lib.tar.gz
echo ${path##*/} ${path%/*} ${path#*/} ${path%%.*} ${path%.*} "${path#"/usr"}"
echo $((1 + 2 * 3)) $(((1 + 2) * 3)) $((7 / 2)) $((-7 % 3)) $((2 < 3 && 3 < 2)) $((0x10 + 010)) $((!5))
echo $((1 << 3)) $((256 >> 4)) $((6 & 3)) $((4 | 1)) $((5 ^ 1)) $((~0)) $((1 | 2 && 0)) $((1 < 2 ? 3 : 4)) $((0 ? 2 : 0 ? 4 : 5))
IFS=:; list=a:b::c; for p in $list "$list"; do echo "<$p>"; done; unset IFS; for p in $list; do echo "<$p>"; done
echo a:b:c:d | { IFS=: read x y z; echo "$x-$y-$z"; }; echo "  a  b  " | { IFS= read -r x; echo "[$x]"; }; echo " a  b c " | { read x y; echo "[$x][$y]"; }
here() { :; }; type here cd; type nosuchcommand >/dev/null 2>&1; echo "status $?"
i=0; while [ $i -lt 3 ]; do i=$((i + 1)); if [ $i = 2 ]; then continue; fi; echo "i $i"; done
until [ $i -eq 0 ]; do i=$((i - 1)); [ $i = 1 ] && break; done; echo "left at $i"
for a in 1 2 3; do for b in x y; do [ $a$b = 2x ] && continue 2; [ $a$b = 3y ] && break 2; echo $a$b; done; done
if false; then echo no; elif true; then echo elif; else echo no; fi; if false; then echo no; else echo else; fi
true && echo and; false && echo no; false || echo or; true || echo no; ! false && echo negated; ! true; echo $?
false; echo "status $?"; (exit 7); echo "status $?"; sh -c 'exit 9'; echo "status $?"
case hello.c in *.h) echo header;; *.c | *.cc) echo source;; *) echo other;; esac
case "a*b" in "a*b") echo literal;; *) echo no;; esac; case abc in a[a-c]c) echo class;; esac; case x in y) echo no;; esac; echo "case $?"
greet() { echo "hello $1 of $#"; return 3; echo never; }; greet world x; echo "returned $?"
count() { if [ $1 -gt 0 ]; then echo -n "$1 "; count $(($1 - 1)); else echo liftoff; fi; }; count 5
echo $(echo inner; echo "two  blanks") "$(echo inner; echo "two  blanks")" `echo old \`echo older\`` "$(echo "nested $(echo "deep")")"
x=$(false); echo "substituted $?"; x=`echo ')'`; echo "$x"; echo $(echo $(echo $((3 + 4))))
echo one | cat | cat; echo a b c | while read first rest; do echo "$first/$rest"; done; echo x | { read v; echo "got $v"; }
printed=before; echo changed | read printed; echo $printed; (printed=inside; echo $printed); echo $printed
{ echo to file; echo second; } >out.txt; cat <out.txt; echo third >>out.txt; cat out.txt; wc -l <out.txt | { read n; echo "lines $n"; }
cat missing.txt 2>/dev/null || echo "cat failed"; { echo err >&2; } 2>&1 | cat; sh -c 'echo oops >&2' 2>err.txt; cat err.txt
cat <<END
here $one $((1 + 1)) $(echo sub) \$kept "quotes"
END
cat <<'END' | cat
literal $one $((1 + 1)) `no`
END
cat <<-END
	tabs go
	END
exec 3>third.txt; echo via three >&3; exec 3>&-; cat third.txt; exec 4<third.txt; read line <&4; echo "read $line"; exec 4<&-
mkdir d; cd d; : >b.c; : >a.c; : >.hidden; : >'sp ace'; echo *; echo *.c ?.c [ab].c "*.c" '*'.c no*match; cd ..; echo d/*.c */b.*; for f in d/s*; do echo "$f"; done
star='*'; cd d; echo $star "$star"; cd ..; export SHOWN=yes; sh -c 'echo $SHOWN $HIDDEN'; HIDDEN=only sh -c 'echo $SHOWN $HIDDEN'; echo "[$HIDDEN]"
unset SHOWN; sh -c 'echo "[$SHOWN]"'; sh -c 'echo $0 $1 $#' name arg; eval 'echo evaluated; y=5'; echo $y
echo 'echo from file $1; z=set' >script.sh; sh script.sh arg; . ./script.sh; echo $z; (cd d; pwd >../where); read w <where; echo ${w##*/}
sleep 0.1 & wait $!; echo "waited $?"; (exit 5) & wait $!; echo "waited $?"; wait; echo "all $?"
[ -d d ] && [ -f out.txt ] && [ ! -e nothing ] && [ -s out.txt ] && [ -n x -a -z "" ] && [ \( a = b \) -o c != d ] && echo files
test 5 -gt 3 && test abc != abd && echo compared; [ ] || echo "empty is false"; [ 10 -lt 9 ] || echo "numbers, not text"
sh -c 'kill -TERM $$'; echo "killed $?"; (kill -KILL $(sh -c 'echo $PPID') ) 2>/dev/null; nosuchprogram 2>/dev/null; echo "not found $?"
./out.txt 2>/dev/null; echo "not executable $?"; sh -c 'set -e; false; echo never'; echo "stopped $?"; sh -c 'set -e; if false; then :; fi; false || true; echo goes on'
sh -c 'for i in 1 2; do' 2>/dev/null; echo "syntax $?"; sh -c 'echo a; )' 2>/dev/null; [ $? != 0 ] && echo "syntax, too"
echo a;echo b # a comment; echo no
echo "a # b" c#d; if true; then # a comment
echo multi; fi; for i in 1 \
2; do echo $i; done
echo "lines
in quotes"; echo done
