#include "base/fdt.h"

#include <algorithm>

namespace kern {

namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t MAGIC = 0xd00dfeed;
constexpr size_t HEADER_SIZE = 40;
constexpr size_t MAX_DEPTH = 16;

enum Token : uint32_t { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

uint32_t big_endian_32(const std::byte* at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | static_cast<uint32_t>(at[i]);
    return value;
}

// Takes big-endian numbers and strings off the front of a run of bytes.
class Reader {
public:
    explicit Reader(Bytes bytes) : bytes_(bytes) {}

    bool at_end() const { return bytes_.empty(); }
    Result<Bytes> take(size_t size) {
        if (size > bytes_.size())
            return fail(Errno::EINVAL);
        Bytes front = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return front;
    }
    Result<uint32_t> u32() { return big_endian_32(TRY(take(4)).data()); }
    // A number of 0, 1 or 2 cells of 32 bits.
    Result<uint64_t> cells(uint32_t count) {
        if (count > 2)
            return fail(Errno::EINVAL);
        uint64_t value = 0;
        while (count--)
            value = value << 32 | TRY(u32());
        return value;
    }
    // `size` bytes and what pads them to a multiple of 4.
    Result<Bytes> take_padded(size_t size) {
        Bytes front = TRY(take(size));
        TRY(take(std::min<size_t>(-size % 4, bytes_.size())));
        return front;
    }
    Result<std::string_view> string() {
        auto end = std::find(bytes_.begin(), bytes_.end(), std::byte{0});
        if (end == bytes_.end())
            return fail(Errno::EINVAL);
        std::string_view text(reinterpret_cast<const char*>(bytes_.data()), static_cast<size_t>(end - bytes_.begin()));
        TRY(take_padded(text.size() + 1));
        return text;
    }

private:
    Bytes bytes_;
};

std::string_view as_text(Bytes bytes) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return text.substr(0, text.find('\0'));
}

// Whether the NUL-separated list names `device`.
bool lists(Bytes compatible, std::string_view device) {
    std::string_view text(reinterpret_cast<const char*>(compatible.data()), compatible.size());
    while (!text.empty()) {
        std::string_view entry = text.substr(0, text.find('\0'));
        if (entry == device)
            return true;
        text.remove_prefix(std::min(entry.size() + 1, text.size()));
    }
    return false;
}

// The properties of one node that mean something to us. A node's own properties precede its children's.
struct Node {
    std::string_view name;
    uint32_t address_cells = 2;  // how its children write their addresses
    uint32_t size_cells = 1;
    Bytes reg;
    Bytes compatible;
    Bytes interrupts;
    std::string_view device_type;
};

class TreeWalk {
public:
    TreeWalk(Bytes structure, Bytes strings) : structure_(structure), strings_(strings) {}

    Result<Machine> run() {
        for (;;) {
            switch (TRY(structure_.u32())) {
            case BEGIN_NODE:
                TRY(begin_node(TRY(structure_.string())));
                break;
            case END_NODE:
                TRY(end_node());
                break;
            case PROPERTY:
                TRY(property());
                break;
            case NOP:
                break;
            case END:
                return finish();
            default:
                return fail(Errno::EINVAL);
            }
        }
    }

private:
    Result<> begin_node(std::string_view name) {
        if (depth_ == MAX_DEPTH)
            return fail(Errno::EINVAL);
        nodes_[depth_] = Node();
        nodes_[depth_++].name = name;
        return {};
    }

    Result<> property() {
        uint32_t size = TRY(structure_.u32());
        uint32_t name_offset = TRY(structure_.u32());
        Bytes value = TRY(structure_.take_padded(size));
        if (depth_ == 0 || name_offset > strings_.size())
            return fail(Errno::EINVAL);
        std::string_view name = TRY(Reader(strings_.subspan(name_offset)).string());
        Node& node = nodes_[depth_ - 1];
        if (name == "reg")
            node.reg = value;
        else if (name == "compatible")
            node.compatible = value;
        else if (name == "interrupts")
            node.interrupts = value;
        else if (name == "device_type")
            node.device_type = as_text(value);
        else if (name == "#address-cells")
            node.address_cells = TRY(Reader(value).u32());
        else if (name == "#size-cells")
            node.size_cells = TRY(Reader(value).u32());
        else if (name == "timebase-frequency")
            machine_.timebase_hz = TRY(number(value));
        else if (node.name == "chosen")
            TRY(chosen(name, value));
        return {};
    }

