# Requirements: build/setup.mk holds what setup.sh found. Make brings a file it includes up to date before anything else, so a
# command run on a fresh machine first installs what is missing, and one run later costs nothing.

include $(BUILD)/setup.mk

# Something found then is gone now: look again.
ifneq ($(words $(REQUIREMENT_PLACES)),$(words $(wildcard $(REQUIREMENT_PLACES))))
$(BUILD)/setup.mk: look_again
endif

$(BUILD)/setup.mk: grade/setup/requirements.txt grade/setup/setup.sh
	$(Q)PYTHON=$(call quote,$(if $(filter environment command%,$(origin PYTHON)),$(PYTHON))) grade/setup/setup.sh record $@

look_again:
.PHONY: look_again
