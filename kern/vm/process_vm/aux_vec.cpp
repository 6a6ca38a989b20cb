#include "vm/process_vm/aux_vec.h"

Result<> AuxVec::set(AuxKey key, uint64_t value) {
    if (key == AuxKey::AT_NULL) return fail(Errno::EINVAL);
    AuxEntry* entry = std::ranges::find(entries_, entries_ + count_, static_cast<uint64_t>(key), &AuxEntry::key);
    ASSERT(entry < std::end(entries_));  // more room than there are keys
    *entry = {static_cast<uint64_t>(key), value};
    count_ = std::max<size_t>(count_, entry - entries_ + 1);
    return {};
}

void AuxVec::serialise(std::span<AuxEntry> out) const {
    // LAB aux.serialise [begin]
    for (size_t i = 0; i < count_; i++) out[i] = entries_[i];
    out[count_] = {static_cast<uint64_t>(AuxKey::AT_NULL), 0};
    // LAB aux.serialise [stub]
    //   // Write the pairs in the order they were set, then the pair that ends the vector.
    //   (void)out;
    //   (void)lab_todo("aux.serialise", "labs/2-init-stack, task 1");
    // LAB aux.serialise [end]
}
