// A device's registers, reached through the direct map.
#pragma once

#include "arch/contract.h"

namespace kern::dev {

template <typename T>
T read_register(PhysAddr address) {
    T value = *reinterpret_cast<volatile T*>(arch::phys_to_virt(address));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return value;
}

template <typename T>
void write_register(PhysAddr address, T value) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *reinterpret_cast<volatile T*>(arch::phys_to_virt(address)) = value;
}

}  // namespace kern::dev
