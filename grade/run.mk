# make qemu, make run, make gdb, make qemu-gdb, make record, make replay, make map, make trace, make addr2line, make distro, make test-kernel.

RUN = PYTHONDONTWRITEBYTECODE=1 exec $(PYTHON) -m grade.run $(1) --build=$(call quote,$(BUILD)) \
  $(if $(2),--command=$(call quote,$(value CMD))) $(3) --root=$(call quote,$(value ROOT)) \
  --disk=$(call quote,$(value DISK)) --smp=$(call quote,$(SMP)) \
  --mem=$(call quote,$(MEM)) --append=$(call quote,$(value APPEND)) --timeout=$(call quote,$(TIMEOUT)) \
  --icount=$(call quote,$(ICOUNT)) --verbose=$(call quote,$(V)) --gdb=$(call quote,$(GDB)) \
  --gdb-arguments=$(call quote,$(value GDB_ARGS)) --stub=$(call quote,$(value STUB)) \
  --address=$(call quote,$(ADDR)) --out=$(call quote,$(value OUT))

ifneq ($(filter qemu run gdb qemu-gdb record replay map trace addr2line distro,$(GOALS)),)
ifneq ($(filter load,$(.FEATURES)),)
-load $(BUILD)/become.so(become_gmk_setup)
endif
endif

# Without loadable objects the command runs as make's child: all the same, but the status of a failure is make's own, 2.
BECOME = $(if $(filter %become.so,$(.LOADED)),$(become $(1)),@$(1))

$(BUILD)/become.so: grade/become.c | $(BUILD)/setup.mk
	$(Q)mkdir -p $(@D)
	$(Q)$(patsubst %g++,%gcc,$(subst g++-,gcc-,$(HOST_CXX))) -O2 -fPIC -shared -Wall -Wextra -Werror -o $@ $< >&2

qemu: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,qemu,$(CMD)))

run: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,run,yes))

# With CHECK= it is the machine of one check: grade.mk.
ifeq ($(CHECK),)
gdb: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,gdb,$(CMD)))
endif

qemu-gdb: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,qemu-gdb,$(CMD)))

record: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,record,$(CMD)))

replay:
	$(call BECOME,$(call RUN,replay,))

map trace: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	$(call BECOME,$(call RUN,$@,$(CMD)))

addr2line: $(BUILD)/kernel.elf
	$(call BECOME,$(call RUN,addr2line,$(CMD)))

# The same with Debian's programs laid over the root file system: a shell, or with CMD= one program.
distro: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio $(BUILD)/debian.made
	$(call BECOME,$(call RUN,$(if $(value CMD),run,qemu),$(CMD),--root=$(BUILD)/debian))

$(BUILD)/debian.made: grade/distro grade/debian.py $(shell find user/distro -type f)
	$(call log,DISTRO,$(basename $@))
	$(Q)grade/distro $(basename $@) && touch $@

test-kernel: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio
	@$(call RUN,selftest,)

.PHONY: qemu run gdb qemu-gdb record replay map trace addr2line distro test-kernel
