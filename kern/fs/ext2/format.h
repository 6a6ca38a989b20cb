// What lies on a disk with ext2. See https://www.nongnu.org/ext2-doc/ext2.html ("The Second Extended File System").
//
// The disk is a row of blocks of 1, 2 or 4 KiB, in groups that are all laid out alike:
//
//     | boot | super | group       | block  | inode  | inode   | data blocks                 | super | ...
//     | 1 KiB| block | descriptors | bitmap | bitmap | table   | of files and directories    | block |
//     |<-------------------------- group 0 ------------------------------------------------>|<-- group 1 ...
//
// The first superblock and descriptors are the ones that count; some groups begin with copies for e2fsck. A group has
// a bit in its bitmaps for each of its blocks and inodes: 1 is taken. Inodes are numbered from 1; number 2 is the root
// directory.
//
// An inode names the blocks of its file, the first 12 by itself, the others by blocks full of block numbers. Number 0
// is a hole, which reads as zeroes:
//
//     inode.blocks   [0] ... [11] [12]          [13]                    [14]
//                     |       |    |             |                       |
//                   data    data  [n0 n1 ...]   [ m0    m1   ... ]      one level more
//                                  |  |           |     |
//                                data data  [n0 n1 ..] [n0 n1 ..]
//
// A directory is a file of entries. Each block is filled by them to its end: what a name leaves free belongs to the
// entry before it, or to an entry of inode 0.
//
//     | inode | size | name size | type | name, padded to 4 bytes |     | inode | size | ...
//     |<--------------------- size --------------------------------- - - ->|
//
// All numbers are little-endian.
#pragma once

namespace ext2 {

inline constexpr uint64_t SUPERBLOCK_AT = 1024;  // bytes from the start of the disk
inline constexpr uint16_t MAGIC = 0xef53, STATE_CLEAN = 1;
inline constexpr uint32_t ROOT_INODE = 2;

// Features this kernel knows. An unknown one forbids mounting, or only writing.
inline constexpr uint32_t INCOMPATIBLE_KNOWN = 0x2;        // entries hold a file type
inline constexpr uint32_t READ_ONLY_KNOWN = 0x1 | 0x2;     // few copies of the superblock; files of 2 GiB and more
inline constexpr uint32_t LARGE_FILES = 0x2;

struct Superblock {
    uint32_t inode_count, block_count, reserved_blocks;
    uint32_t free[2];         // how many blocks, how many inodes
    uint32_t first_block;     // of group 0: 1 when blocks are of 1 KiB, else 0
    uint32_t log_block_size;  // 0: 1 KiB
    uint32_t log_fragment_size, blocks_per_group, fragments_per_group, inodes_per_group;
    uint32_t mount_time, write_time;
    uint16_t mount_count, max_mount_count, magic, state, errors, minor_revision;
    uint32_t check_time, check_interval, creator, revision;
    uint16_t reserved_user, reserved_group;
    // From revision 1 on:
    uint32_t first_inode;  // that is not reserved
    uint16_t inode_size, group;
    uint32_t compatible, incompatible, read_only_compatible;
};
static_assert(offsetof(Superblock, read_only_compatible) == 100);

struct Group {
    uint32_t bitmaps[2];  // of blocks, of inodes: where they are
    uint32_t inode_table;
    uint16_t free[2];     // how many blocks, how many inodes
    uint16_t directories, padding;
    uint32_t reserved[3];
};
static_assert(sizeof(Group) == 32);

inline constexpr size_t DIRECT_BLOCKS = 12, BLOCK_POINTERS = 15;
// Levels of blocks of numbers between an inode's number and a block of data.
constexpr unsigned depth_of(size_t pointer) {
    return pointer < DIRECT_BLOCKS ? 0 : static_cast<unsigned>(pointer - DIRECT_BLOCKS + 1);
}
inline constexpr uint32_t FLAG_INDEXED = 0x1000;  // a directory with a hash tree, which we do not keep up

struct DiskInode {
    uint16_t mode, user_low;
    uint32_t size_low, accessed, changed, modified, deleted;  // times in seconds since 1970
    uint16_t group_low, links;
    uint32_t sectors;  // of 512 bytes, taken by data and block numbers
    uint32_t flags, reserved1;
    uint32_t blocks[BLOCK_POINTERS];  // of a symbolic link shorter than this: its text. Of a device: its number
    uint32_t generation, attributes_block, size_high, reserved2;
    uint16_t reserved3[2], user_high, group_high;
    uint32_t reserved4;
};
static_assert(sizeof(DiskInode) == 128);

struct Entry {
    uint32_t inode;
    uint16_t size;
    uint8_t name_size, type;
    char name[];
};
static_assert(sizeof(Entry) == 8);

}  // namespace ext2
