// The report of a panic: registers, backtrace, the current process. See arch contract: report_panic.
#pragma once

#include "trap_frame.h"

namespace kern::arch {

// The panic to come is about this trap: its registers are reported, its stack walked.
void set_panic_frame(const TrapFrame& frame);

bool is_on_emergency_stack(const void* address);

}  // namespace kern::arch
