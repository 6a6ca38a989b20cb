# The labs: make handout, make submit, make test-labs (the tool's own tests).

LAB_PYTHON = PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON)

handout:
	@$(LAB_PYTHON) -m labs.handout --lab $(call quote,$(LAB)) --out $(call quote,$(OUT)) --with $(call quote,$(WITH))

# The whole kernel as a handout brings it: a third of the size.
$(BUILD)/kernel.packed.elf: $(BUILD)/kernel.elf
	$(Q)$(CROSS)objcopy --compress-debug-sections $< $@

submit:
	@$(LAB_PYTHON) -m labs.submit --lab $(call quote,$(LAB))

test-labs:
	@$(LAB_PYTHON) -m pytest -q -p no:cacheprovider labs/tests

.PHONY: handout submit test-labs
