# sqlite.sh with its database on the disk, where there is one; in memory otherwise.
mkdir /mnt
[ ! -b /dev/vda ] || mount -t ext2 /dev/vda /mnt || exit 99
sh /t/sqlite.sh /mnt; status=$?
[ ! -b /dev/vda ] || umount /mnt || exit 98
exit $status
