# Astrolabe's front door. One make for the whole tree: each folder's .mk file is included here and names its files from the root.
#   V=1         show every command          D=0 or RELEASE=1   leave out the kernel's assertions and junk fill
#   BUILD=dir   build somewhere else        -j                 is set to the number of processors unless given
#   SAN=1       a kernel that looks for undefined behaviour and for freed memory in use; in build/san

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

BUILD ?= build$(if $(filter-out 0,$(SAN)),/san)
QUICK_GOALS := help setup doctor clean
GOALS := $(or $(MAKECMDGOALS),help)

# $(call log,WORD,file): one line a step, on stderr so that the standard output stays the program's; V=1 shows commands instead.
Q := $(if $(V),,@)
log = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)' >&2)
# $(call quote,text): text as one word of the shell.
quote = '$(subst ','\'',$(1))'
# $(call remember,file,text): file holds text, and is newer than before only if the text changed (flags and lists as prerequisites).
remember = $(if $(call differs,$(strip $(file <$(1))),$(strip $(2))),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(strip $(2))))
differs = $(if $(subst x$(1)x,,x$(2)x)$(subst x$(2)x,,x$(1)x),yes)

help:
	@sed -n 's/^#help //p' Makefile

#help Astrolabe: a RISC-V kernel to learn the process address space from. Start with README.md.
#help
#help   make setup      install what is missing (the other commands do this by themselves)
#help   make doctor     one line for each requirement: the version found, or how to get it
#help   make qemu       boot to the shell; Ctrl-A X leaves        [SMP=] [MEM=] [APPEND=] [ROOT=dir] [DISK=image]
#help   make run        run one program: CMD='/bin/prog a "b c"'  [ROOT=dir] [DISK=image] [SMP=] [MEM=] [APPEND=] [TIMEOUT=s] [ICOUNT=1]
#help   make distro     the same with Debian's busybox, lua5.4 and sqlite3    [CMD='/bin/prog']
#help   make gdb        QEMU stopped at the kernel's first line, with gdb attached    [CMD='/bin/prog a'] [SMP=] [CHECK= STEP=]
#help   make qemu-gdb   QEMU that waits for a debugger of your own                    [CMD=] [SMP=] [STUB=socket]
#help   make record     run and write down what happens                         [CMD=] [ROOT=] [MEM=] [APPEND=]
#help   make replay     the recorded run under gdb, which can go back in it: reverse-continue, lastwrite
#help   make map        physical memory by owner, live                           [CMD=] [OUT=page.html]
#help   make trace      a time line of threads, calls and faults, for Perfetto   [CMD=] [OUT=trace.json]
#help   make addr2line  what stands at an address: ADDR=0x...                    [CMD=/bin/prog]
#help   make grade      grade this tree                           [LAB=vmar] [CHECK=] [SEED=]
#help   make unit       the host tests, under ASan and UBSan      [LAB=vmar] [CHECK=]
#help   make test       everything the project promises           [FAST=1] [LONG=1]
#help   make fuzz       what reads bytes of strangers, on random ones   [FUZZ=elf] [RUNS=] [SEED=]
#help   make coverage   which lines of the address space the tests run
#help   make bench      what operations cost in instructions        [LINUX=1] [UPDATE=1]
#help   make handout    write a student's tree: LAB=vmar          [OUT=dir] [WITH=boot]
#help   make gradescope pack a lab's autograder: LAB=vmar            [OUT=zip]
#help   make submit     pack what the lab allows to hand in: LAB=vmar
#help   make docs       the handouts and guides as a site, build/docs
#help   make all        build the kernel and the user programs
#help   make clean      remove build/

ifneq ($(filter-out $(QUICK_GOALS),$(GOALS)),)
include grade/setup/setup.mk
include kern/kern.mk
-include user/user.mk
include grade/run.mk
-include labs/labs.mk
include grade/unit/unit.mk
-include grade/property/property.mk
-include grade/fuzz/fuzz.mk
-include grade/coverage/coverage.mk
-include grade/grade.mk
-include grade/bench/bench.mk
-include docs/docs.mk
endif

all: $(BUILD)/kernel.elf $(BUILD)/initramfs.cpio

# Every part runs, also after another has failed; pytest is last, so its closing line is, too.
TEST_PARTS := test-unit test-kernel test-py
test:
	@failed=; for part in $(TEST_PARTS); do $(MAKE) $$part || failed="$$failed $$part"; done; \
	if [ -n "$$failed" ]; then printf 'make test: failed:%s\n' "$$failed"; exit 1; fi

test-unit: unit

# The tests call make themselves, as a person does: nothing of this make is passed on.
test-py: all
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PYTHONDONTWRITEBYTECODE=1 FAST=$(FAST) LONG=$(LONG) MUTANTS=$(MUTANTS) $(PYTHON) -m pytest -q -n 2 \
	  $(if $(FAST),-m 'not slow') $(wildcard grade/tests labs/tests)

setup:
	@grade/setup/setup.sh install

doctor:
	@grade/setup/setup.sh doctor

clean:
	rm -rf $(BUILD)

.PHONY: help all test test-unit test-py clean setup doctor
