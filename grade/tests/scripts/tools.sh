# The small programs, one after another: what they write, and what they say when something is wrong.
exec 2>&1
mkdir t; cd t
echo "one two three" >a; printf=; echo -n "no newline" >b; cat a b; echo; cat - <a; cat missing; echo "status $?"
mkdir -p deep/er/est; mkdir deep; mkdir -p deep; echo "status $?"; ls; ls -a deep; ls missing; ls -d deep a; ls a b deep
touch -d 1000000000 a b; chmod 640 a; ln -s a link; ln a hard; ls -l a b hard; chmod u+x a; chmod g-r a; chmod +x b; chmod go= b; ls -l a b
cp a copy; cp a b deep; cp deep other; cp -r deep tree; ls tree tree/er; cp a a; cp missing x; cat copy; cp -r link tree; ls tree
mv copy moved; mv moved deep/er; ls deep/er; mv missing x; echo "status $?"; mv -x a b; mv -f a b deep/er; ls deep/er; ls
ln deep/er/a deep/er/a; ln -s nowhere dangling; cat dangling; ls -l dangling | grep -c "dangling -> nowhere"; ln -f -s else dangling; rm dangling
rm missing; rm -f missing; echo "status $?"; rm deep; rmdir deep; rm -r deep; echo "status $?"; rmdir tree/er/est; ls tree/er; rm -r tree link hard; ls
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i of 12"; done >lines
head lines; head -n 2 lines; tail -n 2 lines; tail lines | head -n 1; head -n 1 lines lines; wc lines; wc -l lines; wc -w lines; cat lines | wc -c; wc lines lines
grep 1 lines; grep -c "line 1" lines; grep -v "line 1" lines | head -n 3; grep -n "^line [39]" lines; grep -i LINE lines | wc -l; grep -q nothing lines; echo "status $?"
grep "of 12$" lines missing; echo "status $?"; grep '[' lines; echo "status $?"; grep -E x lines; echo "status $?"; echo abc | grep 'a.c|x'; grep "2 of" lines lines
mkdir in; mkdir in/to; echo deep >in/to/f; echo "deep too" >in/g; echo no >in/h; grep -r deep in; grep -rl deep in lines; grep -l line lines in/g; grep deep in; rm -r in
date -d 0; date -d 1000000000 +%Y-%m-%dT%H:%M:%S; env | grep -c PATH; env A=1 B=2 sh -c 'echo $A$B'; env nosuch; echo "status $?"
sleep 0.01; echo "status $?"; sleep x; echo "status $?"; kill -l | head -n 3; kill 999999; kill -NOSUCH 1; kill x; kill; echo "status $?"
sleep 100 & kill $!; wait $!; echo "status $?"; sleep 100 & kill -9 $!; wait $!; echo "status $?"; sleep 100 & kill -INT $!; kill -KILL $!; wait $!; echo "status $?"
free | wc -l; free -m | wc -l; free -x; echo "status $?"; uptime | grep -c "^up "; ps >list; grep -c PID list; grep -c "ps$" list; maps | grep -c "\[stack\]"; maps | grep -c "\[heap\]"; maps 999999
mkdir mnt; mount none mnt 2>/dev/null; echo "status $?"; mount -t tmpfs none mnt; echo x >mnt/f; ls mnt; mount | grep -c " $PWD/mnt tmpfs "; umount mnt; ls mnt; umount mnt; echo "status $?"
mount -t nosuchfs none mnt; sync; echo "status $?"; tools nosuch | grep -c " ls "; echo 'echo "a script: $0 $1"' >script; chmod 755 script; ./script x
head -2 lines; tail -3 lines; head -0 lines; tail -x lines; echo "status $?"; df . | wc -l; df missing; echo "status $?"; df -x; echo "status $?"
sleep 100 & kill %1; wait $!; echo "status $?"; sleep 100 & sleep 200 & kill -KILL %1 %2; wait $!; echo "status $?"; kill %7; echo "status $?"
