#include "base/fdt.h"

#include "base/boot_args.h"

using Bytes = std::span<std::byte>;

constexpr size_t MAX_DEPTH = 16;
enum Token : uint32_t { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

// The properties that mean something to us, of a node or, from TIMEBASE on, of the whole tree.
enum Property { ADDRESS_CELLS, SIZE_CELLS, REG, COMPATIBLE, INTERRUPTS, DEVICE_TYPE, TIMEBASE, BOOT_ARGUMENTS, RANDOM_SEED,
                INITRD_START, INITRD_END, PROPERTY_COUNT };
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

// Takes big-endian numbers and strings off the front of a run of bytes.
struct Reader {
    Bytes bytes;

    // `size` bytes; what pads them to a multiple of 4 is taken, too.
    Result<Bytes> take(size_t size) {
        if (size > bytes.size()) return fail(Errno::EINVAL);
        Bytes front = bytes.first(size);
        bytes = bytes.subspan(std::min<size_t>(align_up(size, 4), bytes.size()));
        return front;
    }
    // A number of 0, 1 or 2 cells of 32 bits.
    Result<uint64_t> cells(uint64_t count) {
        if (count > 2) return fail(Errno::EINVAL);
        uint64_t value = 0;
        for (std::byte byte : TRY(take(4 * count))) value = value << 8 | static_cast<uint64_t>(byte);
        return value;
    }
    // The bytes up to the first NUL, which is taken, too.
    Result<std::span<char>> string() {
        auto size = static_cast<size_t>(std::ranges::find(bytes, std::byte{0}) - bytes.begin());
        auto* text = reinterpret_cast<char*>(bytes.data());
        TRY(take(size + 1));
        return std::span(text, size);
    }
};

// A property that is one number, in 4 or 8 bytes.
static Result<uint64_t> number(Bytes value, uint64_t if_absent = 0) {
    return value.empty() ? if_absent : Reader{value}.cells(value.size() / 4);
}

// Whether the list, of texts with a NUL behind each, names `device`.
static bool lists(Bytes list, std::string_view device) {
    std::string_view rest(reinterpret_cast<const char*>(list.data()), list.size());
    while (!rest.empty())
        if (take_until(rest, '\0') == device) return true;
    return false;
}

using Node = std::array<Bytes, TIMEBASE>;  // its properties

class TreeWalk {
public:
    TreeWalk(Bytes structure, Bytes strings) : structure_{structure}, strings_(strings) {}

    Result<Machine> run() {
        for (;;) {
            uint64_t token = TRY(structure_.cells(1));
            if (token == BEGIN_NODE && depth_ < MAX_DEPTH) TRY(begin_node());
            else if (token == PROPERTY && depth_ > 0) TRY(property(nodes_[depth_ - 1]));
            else if (token == END_NODE && depth_ > 0) TRY(end_node(nodes_[--depth_]));
            else if (token == END && depth_ == 0) return finish();
            else if (token != NOP) return fail(Errno::EINVAL);
        }
    }

private:
    Result<> begin_node() {
        TRY(structure_.string());
        nodes_[depth_++] = {};
        return {};
    }

    Result<> property(Node& node) {
        uint64_t size = TRY(structure_.cells(1));
        uint64_t name_offset = TRY(structure_.cells(1));
        Bytes value = TRY(structure_.take(size));
        if (name_offset > strings_.size()) return fail(Errno::EINVAL);
        std::string_view name(TRY(Reader{strings_.subspan(name_offset)}.string()));
        auto known = std::ranges::find(PROPERTY_NAMES, name) - PROPERTY_NAMES;
        if (known < PROPERTY_COUNT) (known < TIMEBASE ? node.data() : tree_)[known] = value;
        return {};
    }

    // All properties of `node` are known: is it one of the things we look for?
    Result<> end_node(const Node& node) {
        if (depth_ == 0 || node[REG].empty()) return {};
        const Node& parent = nodes_[depth_ - 1];
        uint64_t address_cells = TRY(number(parent[ADDRESS_CELLS], 2));
        uint64_t size_cells = TRY(number(parent[SIZE_CELLS], 1));
        if (address_cells > 2 || size_cells > 2) return {};  // behind a bus of another kind
        Reader reg{node[REG]};
        PhysAddr base(TRY(reg.cells(address_cells)));
        uint64_t size = TRY(reg.cells(size_cells));
        uint64_t irq = node[INTERRUPTS].empty() ? 0 : TRY(Reader{node[INTERRUPTS]}.cells(1));
        note(node, {base, size, static_cast<uint32_t>(irq)});
        return {};
    }

    void note(const Node& node, const DeviceSlot& slot) {
        bool is_lowest = machine_.memory_end.value == 0 || slot.base < machine_.memory_start;
        if (lists(node[DEVICE_TYPE], "cpu") && machine_.hart_count < Machine::MAX_HARTS)
            machine_.hart_ids[machine_.hart_count++] = static_cast<uint32_t>(slot.base.value);
        if (lists(node[DEVICE_TYPE], "memory") && is_lowest) {
            machine_.memory_start = slot.base;
            machine_.memory_end = slot.base + slot.size;
        }
        if (lists(node[COMPATIBLE], "virtio,mmio") && machine_.virtio_count < Machine::MAX_VIRTIO)
            machine_.virtio[machine_.virtio_count++] = slot;
        for (const auto& device : DEVICES)
            if (lists(node[COMPATIBLE], device.compatible)) machine_.*device.slot = slot;
    }

    Result<Machine> finish() {
        machine_.timebase_hz = TRY(number(tree_[TIMEBASE]));
        machine_.initrd_start = PhysAddr(TRY(number(tree_[INITRD_START])));
        machine_.initrd_end = PhysAddr(TRY(number(tree_[INITRD_END])));
        machine_.boot_arguments = Reader{tree_[BOOT_ARGUMENTS]}.string().value_or(std::span<char>());
        machine_.random_seed = tree_[RANDOM_SEED];
        bool has_clock = 0 < machine_.timebase_hz && machine_.timebase_hz < 1'000'000'000;
        bool has_memory = machine_.memory_start < machine_.memory_end;
        if (!has_clock || !has_memory || machine_.initrd_end < machine_.initrd_start) return fail(Errno::EINVAL);
        return machine_;
    }

    Reader structure_;
    Bytes strings_;
    Bytes tree_[PROPERTY_COUNT];
    Machine machine_;
    Node nodes_[MAX_DEPTH];
    size_t depth_ = 0;
};

// A number in the header: see the specification, section 5.2.
enum Field { MAGIC, SIZE, STRUCTURE, STRINGS, STRINGS_SIZE = 8, STRUCTURE_SIZE, FIELD_COUNT };
static uint64_t field(Bytes blob, Field index) { return *Reader{blob.subspan(4 * index)}.cells(1); }

static Result<Bytes> block(Bytes blob, Field offset, Field size) {
    return Reader{blob.subspan(std::min(field(blob, offset), blob.size()))}.take(field(blob, size));
}

Result<size_t> device_tree_size(Bytes header) {
    if (header.size() < 4 * FIELD_COUNT || field(header, MAGIC) != 0xd00dfeed) return fail(Errno::EINVAL);
    return std::max<size_t>(field(header, SIZE), 4 * FIELD_COUNT);
}

Result<Machine> read_device_tree(Bytes blob) {
    blob = TRY(Reader{blob}.take(TRY(device_tree_size(blob))));
    Bytes structure = TRY(block(blob, STRUCTURE, STRUCTURE_SIZE));
    return TreeWalk(structure, TRY(block(blob, STRINGS, STRINGS_SIZE))).run();
}
