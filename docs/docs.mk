# make docs: the pages of this tree as a site, in $(BUILD)/docs. A warning of Sphinx is an error.

SPHINX = $(PYTHON) -m sphinx -q -W --keep-going -b html -c docs -d $(BUILD)/docs-cache

docs: $(BUILD)/docs.setup
	$(call log,DOCS,$(BUILD)/docs/index.html)
	$(Q)PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(SPHINX) . $(BUILD)/docs >&2

# Sphinx and its parts are installed when the site is asked for.
$(BUILD)/docs.setup: grade/setup/requirements.txt
	$(Q)grade/setup/setup.sh install docs >/dev/null && touch $@

.PHONY: docs
