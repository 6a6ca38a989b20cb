#include "base/fdt.h"

#include <algorithm>

#include "base/boot_args.h"

namespace kern {

namespace {

using Bytes = std::span<std::byte>;

constexpr uint32_t MAGIC = 0xd00dfeed;
constexpr size_t HEADER_SIZE = 40;
constexpr size_t MAX_DEPTH = 16;

enum Token : uint32_t { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

// The properties that mean something to us.
enum Property { ADDRESS_CELLS, SIZE_CELLS, REG, COMPATIBLE, INTERRUPTS, DEVICE_TYPE,  // of each node
                TIMEBASE, BOOT_ARGUMENTS, RANDOM_SEED, INITRD_START, INITRD_END,      // of the whole tree
                PROPERTY_COUNT };
constexpr std::string_view PROPERTY_NAMES[PROPERTY_COUNT] = {
    "#address-cells", "#size-cells", "reg", "compatible", "interrupts", "device_type",
    "timebase-frequency", "bootargs", "rng-seed", "linux,initrd-start", "linux,initrd-end",
};

constexpr struct {
    std::string_view compatible;
    DeviceSlot Machine::*slot;
} DEVICES[] = {
    {"ns16550a", &Machine::uart},
    {"riscv,plic0", &Machine::plic},
    {"sifive,plic-1.0.0", &Machine::plic},
    {"sifive,test0", &Machine::power},
    {"google,goldfish-rtc", &Machine::rtc},
};

// The bytes up to the first NUL.
std::span<char> as_text(Bytes bytes) {
    auto* start = reinterpret_cast<char*>(bytes.data());
    return {start, std::find(start, start + bytes.size(), '\0')};
}

// Takes big-endian numbers and strings off the front of a run of bytes.
class Reader {
public:
    explicit Reader(Bytes bytes) : bytes_(bytes) {}

    // `size` bytes; what pads them to a multiple of 4 is taken, too.
    Result<Bytes> take(size_t size) {
        if (size > bytes_.size()) return fail(Errno::EINVAL);
        Bytes front = bytes_.first(size);
        bytes_ = bytes_.subspan(std::min<size_t>(align_up(size, 4), bytes_.size()));
        return front;
    }
    // A number of 0, 1 or 2 cells of 32 bits.
    Result<uint64_t> cells(uint64_t count) {
        if (count > 2) return fail(Errno::EINVAL);
        uint64_t value = 0;
        for (std::byte byte : TRY(take(4 * count)))
            value = value << 8 | static_cast<uint64_t>(byte);
        return value;
    }
    Result<std::string_view> string() {
        std::span<char> text = as_text(bytes_);
        TRY(take(text.size() + 1));
        return std::string_view(text.data(), text.size());
    }

private:
    Bytes bytes_;
};

// A property that is one number, in 4 or 8 bytes; absent: 0.
Result<uint64_t> number(Bytes value) { return Reader(value).cells(value.size() / 4); }

// Whether the list, of texts with a NUL behind each, names `device`.
bool lists(Bytes compatible, std::string_view device) {
    std::string_view rest(reinterpret_cast<const char*>(compatible.data()), compatible.size());
    while (!rest.empty())
        if (take_until(rest, '\0') == device) return true;
    return false;
}

struct Node {
    Bytes properties[TIMEBASE];
    uint64_t address_cells = 2, size_cells = 1;  // how its children write their addresses
};

class TreeWalk {
public:
    TreeWalk(Bytes structure, Bytes strings) : structure_(structure), strings_(strings) {}

    Result<Machine> run() {
        for (;;) {
            uint64_t token = TRY(structure_.cells(1));
            if (token == BEGIN_NODE && depth_ < MAX_DEPTH)
                TRY(begin_node());
            else if (token == END_NODE && depth_ > 0)
                TRY(end_node(nodes_[--depth_]));
            else if (token == PROPERTY && depth_ > 0)
                TRY(property(nodes_[depth_ - 1]));
            else if (token == END && depth_ == 0)
                return finish();
            else if (token != NOP)
                return fail(Errno::EINVAL);
        }
    }

private:
    Result<> begin_node() {
        TRY(structure_.string());
        nodes_[depth_++] = Node();
        return {};
    }

