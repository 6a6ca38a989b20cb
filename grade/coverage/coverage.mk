# make coverage: the host tests and the tests in the guest, in builds that count, and what of kern/vm they ran.
COVERAGE_BUILD := build/coverage

coverage: $(BUILD)/initramfs.cpio
	@find $(COVERAGE_BUILD) -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) COVERAGE=1 BUILD=$(COVERAGE_BUILD) unit >&2
	@$(MAKE) COVERAGE=1 BUILD=$(COVERAGE_BUILD) $(COVERAGE_BUILD)/kernel.elf >&2
	@cp $(BUILD)/initramfs.cpio $(COVERAGE_BUILD)
	@$(PYTHON) grade/coverage/guest.py $(COVERAGE_BUILD)
	@CROSS=$(CROSS) $(PYTHON) grade/coverage/report.py $(COVERAGE_BUILD)

.PHONY: coverage
