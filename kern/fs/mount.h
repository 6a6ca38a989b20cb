// Mounting: see mount(2), umount2(2). What a mount does to the tree of names is drawn in fs/directory.h.
#pragma once

#include "base/boot_args.h"
#include "fs/directory.h"

// A kind of file system that mount(2) knows by name; the table of them is in mount.cpp.
struct FileSystemType {
    std::string_view name;
    bool needs_device;
    // The root of one that begins on `device` (null when it needs none), or of a new, empty one. EINVAL (nothing of
    // this kind is there), EBUSY, EIO, ENOMEM. May sleep.
    Result<Ref<Directory>> (*open)(BlockDevice* device, bool read_only);
};

// Shows a file system in place of the directory `at`. `source` is what /proc/mounts calls it; `device` what is found
// there (null: nothing). ENODEV (no such type), ENOTDIR, ENOTBLK, EBUSY (`at` is covered or "/"), ENOENT and what the
// type says.
Result<> mount(std::string_view type, std::string_view source, Inode* device, Inode& at, bool read_only);
// mount(2) with MS_REMOUNT and MS_RDONLY. EINVAL: `root` is not that of a mount; EBUSY: open files.
Result<> remount_read_only(Inode& root);
// Takes a mount with this root away, after sync(). EINVAL, EBUSY (open files, a working directory or a mount in it).
Result<> unmount(Inode& root);
// sync(2): all of them, and errors are not told.
Result<> sync_file_systems();
// Before the machine is powered off: nothing is written any more, and the disks say that they are in order.
void shut_down_file_systems();
// The lines of /proc/mounts.
void write_mounts(TextSink& out);

// KINDS OF FILE SYSTEMS

// A directory that lives in memory alone, to begin a file system of such with: a file's content is its Vmo. ENOMEM.
Result<Ref<Directory>> make_ram_directory(FileSystem& fs, uint32_t permissions);
// The roots of a new, empty one, which goes with its last file, and of /proc. ENOMEM.
Result<Ref<Directory>> make_tmpfs();
Result<Ref<Directory>> make_procfs();

// AT BOOT

// Makes the root in memory, fills it from the archives that the boot loader put in memory (the kernel's -initrd; empty:
// it stays so), or takes the disk that the boot argument root= names instead, and mounts /dev and /proc. An error has
// been reported in one line: EINVAL (a malformed archive), ENOENT (no such disk), ENOSPC, ENOMEM and what fs/tree.h and
// mount() say.
Result<> mount_root(std::span<const std::byte> initramfs, const BootArgs& args);