    Result<> chosen(std::string_view name, Bytes value) {
        if (name == "bootargs")
            machine_.boot_arguments = as_text(value);
        else if (name == "rng-seed")
            machine_.random_seed = value;
        else if (name == "linux,initrd-start")
            machine_.initrd_start = PhysAddr(TRY(number(value)));
        else if (name == "linux,initrd-end")
            machine_.initrd_end = PhysAddr(TRY(number(value)));
        return {};
    }

    // A property of one number, in 4 or 8 bytes.
    static Result<uint64_t> number(Bytes value) { return Reader(value).cells(value.size() / 4); }

    // All properties of the innermost node are known: is it one of the things we look for?
    Result<> end_node() {
        if (depth_ == 0)
            return fail(Errno::EINVAL);
        const Node& node = nodes_[--depth_];
        if (depth_ == 0 || node.reg.empty())
            return {};
        const Node& parent = nodes_[depth_ - 1];
        if (parent.address_cells > 2 || parent.size_cells > 2)
            return {};  // behind a bus of another kind
        DeviceSlot slot;
        Reader reg(node.reg);
        slot.base = PhysAddr(TRY(reg.cells(parent.address_cells)));
        slot.size = TRY(reg.cells(parent.size_cells));
        if (node.interrupts.size() >= 4)
            slot.irq = big_endian_32(node.interrupts.data());
        if (node.device_type == "cpu" && machine_.hart_count < Machine::MAX_HARTS)
            machine_.hart_ids[machine_.hart_count++] = static_cast<uint32_t>(slot.base.value);
        else if (node.device_type == "memory")
            note_memory(slot);
        else
            note_device(node.compatible, slot);
        return {};
    }

    void note_memory(const DeviceSlot& slot) {
        if (machine_.memory_end.value != 0 && machine_.memory_start < slot.base)
            return;
        machine_.memory_start = slot.base;
        machine_.memory_end = slot.base + slot.size;
    }

    void note_device(Bytes compatible, const DeviceSlot& slot) {
        if (lists(compatible, "ns16550a"))
            machine_.uart = slot;
        else if (lists(compatible, "riscv,plic0") || lists(compatible, "sifive,plic-1.0.0"))
            machine_.plic = slot;
        else if (lists(compatible, "sifive,test0"))
            machine_.power = slot;
        else if (lists(compatible, "google,goldfish-rtc"))
            machine_.rtc = slot;
        else if (lists(compatible, "virtio,mmio") && machine_.virtio_count < Machine::MAX_VIRTIO)
            machine_.virtio[machine_.virtio_count++] = slot;
    }

    Result<Machine> finish() const {
        bool memory_ok = machine_.memory_start < machine_.memory_end;
        if (depth_ != 0 || !memory_ok || machine_.timebase_hz == 0 || machine_.initrd_end < machine_.initrd_start)
            return fail(Errno::EINVAL);
        return machine_;
    }

    Reader structure_;
    Bytes strings_;
    Machine machine_;
    Node nodes_[MAX_DEPTH];
    size_t depth_ = 0;
};

// The part of the blob whose offset and size stand at these places in the header.
Result<Bytes> block(Bytes blob, size_t offset_at, size_t size_at) {
    size_t offset = big_endian_32(&blob[offset_at]);
    size_t size = big_endian_32(&blob[size_at]);
    if (offset > blob.size() || size > blob.size() - offset)
        return fail(Errno::EINVAL);
    return blob.subspan(offset, size);
}

}  // namespace

Result<size_t> device_tree_size(Bytes header) {
    if (header.size() < 8 || big_endian_32(header.data()) != MAGIC)
        return fail(Errno::EINVAL);
    size_t size = big_endian_32(&header[4]);
    if (size < HEADER_SIZE)
        return fail(Errno::EINVAL);
    return size;
}

Result<Machine> read_device_tree(Bytes blob) {
    size_t size = TRY(device_tree_size(blob));
    if (size > blob.size())
        return fail(Errno::EINVAL);
    blob = blob.first(size);
    Bytes structure = TRY(block(blob, 8, 36));
    Bytes strings = TRY(block(blob, 12, 32));
    return TreeWalk(structure, strings).run();
}

}  // namespace kern
