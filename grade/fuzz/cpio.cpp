// Any bytes as an initramfs: every entry lies inside them, and the reader comes to an end.
#include "fs/cpio.h"

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    CpioReader reader(bytes);
    for (size_t entries = 0;; entries++) {
        FUZZ_CHECK(entries <= size / 110);
        auto next = reader.next();
        if (!next) FUZZ_CHECK(!reader.problem().empty() && reader.offset() <= size);
        if (!next || !*next) return 0;
        const CpioEntry& entry = **next;
        auto* start = reinterpret_cast<const uint8_t*>(entry.data.data());
        FUZZ_CHECK(start >= data && start + entry.data.size() <= data + size && !entry.name.empty());
    }
}
