# The kernel: build/kernel.elf, and the parts of it that also run on the host: build/host/libkern.a.

CROSS ?= riscv64-linux-gnu-
CROSS_CXX ?= $(CROSS)g++
HOST_CXX ?= g++

KERN_SOURCES := $(sort $(shell find kern -name '*.cpp' -o -name '*.S')) \
  $(wildcard grade/kernel/*.cpp $(if $(SAN),grade/kernel/san/*.cpp) $(if $(COVERAGE),grade/kernel/coverage/*.cpp))
KERN_OBJECTS := $(patsubst %,$(BUILD)/%.o,$(KERN_SOURCES))
KERN_LINKER_SCRIPT := kern/arch/riscv/kernel.ld

KERN_WARNINGS := -Wall -Wextra -Werror
KERN_CHECKS := -DASTROLABE_DEBUG=$(if $(or $(RELEASE),$(filter 0,$(D))),0,1)
KERN_ARCH := -march=rv64gc -mabi=lp64d -mcmodel=medany
KERN_FLAGS := $(KERN_ARCH) -O2 -g -Ikern -Ikern/arch/riscv $(KERN_CHECKS) $(KERN_WARNINGS)
KERN_CXXFLAGS := -std=c++23 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit \
  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-pie -fno-strict-aliasing $(KERN_FLAGS)
KERN_LDFLAGS := -static -no-pie -nostdlib -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 \
  -T $(KERN_LINKER_SCRIPT)

# SAN=1: the kernel looks at its own loads, stores and arithmetic; grade/kernel/san hears of what is wrong. Not asked are the
# allocators, which own what is free, and what the answer itself needs. (-O2 would take a third longer to compile.)
SAN_UNDEFINED := -O1 -fsanitize=undefined -fno-sanitize=vptr
SAN_MEMORY := -fsanitize=kernel-address --param asan-instrumentation-with-call-threshold=0 --param asan-stack=0 --param asan-globals=0
SAN_WRAPPED := _Z13heap_allocatem _Z9heap_freePv _Z14allocate_frame8FrameUse4Fillj \
  _ZN5Frame4freeEv
ifneq ($(filter-out 0,$(SAN)),)
SAN_FLAGS = $(if $(filter kern/runtime.cpp grade/kernel/san/%,$<),,$(SAN_UNDEFINED) $(if $(filter kern/mm/frame.cpp kern/mm/slab.cpp,$<),,$(SAN_MEMORY)))
KERN_LDFLAGS += $(SAN_WRAPPED:%=-Wl,--wrap=%)
endif

# COVERAGE=1: kern/vm counts which of its lines run; grade/kernel/coverage tells when the machine goes off.
COVERAGE_COUNTS := -Og --coverage -fprofile-info-section=gcov_info -fprofile-update=atomic
ifneq ($(COVERAGE),)
COVERAGE_FLAGS = $(if $(filter kern/vm/%,$<),$(COVERAGE_COUNTS))
KERN_LDFLAGS += -Wl,--wrap=_ZN3dev14power_off_withEj
KERN_LIBRARIES := -lgcov
endif
KERN_LIBRARIES += -lgcc

$(call remember,$(BUILD)/kern/flags,$(CROSS_CXX) $(KERN_CXXFLAGS) $(if $(SAN),$(SAN_UNDEFINED) $(SAN_MEMORY)) $(if $(COVERAGE),$(COVERAGE_COUNTS)))
$(call remember,$(BUILD)/kern/objects,$(KERN_LDFLAGS) $(KERN_OBJECTS))

# What every file has in common, the C++ library's headers above all, is compiled once.
# The compiler finds common.h.gch in place of common.h.
$(BUILD)/kern/base/common.h.gch: kern/base/common.h $(BUILD)/kern/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CXX) $(KERN_CXXFLAGS) $(SAN_FLAGS) -x c++-header -MMD -MP -MF $(@D)/common.d -MT $@ -o $@ $< >&2

$(filter %.cpp.o,$(KERN_OBJECTS)): $(BUILD)/%.o: % $(BUILD)/kern/flags $(BUILD)/kern/base/common.h.gch
	$(call log,CXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CXX) -I$(BUILD)/kern -include base/common.h $(KERN_CXXFLAGS) $(SAN_FLAGS) $(COVERAGE_FLAGS) -MMD -MP -c -o $@ $< >&2

$(BUILD)/kern/%.S.o: kern/%.S $(BUILD)/kern/flags
	$(call log,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CXX) $(KERN_FLAGS) -MMD -MP -c -o $@ $< >&2

# The vDSO is a shared library of its own; kern/vdso/image.S takes it in.
$(BUILD)/kern/vdso/vdso.so: kern/vdso/vdso.c kern/vdso/vdso.lds kern/vdso/vvar.h
	$(call log,VDSO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(KERN_ARCH) -std=c11 -O2 $(KERN_WARNINGS) -fPIC -ffreestanding -fno-stack-protector \
	  -fno-asynchronous-unwind-tables -shared -nostdlib -Wl,--build-id=none -Wl,--hash-style=both -Wl,-soname=linux-vdso.so.1 \
	  -Wl,-z,max-page-size=4096 -Wl,-T,kern/vdso/vdso.lds -o $@ $< >&2
$(BUILD)/kern/vdso/image.S.o: KERN_FLAGS += -Wa,-I$(BUILD)
$(BUILD)/kern/vdso/image.S.o: $(BUILD)/kern/vdso/vdso.so

# Two links. The first has an empty symbol table; the second the real one, which lies in a section behind everything else,
# so that no address in it moves.
$(BUILD)/kern/no_symbols.S: kern/arch/riscv/make_symbols.py
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) $< </dev/null >$@

$(BUILD)/kern/symbols.S: $(BUILD)/kern/first.elf kern/arch/riscv/make_symbols.py
	$(Q)$(CROSS)nm -n -C $< | $(PYTHON) kern/arch/riscv/make_symbols.py >$@

$(BUILD)/kern/no_symbols.o $(BUILD)/kern/symbols.o: %.o: %.S
	$(Q)$(CROSS_CXX) $(KERN_ARCH) -c -o $@ $< >&2

$(BUILD)/kern/first.elf: $(KERN_OBJECTS) $(BUILD)/kern/no_symbols.o $(KERN_LINKER_SCRIPT) $(BUILD)/kern/objects
	$(Q)$(CROSS_CXX) $(KERN_ARCH) $(KERN_LDFLAGS) -o $@ $(filter %.o,$^) $(KERN_LIBRARIES) >&2

# A handout whose holes are all open may bring the whole kernel with it, built.
WHOLE_KERNEL := $(wildcard labs/*/kernel.elf)
ifneq ($(WHOLE_KERNEL),)
$(BUILD)/kernel.elf: $(WHOLE_KERNEL)
	$(Q)mkdir -p $(@D) && cp $< $@
