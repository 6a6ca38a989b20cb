// The virtio block device behind virtio-mmio registers: Virtual I/O Device Version 1.2, sections 2.7 (rings), 4.2
// (registers) and 5.2 (requests). QEMU must be told to show its registers in the form of version 1.0 and later, by
// -global virtio-mmio.force-legacy=false; a device in the older form is left alone.
//
// Driver and device share three tables in memory. A request is a chain of three descriptors; the driver puts the
// chain's head into the ring of what is available, the device, in its own order, into the ring of what is used:
//
//     descriptors            [ 4n ] ----> [ 4n+1 ] ----> [ 4n+2 ]         slot n owns descriptors 4n to 4n+2
//                             header       sectors        status byte
//                             (read)   (read or written)  (written)
//     available ring         .. | 4n | ..      index: what was ever put in; the device follows
//     used ring              .. | 4n | ..      index: what was ever answered; we follow with `seen`
#include "dev/virtio_blk.h"

#include "dev/board.h"

namespace dev {

enum Register : uint64_t {
    MAGIC = 0x000, VERSION = 0x004, DEVICE_ID = 0x008, DEVICE_FEATURES = 0x010, DEVICE_FEATURES_HALF = 0x014,
    DRIVER_FEATURES = 0x020, DRIVER_FEATURES_HALF = 0x024, QUEUE_SIZE_MAX = 0x034, QUEUE_SIZE = 0x038,
    QUEUE_READY = 0x044, QUEUE_NOTIFY = 0x050, INTERRUPT_STATUS = 0x060, INTERRUPT_ACK = 0x064, STATUS = 0x070,
    QUEUE_DESCRIPTORS = 0x080, QUEUE_AVAILABLE = 0x090, QUEUE_USED = 0x0a0, CONFIG_CAPACITY = 0x100,
};
constexpr uint32_t VIRTIO = 0x74726976, MODERN = 2, BLOCK_DEVICE = 2;
enum Status : uint32_t { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
constexpr uint32_t FEATURE_READ_ONLY = 1 << 5, FEATURE_FLUSH = 1 << 9;
constexpr uint32_t FEATURE_VERSION_1 = 1;  // in the upper half

constexpr unsigned QUEUE = 64;  // descriptors

struct Descriptor {
    enum Flags : uint16_t { NEXT = 1, DEVICE_WRITES = 2 };
    uint64_t address;
    uint32_t size;
    uint16_t flags, next;
};

struct alignas(16) Rings {
    Descriptor descriptors[QUEUE];
    struct {
        uint16_t flags, index, heads[QUEUE];
    } available;
    struct alignas(4) {
        uint16_t flags, index;
        struct {
            uint32_t head, written;
        } answers[QUEUE];
    } used;
};

constexpr uint32_t HEADER_SIZE = 16;

static constinit Rings rings[MAX_DISKS] = {};
static constinit Disk disks[MAX_DISKS] = {};
static constinit unsigned disk_count = 0;
static void (*answer_listener)();

static uint64_t address_of(const void* memory) { return arch::virt_to_phys(memory).value; }

// STARTING A DEVICE (section 3.1)

bool Disk::start(const DeviceSlot& slot, unsigned number) {
    registers_ = slot.base;
    number_ = number;
    auto get = [&](uint64_t at) { return read_register<uint32_t>(registers_ + at); };
    auto set = [&](uint64_t at, uint64_t value) { write_register(registers_ + at, static_cast<uint32_t>(value)); };
    if (get(MAGIC) != VIRTIO || get(VERSION) != MODERN || get(DEVICE_ID) != BLOCK_DEVICE) return false;
    constexpr uint32_t AGREED = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    set(STATUS, 0);
    set(STATUS, ACKNOWLEDGE | DRIVER);
    set(DEVICE_FEATURES_HALF, 0);
    uint32_t features = get(DEVICE_FEATURES) & (FEATURE_READ_ONLY | FEATURE_FLUSH);
    set(DRIVER_FEATURES_HALF, 0);
    set(DRIVER_FEATURES, features);
    set(DRIVER_FEATURES_HALF, 1);
    set(DRIVER_FEATURES, FEATURE_VERSION_1);
    set(STATUS, AGREED);
    if (get(QUEUE_SIZE_MAX) < QUEUE || get(STATUS) != AGREED || !(features & FEATURE_FLUSH)) return false;
    set(QUEUE_SIZE, QUEUE);
    const Rings& ring = rings[number];
    for (auto [at, table] : {std::pair<uint64_t, const void*>{QUEUE_DESCRIPTORS, ring.descriptors},
                             {QUEUE_AVAILABLE, &ring.available}, {QUEUE_USED, &ring.used}}) {
        set(at, address_of(table));
        set(at + 4, address_of(table) >> 32);
    }
    set(QUEUE_READY, 1);
    is_read_only_ = features & FEATURE_READ_ONLY;
    sector_count_ = get(CONFIG_CAPACITY) | uint64_t{get(CONFIG_CAPACITY + 4)} << 32;
    set(STATUS, AGREED | DRIVER_OK);
    enable_interrupt(slot.irq, on_interrupt);
    return true;
}

std::span<Disk> set_up_disks(const Machine& machine, void (*on_answer)()) {
    answer_listener = on_answer;
    for (size_t i = 0; i < machine.virtio_count && disk_count < MAX_DISKS; i++)
        disk_count += disks[disk_count].start(machine.virtio[i], disk_count);
    return {disks, disk_count};
}

// REQUESTS

bool Disk::submit(DiskRequest& request) {
    auto queue = queue_.lock();
    Slot* slot = std::ranges::find(queue->slots, nullptr, &Slot::request);
    if (slot == std::end(queue->slots)) return false;
    *slot = {static_cast<uint32_t>(request.kind), 0, request.sector, 0xff, &request};
    auto head = static_cast<uint16_t>((slot - queue->slots) * 4);
    Rings& ring = rings[number_];
    Descriptor* chain = &ring.descriptors[head];
    auto next = [&](unsigned n) { return static_cast<uint16_t>(head + n); };
    uint16_t sectors = Descriptor::NEXT | (request.kind == DiskRequest::Kind::read ? Descriptor::DEVICE_WRITES : 0);
    bool has_sectors = !request.bytes.empty();
    chain[0] = {address_of(slot), HEADER_SIZE, Descriptor::NEXT, next(has_sectors ? 1 : 2)};
    if (has_sectors)
        chain[1] = {address_of(request.bytes.data()), static_cast<uint32_t>(request.bytes.size()), sectors, next(2)};
    chain[2] = {address_of(&slot->status), 1, Descriptor::DEVICE_WRITES, 0};
    ring.available.heads[ring.available.index % QUEUE] = head;
    __atomic_store_n(&ring.available.index, static_cast<uint16_t>(ring.available.index + 1), __ATOMIC_RELEASE);
    write_register<uint32_t>(registers_ + QUEUE_NOTIFY, 0);
    return true;
}

// Says whether there were any. A request may be gone as soon as it is answered.
bool Disk::take_answers() {
    uint32_t raised = read_register<uint32_t>(registers_ + INTERRUPT_STATUS);
    write_register(registers_ + INTERRUPT_ACK, raised);
    auto queue = queue_.lock();
    auto& used = rings[number_].used;
    uint16_t before = queue->seen;
    for (; queue->seen != __atomic_load_n(&used.index, __ATOMIC_ACQUIRE); queue->seen++) {
        Slot& slot = queue->slots[used.answers[queue->seen % QUEUE].head / 4 % SLOTS];
        if (DiskRequest* request = std::exchange(slot.request, nullptr))
            request->answer.store_release(slot.status == 0 ? DiskRequest::Answer::done : DiskRequest::Answer::failed);
    }
    return queue->seen != before;
}

void Disk::on_interrupt() {
    bool any = false;
    for (Disk& disk : std::span(disks, disk_count)) any |= disk.take_answers();
    if (any) answer_listener();
}

}  // namespace dev
