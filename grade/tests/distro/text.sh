# Commands that read text.
cd /tmp; mkdir text; cd text
seq 1 50 >numbers; printf 'pear 3\napple 10\nfig 2\napple 1\n' >fruit
printf 'name,qty,price\nbolt,100,0.25\nnut,250,0.10\ngear,7,12.5\n' >parts.csv
grep -n 5 numbers | head -3; grep -c 1 numbers; grep -v '^[1-4]' numbers | tail -2; grep -rl apple . ; grep -E '^(fig|pear)' fruit
grep nothing fruit; echo "grep: $?"; grep -i APPLE fruit | wc -l; grep -o '[0-9]*' fruit | paste -s -d+ | bc
sed -n '3,5p' numbers; sed 's/\(.*\) \(.*\)/\2 \1/' fruit; sed -e '/apple/d' -e '$a end' fruit; sed -i 's/fig/FIG/' fruit; cat fruit
awk -F, 'NR > 1 { sum += $2 * $3; printf "%-6s %8.2f\n", $1, $2 * $3 } END { print "total", sum }' parts.csv
awk 'BEGIN { for (i = 1; i <= 5; i++) a[i] = i * i; for (i in a) n += a[i]; print n, length("four"), substr("substring", 4), toupper("up") }'
awk '{ count[$1]++ } END { for (k in count) print k, count[k] }' fruit | sort
sort fruit; sort -k2 -n fruit; sort -r numbers | head -2; sort -u fruit | wc -l; sort -t, -k3 -g parts.csv
printf 'a\na\nb\na\n' | uniq -c; printf 'b\na\n' | sort | uniq -d
cut -d, -f1,3 parts.csv; cut -c2-4 fruit; tr -d aeiou <fruit; tr -s 'p' <fruit | head -1; tr '[:lower:]' '[:upper:]' <fruit | tail -1
head -c 10 numbers; tail -n +48 numbers; tail -c 6 numbers; wc numbers fruit; wc -l <numbers
nl fruit; fold -w 4 fruit | head -3; rev fruit; tac fruit | head -1; expand <<END
	tab
END
paste fruit numbers | head -2; printf '1\n2\n3\n' | shuf | sort | paste -s -d' '
cp fruit fruit2; echo cherry 9 >>fruit2; diff fruit fruit2; echo "diff: $?"; diff -u fruit fruit2 | tail -n +3; cmp fruit fruit2; echo "cmp: $?"
diff -u fruit fruit2 >patch; patch fruit <patch; diff fruit fruit2 && echo patched
od -c fruit | head -3; od -t x1 -N 8 numbers; hexdump -C fruit | head -2; xxd fruit | head -2; strings /usr/bin/busybox | grep -c '^GNU' >/dev/null && echo strings
echo 'to be encoded' | base64; echo dG8gYmUgZGVjb2RlZAo= | base64 -d; printf 'one two three' | xargs -n 1 echo item; seq 6 | xargs -n 2; seq 3 | xargs -I@ echo '<@>'
find . -name '*.csv' -exec wc -c {} \; ; echo x y z | xargs -n1 sh -c 'echo "$0!"'
expr 6 '*' 7; expr length abcdef; expr 5 '>' 3; factor 360; echo '2^64; scale=5; 22/7' | bc; echo '2 3 + p' | dc
printf '%s|%5d|%-5s|%05.1f|%x|%o|%c\n' str 42 left 3.14159 255 8 char; printf '%b' 'a\tb\n'; seq -w 8 11 | paste -s; seq 10 -3 0 | paste -s
md5sum fruit; sha1sum fruit; sha256sum fruit; sha512sum fruit; cksum fruit 2>/dev/null; crc32 fruit
md5sum fruit numbers >sums; md5sum -c sums
ed -s fruit <<END
1d
\$a
added by ed
.
w
q
END
cat fruit; cal 2 2024; ts '' </dev/null; date -u -d @86400 +%Y-%m-%dT%H:%M:%S; test -s fruit -a ! -e none && echo tested; [ 3 -gt 2 ] && echo greater
