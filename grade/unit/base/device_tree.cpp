// The device tree comes from outside: whatever its bytes are, reading it ends in a description or in EINVAL.
#include <criterion/criterion.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/fdt.h"

namespace {

// Writes a flattened tree, so that a test can say what is in it.
class TreeWriter {
public:
    void begin(const std::string& name) {
        word(1);
        padded(name + '\0');
    }
    void end() { word(2); }
    void property(const std::string& name, const std::string& value) {
        word(3);
        word(static_cast<uint32_t>(value.size()));
        word(static_cast<uint32_t>(strings_.size()));
        strings_ += name + '\0';
        padded(value);
    }
    std::vector<std::byte> finish() {
        word(9);
        auto structure_size = static_cast<uint32_t>(structure_.size());
        auto strings_size = static_cast<uint32_t>(strings_.size());
        std::string body = std::exchange(structure_, {}) + strings_;
        uint32_t strings_at = 40 + structure_size, all_size = strings_at + strings_size;
        for (uint32_t value : {0xd00dfeedu, all_size, 40u, strings_at, 0u, 17u, 16u, 0u, strings_size, structure_size})
            word(value);
        std::string all = structure_ + body;
        auto* bytes = reinterpret_cast<const std::byte*>(all.data());
        return {bytes, bytes + all.size()};
    }
    static std::string number(uint64_t value, int size) {
        std::string text;
        while (size--)
            text += static_cast<char>(value >> 8 * size);
        return text;
    }

private:
    void word(uint32_t value) { structure_ += number(value, 4); }
    void padded(std::string value) {
        value.resize((value.size() + 3) / 4 * 4);
        structure_ += value;
    }
    std::string structure_, strings_;
};

std::string cells(std::initializer_list<uint64_t> values) {
    std::string text;
    for (uint64_t value : values)
        text += TreeWriter::number(value, 8);
    return text;
}

std::vector<std::byte> small_machine() {
    TreeWriter tree;
    tree.begin("");
    tree.property("#address-cells", TreeWriter::number(2, 4));
    tree.property("#size-cells", TreeWriter::number(2, 4));
    tree.begin("chosen");
    tree.property("bootargs", std::string("init=/bin/sh quiet") + '\0');
    tree.property("linux,initrd-start", TreeWriter::number(0x84000000, 4));
    tree.property("linux,initrd-end", TreeWriter::number(0x84001000, 8));
    tree.property("rng-seed", "0123456789abcdef");
    tree.end();
    tree.begin("memory@80000000");
    tree.property("device_type", std::string("memory") + '\0');
    tree.property("reg", cells({0x80000000, 0x8000000}));
    tree.end();
    tree.begin("cpus");
    tree.property("#address-cells", TreeWriter::number(1, 4));
    tree.property("#size-cells", TreeWriter::number(0, 4));
    tree.property("timebase-frequency", TreeWriter::number(10'000'000, 4));
    for (int hart : {0, 3}) {
        tree.begin("cpu@" + std::to_string(hart));
        tree.property("device_type", std::string("cpu") + '\0');
        tree.property("reg", TreeWriter::number(hart, 4));
        tree.end();
    }
    tree.end();
    tree.begin("serial@10000000");
    tree.property("interrupts", TreeWriter::number(10, 4));
    tree.property("compatible", std::string("some,uart\0ns16550a\0", 19));
    tree.property("reg", cells({0x10000000, 0x100}));
    tree.end();
    tree.end();
    return tree.finish();
}

}  // namespace

Test(device_tree, says_what_the_machine_has) {
    auto blob = small_machine();
    auto machine = read_device_tree(blob);
    cr_assert(machine.has_value());
    cr_expect_eq(machine->memory_start.value, 0x80000000);
    cr_expect_eq(machine->memory_end.value, 0x88000000);
    cr_expect_eq(machine->hart_count, 2u);
    cr_expect_eq(machine->hart_ids[1], 3u);
    cr_expect_eq(machine->timebase_hz, 10'000'000u);
    cr_expect_eq(machine->uart.base.value, 0x10000000);
    cr_expect_eq(machine->uart.irq, 10u);
    cr_expect_eq(machine->plic.size, 0u);
    cr_expect_eq(machine->initrd_end - machine->initrd_start, 0x1000u);
    cr_expect(std::string_view(machine->boot_arguments.data(), machine->boot_arguments.size()) == "init=/bin/sh quiet");
    cr_expect_eq(machine->random_seed.size(), 16u);
}

Test(device_tree, what_is_cut_off_is_refused) {
    auto blob = small_machine();
    for (size_t size = 0; size < blob.size(); size++) {
        std::vector<std::byte> shorter(blob.begin(), blob.begin() + static_cast<ptrdiff_t>(size));
        cr_assert_not(read_device_tree(shorter).has_value(), "%zu of %zu bytes", size, blob.size());
    }
}

// The sanitizers watch.
Test(device_tree, damaged_bytes_are_never_followed_outside) {
    std::mt19937_64 random(1);
    auto blob = small_machine();
    for (int round = 0; round < 20'000; round++) {
        auto damaged = blob;
        for (uint64_t changes = 1 + random() % 6; changes; changes--)
            damaged[random() % damaged.size()] = static_cast<std::byte>(random() % 2 ? random() : 255 * (random() % 2));
        (void)read_device_tree(damaged);
    }
}
