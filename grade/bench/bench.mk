# make bench: in a build of its own, without the kernel's assertions.
BENCH_BUILD := $(BUILD)/bench

bench: | $(BUILD)/setup.mk
	@$(MAKE) BUILD=$(BENCH_BUILD) RELEASE=1 all $(BENCH_BUILD)/empty.elf
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade.bench --build=$(BENCH_BUILD) $(if $(LINUX),--linux) $(if $(UPDATE),--update)

$(BUILD)/empty.elf: grade/bench/empty.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -nostdlib -static -no-pie -Wl,--build-id=none,-N,--no-warn-rwx-segments,-Ttext=0x80200000 -o $@ $< >&2

# A class graded on one processor and on two.
bench-batch: | $(BUILD)/setup.mk
	@PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade.bench.batch --lab $(call quote,$(LAB)) $(if $(COUNT),--count $(call quote,$(COUNT)))

.PHONY: bench bench-batch
