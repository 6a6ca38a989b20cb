# make fuzz: libFuzzer over what reads bytes of strangers, and over the operations of a Vmar, under ASan and UBSan on the host.
#   FUZZ="elf cpio"   only these       RUNS=N   inputs to try, each       SEED=N
#
# GCC makes the code that counts, grade/fuzz/coverage.cpp shows libFuzzer (of Clang) the counters.

FUZZERS := $(filter-out coverage,$(basename $(notdir $(wildcard grade/fuzz/*.cpp))))
FUZZ ?= $(FUZZERS)
RUNS ?= 20000
FUZZ_SEED := $(or $(SEED),1)
LIBFUZZER := $(lastword $(sort $(wildcard /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-$(shell uname -m).a)))

# What they are after is compiled once more, with counters; the rest of the kernel comes from the library.
FUZZED_SOURCES := $(sort $(wildcard kern/vm/*.cpp kern/vm/process_vm/*.cpp) kern/base/fdt.cpp kern/fs/cpio.cpp kern/process/elf_loader.cpp)
FUZZED_OBJECTS := $(FUZZED_SOURCES:%=$(BUILD)/fuzz/%.o)
FUZZ_COUNT := -fsanitize-coverage=trace-pc,trace-cmp

$(FUZZED_OBJECTS): $(BUILD)/fuzz/%.o: % $(BUILD)/host/flags $(HOST_COMMON).gch/kern
	$(call log,FUZZCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_CXXFLAGS) $(FUZZ_COUNT) -fno-exceptions -fno-rtti -MMD -MP -c -o $@ $< >&2

$(BUILD)/fuzz/grade/fuzz/%.cpp.o: grade/fuzz/%.cpp $(BUILD)/host/flags $(HOST_COMMON).gch/kern
	$(call log,FUZZCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(UNIT_CXXFLAGS) -Igrade/fuzz -MMD -MP -c -o $@ $< >&2

$(FUZZERS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/grade/fuzz/%.cpp.o $(BUILD)/fuzz/grade/fuzz/coverage.cpp.o \
  $(FUZZED_OBJECTS) $(BUILD)/host/libkern.a
	$(call log,LINK,$@)
	$(if $(LIBFUZZER),,$(error make fuzz: libFuzzer is not installed; make doctor says how to get it))
	$(Q)$(HOST_CXX) $(HOST_SANITIZE) -Wl,-z,muldefs -o $@ $^ $(LIBFUZZER) >&2

# An input that fails is kept in build/fuzz/found.
fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	$(Q)$(PYTHON) grade/fuzz/seeds.py $(BUILD)
	$(Q)mkdir -p $(BUILD)/fuzz/found
	@for fuzzer in $(FUZZ); do \
	  printf '%-12s ' $$fuzzer; \
	  $(BUILD)/fuzz/$$fuzzer -seed=$(FUZZ_SEED) -runs=$(RUNS) -max_len=8192 -verbosity=0 -print_final_stats=1 -close_fd_mask=1 -artifact_prefix=$(BUILD)/fuzz/found/ \
	    $(BUILD)/fuzz/seeds/$$fuzzer >$(BUILD)/fuzz/log 2>&1 || { echo FAIL; cat $(BUILD)/fuzz/log; \
	    echo "again: $(BUILD)/fuzz/$$fuzzer $(BUILD)/fuzz/found/..., as it is named above"; exit 1; }; \
	  sed -n 's/stat::number_of_executed_units: *\(.*\)/\1 inputs, none fails/p' $(BUILD)/fuzz/log; done

-include $(FUZZED_OBJECTS:.o=.d) $(wildcard $(BUILD)/fuzz/grade/fuzz/*.d)

.PHONY: fuzz
