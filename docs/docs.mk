# make docs: the pages of this tree as a site, in $(BUILD)/docs. A warning of Sphinx is an error, but in a handout: the labs that
# come later, which pages lead to, are not there.

SPHINX = $(PYTHON) -m sphinx $(if $(wildcard labs/handout.toml),-Q,-q -W --keep-going) -E -a -b html -c docs -d $(BUILD)/docs-cache

docs: $(BUILD)/docs.setup
	$(call log,DOCS,$(BUILD)/docs/index.html)
	$(Q)PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(SPHINX) . $(BUILD)/docs >&2

# Sphinx and its parts are installed when the site is asked for.
$(BUILD)/docs.setup: grade/setup/requirements.txt
	$(Q)grade/setup/setup.sh install docs >/dev/null && touch $@

# The pictures, from what the machine shows now; they are kept in the tree.
pictures: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio $(BUILD)/user/lab/tour
	$(Q)PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m docs.pictures.record
	$(Q)PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m docs.pictures.draw

# And what the site and the report of a batch look like in a browser.
screenshots: docs
	$(Q)PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m docs.pictures.shoot

.PHONY: docs pictures screenshots
