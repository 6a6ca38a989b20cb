// Physical memory at boot, and the kernel's page table:
//
//     0xffffffc000000000  devices: everything below RAM, in 1 GiB pages, rw-
//     + 0x80200000        kernel text r-x | rodata r-- | the rest of RAM rw-, in 4 KiB pages, so that each part has its
//                         own rights and a kernel stack can have a guard page. (8 bytes of table for 4 KiB of RAM)
#include "mm/frame.h"
#include "port.h"

namespace arch {

constexpr uint64_t KERNEL_BASE = 0x80200000;  // where kernel.ld puts us; RAM below is the firmware's
constexpr uint64_t GIB = entry_span(2);
constexpr uint64_t MEGAPAGE = entry_span(1);
constexpr size_t MAX_DEVICE_TREE = 1 << 20;

alignas(PAGE_SIZE) static Pte kernel_root[PTES_PER_TABLE];
static size_t kernel_root_used = PTES_PER_TABLE / 2;  // entries from the middle up to here are filled

// The leaf entries of RAM, one after the other: leaves[n] maps the page n of what begins at KERNEL_BASE.
static Pte* leaves;
static size_t leaf_count;

static PhysAddr next_free;

static Pte kernel_leaf(PhysAddr frame, Perms perms) {
    return {(frame.value >> 2) | perms.bits() << 1 | Pte::V | Pte::G | Pte::A | Pte::D};
}

static std::byte* take_pages(uint64_t size) {
    std::byte* pages = phys_to_virt(next_free);
    next_free += align_up(size, PAGE_SIZE);
    return pages;
}

static Perms rights_of(PhysAddr page) {
    const std::byte* address = phys_to_virt(page);
    if (address < text_end) return Perms::rx();
    if (address < rodata_end || (address >= bss_end && address < kernel_end)) return Perms::r();
    return Perms::rw();
}

// Three levels, the tables of each level in one run.
static void map_ram(PhysAddr end) {
    uint64_t megapages = (align_up(end.value, MEGAPAGE) - KERNEL_BASE) / MEGAPAGE;
    uint64_t first_gib = KERNEL_BASE / GIB;
    uint64_t gibs = (end.value + GIB - 1) / GIB - first_gib;
    auto* middle = reinterpret_cast<Pte*>(take_pages(gibs * PAGE_SIZE));
    leaves = reinterpret_cast<Pte*>(take_pages(megapages * PAGE_SIZE));
    leaf_count = megapages * PTES_PER_TABLE;
    memset(middle, 0, gibs * PAGE_SIZE);
    for (uint64_t i = 0; i < leaf_count; i++) {
        PhysAddr page(KERNEL_BASE + i * PAGE_SIZE);
        leaves[i] = page < end ? kernel_leaf(page, rights_of(page)) : Pte{};
    }
    size_t first_megapage = KERNEL_BASE % GIB / MEGAPAGE;
    for (uint64_t i = 0; i < megapages; i++)
        middle[first_megapage + i] = Pte::table(virt_to_phys(leaves + i * PTES_PER_TABLE));
    for (uint64_t i = 0; i < gibs; i++)
        kernel_root[kernel_root_used++] = Pte::table(virt_to_phys(middle + i * PTES_PER_TABLE));
}

static void map_devices() {
    for (uint64_t address = 0; address + GIB <= align_down(KERNEL_BASE, GIB); address += GIB)
        kernel_root[kernel_root_used++] = kernel_leaf(PhysAddr(address), Perms::rw());
}

Result<Machine> read_machine(PhysAddr device_tree) {
    std::byte* original = phys_to_virt(device_tree);
    size_t size = TRY(device_tree_size({original, 40}));
    if (size > MAX_DEVICE_TREE) return fail(Errno::EINVAL);
    next_free = virt_to_phys(kernel_end);
    std::span<std::byte> copy(take_pages(size), size);
    memmove(copy.data(), original, size);
    return read_device_tree(copy);
}

Result<PhysAddr> set_up_memory(const Machine& machine) {
    PhysAddr end = machine.memory_end.page_down();
    uint64_t room = end > next_free ? end - next_free : 0;
    PhysAddr needed = next_free + MEGAPAGE + room / PAGE_SIZE * (sizeof(Pte) + sizeof(Frame));  // tables, records
    bool has_initrd = machine.initrd_end > machine.initrd_start;
    if (needed > end || (has_initrd && machine.initrd_start < needed)) return fail(Errno::ENOMEM);
    map_devices();
    map_ram(end);
    activate({});
    guard_stack(boot_stack, true);
    guard_stack(emergency_stack, true);
    return next_free;
}

void share_kernel_half(Pte* root) {
    for (size_t i = PTES_PER_TABLE / 2; i < kernel_root_used; i++) root[i] = kernel_root[i];
}

void activate(PhysAddr root) {
    PhysAddr table = root.value ? root : virt_to_phys(kernel_root);
    asm volatile("csrw satp, %0\n sfence.vma\n fence.i" ::"r"(table.page_number() | uint64_t{8} << 60) : "memory");
}

bool is_kernel_memory(uint64_t address) {
    if (!leaves)
        return address >= reinterpret_cast<uint64_t>(text_start) && address < reinterpret_cast<uint64_t>(kernel_end);
    uint64_t index = (address - DIRECT_MAP - KERNEL_BASE) / PAGE_SIZE;
    return address >= DIRECT_MAP + KERNEL_BASE && index < leaf_count && leaves[index].is_valid();
}

void guard_stack(std::byte* stack, bool guarded) {
    PhysAddr page = virt_to_phys(stack);
    leaves[(page.value - KERNEL_BASE) / PAGE_SIZE] = guarded ? Pte{} : kernel_leaf(page, Perms::rw());
    asm volatile("sfence.vma %0" ::"r"(stack) : "memory");
}

}  // namespace arch