    Result<> property(Node& node) {
        uint64_t size = TRY(structure_.cells(1));
        uint64_t name_offset = TRY(structure_.cells(1));
        Bytes value = TRY(structure_.take(size));
        if (name_offset > strings_.size()) return fail(Errno::EINVAL);
        std::string_view name = TRY(Reader(strings_.subspan(name_offset)).string());
        auto known = std::ranges::find(PROPERTY_NAMES, name) - PROPERTY_NAMES;
        if (known < TIMEBASE)
            node.properties[known] = value;
        else if (known < PROPERTY_COUNT)
            tree_[known] = value;
        if (known == ADDRESS_CELLS)
            node.address_cells = TRY(number(value));
        if (known == SIZE_CELLS)
            node.size_cells = TRY(number(value));
        return {};
    }

    // All properties of `node` are known: is it one of the things we look for?
    Result<> end_node(const Node& node) {
        if (depth_ == 0 || node.properties[REG].empty()) return {};
        const Node& parent = nodes_[depth_ - 1];
        if (parent.address_cells > 2 || parent.size_cells > 2)
            return {};  // behind a bus of another kind
        Reader reg(node.properties[REG]);
        DeviceSlot slot;
        slot.base = PhysAddr(TRY(reg.cells(parent.address_cells)));
        slot.size = TRY(reg.cells(parent.size_cells));
        if (node.properties[INTERRUPTS].size() >= 4)
            slot.irq = static_cast<uint32_t>(TRY(Reader(node.properties[INTERRUPTS]).cells(1)));
        note(node, slot);
        return {};
    }

    void note(const Node& node, const DeviceSlot& slot) {
        bool is_lowest = machine_.memory_end.value == 0 || slot.base < machine_.memory_start;
        if (lists(node.properties[DEVICE_TYPE], "cpu") && machine_.hart_count < Machine::MAX_HARTS)
            machine_.hart_ids[machine_.hart_count++] = static_cast<uint32_t>(slot.base.value);
        if (lists(node.properties[DEVICE_TYPE], "memory") && is_lowest) {
            machine_.memory_start = slot.base;
            machine_.memory_end = slot.base + slot.size;
        }
        if (lists(node.properties[COMPATIBLE], "virtio,mmio") && machine_.virtio_count < Machine::MAX_VIRTIO)
            machine_.virtio[machine_.virtio_count++] = slot;
        for (const auto& device : DEVICES)
            if (lists(node.properties[COMPATIBLE], device.compatible))
                machine_.*device.slot = slot;
    }

    Result<Machine> finish() {
        machine_.timebase_hz = TRY(number(tree_[TIMEBASE]));
        machine_.initrd_start = PhysAddr(TRY(number(tree_[INITRD_START])));
        machine_.initrd_end = PhysAddr(TRY(number(tree_[INITRD_END])));
        machine_.boot_arguments = as_text(tree_[BOOT_ARGUMENTS]);
        machine_.random_seed = tree_[RANDOM_SEED];
        bool memory_ok = machine_.memory_start < machine_.memory_end;
        if (!memory_ok || machine_.timebase_hz == 0 || machine_.initrd_end < machine_.initrd_start)
            return fail(Errno::EINVAL);
        return machine_;
    }

    Reader structure_;
    Bytes strings_;
    Bytes tree_[PROPERTY_COUNT];
    Machine machine_;
    Node nodes_[MAX_DEPTH];
    size_t depth_ = 0;
};

// The number in the header at `offset`, which is there.
uint64_t header_field(Bytes blob, size_t offset) { return *Reader(blob.subspan(offset)).cells(1); }

// The part of the blob whose offset and size stand at these places in the header.
Result<Bytes> block(Bytes blob, size_t offset_at, size_t size_at) {
    uint64_t offset = header_field(blob, offset_at);
    return Reader(blob.subspan(std::min(offset, blob.size()))).take(header_field(blob, size_at));
}

}  // namespace

Result<size_t> device_tree_size(Bytes header) {
    if (header.size() < 8 || header_field(header, 0) != MAGIC || header_field(header, 4) < HEADER_SIZE)
        return fail(Errno::EINVAL);
    return header_field(header, 4);
}

Result<Machine> read_device_tree(Bytes blob) {
    size_t size = TRY(device_tree_size(blob));
    if (size > blob.size()) return fail(Errno::EINVAL);
    blob = blob.first(size);
    Bytes structure = TRY(block(blob, 8, 36));
    Bytes strings = TRY(block(blob, 12, 32));
    return TreeWalk(structure, strings).run();
}

}  // namespace kern
