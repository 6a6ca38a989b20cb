# make grade. The status of its failure is make's own (2) where loadable objects are missing; else 1 not all points,
# 2 nothing graded, 3 trouble with the machine.

GRADE_ARGUMENTS = --lab $(call quote,$(LAB)) --seed $(call quote,$(SEED)) --check $(call quote,$(CHECK)) \
  --json $(call quote,$(JSON)) --junit $(call quote,$(JUNIT))

grade:
	@PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m grade $(GRADE_ARGUMENTS)

.PHONY: grade
