# User programs: ordinary Linux programs, linked statically with the cross toolchain's C library, and the labs' probes.
#
#   user/NAME.c, user/NAME.cpp           -> build/user/NAME with symbols, /bin/NAME in the root file system
#   user/NAME/*.cpp                      -> the same, of several files
#   user/tools/NAME.c                    -> /bin/NAME, too, but all of them are one file with many names, /bin/tools: the C
#                                           library in each would cost 400 KiB and 0.3 s a program. tools/tools.c says how
#                                           (so is /bin/init another name of /bin/sh)
#   user/lab/NAME.c, user/lab/NAME.cpp   -> build/user/lab/NAME, /lab/NAME; no C library at all: each with what it uses of
#                                           lib*.c and malloc.c (one that does not call malloc holds nothing of a student's)
#   user/root/...                        -> copied as it is

CROSS_CC ?= $(patsubst %g++,%gcc,$(subst g++-,gcc-,$(CROSS_CXX)))

USER_ROOT := $(BUILD)/user/root
USER_SOURCES := $(sort $(wildcard user/*.c user/*.cpp))
USER_FOLDERS := $(filter-out lab,$(patsubst user/%/,%,$(sort $(dir $(wildcard user/*/*.c user/*/*.cpp)))))
USER_PROGRAMS := $(basename $(notdir $(USER_SOURCES))) $(USER_FOLDERS)
TOOL_NAMES := $(filter-out tools,$(basename $(notdir $(sort $(wildcard user/tools/*.c)))))
USER_FILES := $(patsubst user/root/%,$(USER_ROOT)/%,$(shell find user/root -type f 2>/dev/null))

LAB_PARTS := $(sort $(wildcard user/lab/lib*.c user/lab/malloc.c))
LAB_SOURCES := $(filter-out $(LAB_PARTS),$(sort $(wildcard user/lab/*.c user/lab/*.cpp)))
LAB_PROGRAMS := $(basename $(notdir $(LAB_SOURCES)))
LAB_PART_OBJECTS := $(LAB_PARTS:%=$(BUILD)/%.o)
LAB_ARCHIVE := $(BUILD)/user/lab/lab.a

USER_INSTALLED := $(USER_PROGRAMS:%=$(USER_ROOT)/bin/%) $(USER_ROOT)/bin/init $(TOOL_NAMES:%=$(USER_ROOT)/bin/%) $(LAB_PROGRAMS:%=$(USER_ROOT)/lab/%) $(USER_FILES)

USER_WARNINGS := -Wall -Wextra -Werror
USER_FLAGS := -O2 -g $(USER_WARNINGS)
LAB_FLAGS := -O2 -g -ffreestanding -fno-stack-protector -fno-pie -fno-builtin -fno-asynchronous-unwind-tables $(USER_WARNINGS)
LAB_CXXFLAGS := -std=c++23 -fno-exceptions -fno-rtti -fno-threadsafe-statics
LAB_LDFLAGS := -static -no-pie -nostdlib -Wl,--build-id=none -Wl,-z,max-page-size=4096

$(call remember,$(BUILD)/user/flags,$(CROSS_CXX) $(CROSS_CC) $(USER_FLAGS) $(LAB_FLAGS) $(LAB_CXXFLAGS) $(LAB_LDFLAGS))
$(call remember,$(BUILD)/user/installed,$(USER_INSTALLED))
$(call remember,$(BUILD)/user/lab-parts,$(LAB_PARTS))
$(call remember,$(BUILD)/user/tools.list,$(foreach tool,$(TOOL_NAMES),TOOL($(tool))))

define COMPILE_C
	$(call log,USERCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(if $(filter user/lab/%,$<),$(LAB_FLAGS),$(USER_FLAGS)) $(TOOL_FLAGS) -MMD -MP -c -o $@ $< >&2
endef

define COMPILE_CXX
	$(call log,USERCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CXX) $(if $(filter user/lab/%,$<),$(LAB_FLAGS) $(LAB_CXXFLAGS),-std=c++23 $(USER_FLAGS)) -MMD -MP -c -o $@ $< >&2
endef

$(BUILD)/user/%.c.o: user/%.c $(BUILD)/user/flags
	$(COMPILE_C)
$(BUILD)/user/%.cpp.o: user/%.cpp $(BUILD)/user/flags
	$(COMPILE_CXX)
# The files of a program that has a folder; the program itself is build/user/NAME.
$(BUILD)/user/parts/%.c.o: user/%.c $(BUILD)/user/flags
	$(COMPILE_C)
$(BUILD)/user/parts/%.cpp.o: user/%.cpp $(BUILD)/user/flags
	$(COMPILE_CXX)

$(TOOL_NAMES:%=$(BUILD)/user/parts/tools/%.c.o): TOOL_FLAGS = -Dmain=$(*F)_main
$(BUILD)/user/parts/tools/tools.c.o: $(BUILD)/user/tools.list
$(BUILD)/user/parts/tools/tools.c.o: TOOL_FLAGS = -I$(BUILD)/user

# With symbols, for gdb; the root file system holds stripped copies.
$(LAB_PROGRAMS:%=$(BUILD)/user/lab/%): $(LAB_ARCHIVE)
$(foreach source,$(LAB_SOURCES),$(eval $(BUILD)/$(basename $(source)): $(BUILD)/$(source).o))
$(foreach source,$(USER_SOURCES),$(eval $(BUILD)/$(basename $(source)): $(BUILD)/$(source).o))
$(foreach folder,$(USER_FOLDERS),$(foreach source,$(sort $(wildcard user/$(folder)/*.c user/$(folder)/*.cpp)),\
  $(eval $(BUILD)/user/$(folder): $(BUILD)/$(source:user/%=user/parts/%).o)))

$(LAB_PROGRAMS:%=$(BUILD)/user/lab/%):
	$(Q)$(CROSS_CXX) $(LAB_LDFLAGS) -Wl,-u,_start -o $@ $(filter %.o,$^) $(LAB_ARCHIVE) -lgcc >&2

$(LAB_ARCHIVE): $(LAB_PART_OBJECTS) $(BUILD)/user/lab-parts
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $(LAB_PART_OBJECTS) >&2

$(USER_PROGRAMS:%=$(BUILD)/user/%):
	$(Q)$(if $(filter %.cpp.o,$^),$(CROSS_CXX),$(CROSS_CC)) -static -o $@ $(filter %.o,$^) >&2

$(USER_PROGRAMS:%=$(USER_ROOT)/bin/%): $(USER_ROOT)/bin/%: $(BUILD)/user/%
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)strip -o $@ $< >&2

$(TOOL_NAMES:%=$(USER_ROOT)/bin/%): $(USER_ROOT)/bin/tools
	$(Q)ln -f $< $@

$(USER_ROOT)/bin/init: $(USER_ROOT)/bin/sh
	$(Q)ln -f $< $@
	$(Q)ln -f $(BUILD)/user/sh $(BUILD)/user/init

$(USER_ROOT)/lab/%: $(BUILD)/user/lab/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(USER_FILES): $(USER_ROOT)/%: user/root/%
	$(Q)mkdir -p $(@D)
	$(Q)cp -p $< $@

# The same bytes from the same programs: sorted names, one time, one owner. What was removed from user/ leaves the archive too.
$(BUILD)/initramfs.cpio: $(USER_INSTALLED) $(BUILD)/user/installed grade/pack-root
	$(call log,CPIO,$@)
	$(Q)find $(USER_ROOT) -type f | grep -vxF $(patsubst %,-e %,$(USER_INSTALLED)) | xargs -r rm -f
	$(Q)mkdir -p $(addprefix $(USER_ROOT)/,dev proc sys tmp etc)
	$(Q)grade/pack-root --same-time $(USER_ROOT) >$@.new && mv $@.new $@

-include $(wildcard $(BUILD)/user/*.d $(BUILD)/user/lab/*.d $(BUILD)/user/parts/*/*.d)
