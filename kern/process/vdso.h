// The vDSO and its data page: one pair of frames, mapped into every process. See kern/vdso/vdso.c.
#pragma once

#include "vm/vmar.h"

namespace kern {

// Makes the two pages; once at boot, after the clocks are set. ENOMEM.
Result<> set_up_vdso();
// Maps them into a new space and notes the place in its ProcessVm. ENOMEM.
Result<> map_vdso(Vmar& vmar);

}  // namespace kern
