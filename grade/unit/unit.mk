# make unit: each folder here is a suite, one Criterion program against the kernel's own files on the host; but for host/, the
# pretended machine that these files stand on.

UNIT_SUITES := $(filter-out host,$(sort $(notdir $(patsubst %/,%,$(dir $(wildcard grade/unit/*/*.cpp))))))
# The kernel is built without RTTI, so a test cannot compare the types of its objects.
# The tests themselves are built without optimisation: half the time to build, and not what takes time when they run.
UNIT_CXXFLAGS = $(filter-out -O1,$(HOST_CXXFLAGS)) -O0 -fno-sanitize=vptr
unit_objects = $(patsubst %,$(BUILD)/host/%.o,$(sort $(wildcard grade/unit/$(1)/*.cpp)))

$(call remember,$(BUILD)/host/unit-sources,$(HOST_CXX) $(UNIT_CXXFLAGS) $(foreach suite,$(UNIT_SUITES),$(call unit_objects,$(suite))))

# LAB=1, LAB=vmar and LAB=1-vmar are the suite 1-vmar.
unnumbered = $(subst $(firstword $(subst -, ,$(1)))-,,$(1))
UNIT_WANTED := $(if $(LAB),$(foreach suite,$(UNIT_SUITES),\
  $(if $(filter $(LAB) $(LAB)-%,$(suite))$(filter $(LAB),$(call unnumbered,$(suite))),$(suite))),$(UNIT_SUITES))

unit: $(addprefix $(BUILD)/host/unit/,$(UNIT_WANTED))
	$(if $(strip $^),,$(error no host tests $(if $(LAB),for LAB=$(LAB); there are some for: $(UNIT_SUITES),here)))
	@grade/unit/run $(call quote,$(CHECK)) $^

$(foreach suite,$(UNIT_SUITES),$(eval $(BUILD)/host/unit/$(suite): $(call unit_objects,$(suite))))
$(UNIT_SUITES:%=$(BUILD)/host/unit/%): $(BUILD)/host/libkern.a $(BUILD)/host/unit-sources
	$(call log,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_SANITIZE) -o $@ $(filter %.o,$^) $(BUILD)/host/libkern.a -lcriterion >&2

$(HOST_COMMON).gch/unit: $(HOST_COMMON) $(BUILD)/host/unit-sources
	$(call compile_host_common,$(UNIT_CXXFLAGS))

$(BUILD)/host/grade/unit/%.cpp.o: grade/unit/%.cpp $(BUILD)/host/flags $(BUILD)/host/unit-sources $(HOST_COMMON).gch/unit
	$(call log,HOSTCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(UNIT_CXXFLAGS) -MMD -MP -c -o $@ $< >&2

-include $(HOST_COMMON)-unit.d $(foreach suite,$(UNIT_SUITES),$(patsubst %.o,%.d,$(call unit_objects,$(suite))))

.PHONY: unit
