# Commands that work on files and directories.
umask 022; cd /tmp; mkdir -p files/a/b/c; cd files
echo content >a/file; ln -s file a/link; ln a/file a/hard; cp a/file a/b/copy; touch -d '2020-05-17 12:30:00' a/b/copy
chmod 640 a/file; ls -l a | awk '{ print $1, $2, $5, $9, $10, $11 }'; ls -l a/b/copy; ls -A a; ls -1 -p a; ls -R . ; ls -i a/file a/hard | awk '{ print $1 }' | uniq | wc -l
stat -c '%A %a %h %s %F %N' a/file a/link a/b; stat -L -c '%F %s' a/link; readlink a/link; readlink -f a/link; realpath a/b/../link
[ a/file -ef a/hard ] && echo same; [ -L a/link ] && echo symlink; [ -d a/b ] && [ ! -w /nonexistent ] && [ -x /bin/sh ] && echo tests
find . | sort; find . -type f -size -2 | sort; find . -type l; find . -name 'c*' | sort; find a -maxdepth 1 -newer a/b/copy | sort; find . -perm 640 | sort; find . -links 2 -type f | sort
mv a/b/copy a/b/moved; mv a/b a/d; ls a a/d; mv a/d/moved a/file2; cp -r a copy-of-a; diff -r a copy-of-a && echo identical; cp -a a kept; ls -l kept | awk '{ print $1, $9, $10, $11 }'
rm a/hard; stat -c %h a/file; rmdir a/d 2>/dev/null; echo "rmdir: $?"; rmdir a/d/c; rm -r a/d; rm a 2>&1; rm -f nothing; ls a
mkdir a 2>&1; mkdir a/x/y 2>&1; cat nothing 2>&1; cat a 2>&1; rmdir a 2>&1; cp nothing there 2>&1; mv nothing there 2>&1; ln -s loop loop; cat loop 2>&1; ls nothing 2>&1; cd nothing 2>&1; echo "cd: $?"
touch a/file/below 2>&1; ln a/link a/link2; readlink a/link2; ln -s /nowhere dangling; cat dangling 2>&1; mkdir dangling 2>&1

tar cf t.tar copy-of-a; tar tf t.tar | sort; mkdir out; tar xf t.tar -C out; diff -r copy-of-a out/copy-of-a && echo "tar round trip"
tar czf t.tgz copy-of-a; tar tzf t.tgz | wc -l; zcat t.tgz | tar tf - | sort | head -2; gunzip -t t.tgz && echo "gzip sound"
seq 1 30000 >big; sha256sum big; gzip -k big; gunzip -c big.gz | sha256sum; gzip -l big.gz 2>/dev/null | wc -l >/dev/null; bzip2 -k big; bunzip2 -c big.bz2 | md5sum
find copy-of-a | sort | cpio -o -H newc 2>/dev/null >t.cpio; mkdir in; (cd in && cpio -idm <../t.cpio 2>/dev/null); diff -r copy-of-a in/copy-of-a && echo "cpio round trip"
ar r t.a a/file 2>/dev/null; unxz -h >/dev/null 2>&1

dd if=big of=part bs=100 skip=3 count=2 2>/dev/null; cat part | head -2; wc -c part; dd if=/dev/zero of=sparse bs=1 count=1 seek=99999 2>/dev/null; stat -c %s sparse; printf X | dd of=part conv=notrunc bs=1 seek=5 2>/dev/null; head -c 12 part
dd if=big of=/dev/null bs=4k 2>&1 | head -2; truncate -s 10 part; wc -c <part; truncate -s 15 part; od -c part | tail -2; tee one two <part | wc -c; cmp one two && echo teed
du -s nothing 2>&1; df -P | grep -c Mounted; sync && echo synced; mktemp -d /tmp/files/dir.XXXXXX | wc -c; basename /a/b.c .c; dirname /a/b.c
install -m 755 a/file installed; stat -c %a installed; chown 1000:100 installed; stat -c '%u:%g' installed; chgrp 7 installed; stat -c %g installed; chmod -R go-rwx copy-of-a; find copy-of-a ! -type l -perm -004; chmod u=rw,go=r,a+x part; stat -c %A part; chmod +t out; stat -c %A out; chmod 4711 part; stat -c %A part
touch -t 202001020304.05 stamp; stat -c %Y stamp; date -r stamp -u +%s; touch -r stamp stamp2; stat -c %y stamp2 | cut -c1-19; test stamp2 -ot a/file && echo older
echo "> /dev/null: $(echo x >/dev/null)"; head -c 4 /dev/zero | od -c; echo x >/dev/full; echo "full: $?"; head -c 100 /dev/urandom | wc -c; tty; ls /dev/null /dev/zero /dev/tty
cd /; rm -r /tmp/files && ls /tmp/files 2>&1
