# make coverage: the host tests in a build that counts, and what of kern/vm they ran.
COVERAGE_BUILD := build/coverage

coverage:
	@find $(COVERAGE_BUILD) -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) COVERAGE=1 BUILD=$(COVERAGE_BUILD) unit >&2
	@$(PYTHON) grade/coverage/report.py $(COVERAGE_BUILD)

.PHONY: coverage
