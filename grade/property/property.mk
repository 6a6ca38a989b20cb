# build/host/space-server: the kernel's address space on the host, which property tests talk to. See machines.py.

$(BUILD)/host/grade/property/server.cpp.o: grade/property/server.cpp $(BUILD)/host/flags $(HOST_COMMON).gch/kern
	$(call log,HOSTCXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(UNIT_CXXFLAGS) -MMD -MP -c -o $@ $< >&2

$(BUILD)/host/space-server: $(BUILD)/host/grade/property/server.cpp.o $(BUILD)/host/libkern.a
	$(call log,LINK,$@)
	$(Q)$(HOST_CXX) $(HOST_SANITIZE) -o $@ $^ >&2

-include $(BUILD)/host/grade/property/server.cpp.d