else
$(BUILD)/kernel.elf: $(BUILD)/kern/first.elf $(BUILD)/kern/symbols.o
	$(call log,LINK,$@)
	$(Q)$(CROSS_CXX) $(KERN_ARCH) $(KERN_LDFLAGS) -o $@.new $(KERN_OBJECTS) $(BUILD)/kern/symbols.o $(KERN_LIBRARIES) >&2
	$(Q)mv $@.new $@
endif

# The same files for the host, against the pretended machine of grade/unit/host.
HOST_KERN_SOURCES := $(sort $(shell find kern/base kern/mm kern/vm kern/fs/cpio.cpp grade/unit/host -name '*.cpp' 2>/dev/null))
HOST_KERN_OBJECTS := $(patsubst %,$(BUILD)/host/%.o,$(HOST_KERN_SOURCES))
# COVERAGE=1 counts which lines run in place of looking for what they do wrong: see grade/coverage.
HOST_SANITIZE := $(if $(COVERAGE),--coverage,-fsanitize=address,undefined -fno-sanitize-recover=all)
HOST_CXXFLAGS := -std=c++23 $(if $(COVERAGE),-O0,-O1) -g $(HOST_SANITIZE) -fno-omit-frame-pointer -Ikern -Igrade/unit \
  -Igrade/unit/host -I$(BUILD)/host -DASTROLABE_DEBUG=1 -include host_common.h $(KERN_WARNINGS)
HOST_COMMON := $(BUILD)/host/host_common.h

$(call remember,$(BUILD)/host/flags,$(HOST_CXX) $(HOST_CXXFLAGS))
$(call remember,$(BUILD)/host/objects,$(HOST_KERN_OBJECTS))

# The names of Errno are macros in the C library's <errno.h>. Whoever needs those macros in a header is included first;
# then they go, and what every file has in common follows.
$(HOST_COMMON): kern/base/result.h kern/kern.mk
	$(Q)mkdir -p $(@D)
	$(Q)(printf '#include <cerrno>\n#include <memory>\n#include <string>\n#include <system_error>\n'; \
	  grep -o 'E[A-Z0-9]* = [0-9]' $< | sed 's/\(.*\) = ./#undef \1/'; printf '#include "base/common.h"\n') >$@

# It is compiled once here, too: .gch is a folder, in which the compiler takes what was compiled with its own options.
# $(call compile_host_common,options)
define compile_host_common
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(filter-out -include host_common.h,$(1)) -x c++-header -MMD -MP -MF $(@D:.gch=)-$(@F).d -MT $@ -o $@ $< >&2
endef
$(HOST_COMMON).gch/kern: $(HOST_COMMON) $(BUILD)/host/flags
	$(call compile_host_common,$(HOST_CXXFLAGS) -fno-exceptions -fno-rtti)

$(HOST_KERN_OBJECTS): $(BUILD)/host/%.cpp.o: %.cpp $(BUILD)/host/flags $(HOST_COMMON).gch/kern
	$(call log,HOSTCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_CXXFLAGS) -fno-exceptions -fno-rtti -MMD -MP -c -o $@ $< >&2

$(BUILD)/host/libkern.a: $(HOST_KERN_OBJECTS) $(BUILD)/host/objects
	$(call log,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(HOST_KERN_OBJECTS) >&2

-include $(BUILD)/kern/base/common.d $(HOST_COMMON)-kern.d $(KERN_OBJECTS:.o=.d) $(HOST_KERN_OBJECTS:.o=.d)
