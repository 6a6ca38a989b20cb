# make grade. The status of its failure is make's own (2) where loadable objects are missing; else 1 not all points,
# 2 nothing graded, 3 trouble with the machine.

GRADE_ARGUMENTS = --lab $(call quote,$(LAB)) --seed $(call quote,$(SEED)) --check $(call quote,$(CHECK)) \
  --json $(call quote,$(JSON)) --csv $(call quote,$(CSV)) --junit $(call quote,$(JUNIT)) --tap $(call quote,$(TAP)) \
  --gradescope $(call quote,$(GRADESCOPE)) --classroom $(call quote,$(CLASSROOM))

grade:
	@PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade $(GRADE_ARGUMENTS)

# make gdb CHECK=: the machine of one check, as it boots there. The debugger knows the probe's symbols; `continue` runs on to
# its first checkpoint, where the grader looks; with STEP= also to where the probe begins that step.
ifneq ($(CHECK),)
CHECK_BOOT := $(abspath $(BUILD))/grade/gdb
gdb:
	@PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade $(GRADE_ARGUMENTS) --save $(CHECK_BOOT) --jobs 1 >$(BUILD)/grade.log; \
	status=$$?; if [ $$status -gt 1 ]; then cat $(BUILD)/grade.log; exit $$status; fi; \
	PYTHONDONTWRITEBYTECODE=1 exec $(PYTHON) -m grade.run gdb --build=$(CHECK_BOOT) --append="$$(cat $(CHECK_BOOT)/append)" \
	  $(if $(GDB),--gdb=$(GDB)) \
	  --gdb-arguments="-ex 'add-symbol-file $(CHECK_BOOT)/probe' -ex 'hbreak checkpoint' $(if $(STEP),-ex 'hbreak begin_step if \$$a0 == $(STEP)') "$(call quote,$(GDB_ARGS))
endif

# The autograder of one lab for Gradescope, as a zip.
gradescope:
	@PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade.gradescope --lab $(call quote,$(LAB)) --out $(call quote,$(OUT))

.PHONY: grade gradescope
