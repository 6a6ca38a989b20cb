// The probe of the labs about the kernel's address space.
#include "probe.h"

void probe_main(void) { run_challenge(NULL); }
