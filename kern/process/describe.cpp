#include "base/panic.h"
#include "process/process.h"

namespace kern {

namespace {

// What lies around an address.
struct Surroundings {
    VirtAddr gap_start = VirtAddr(0);  // end of the mapping below
    VirtAddr gap_end = VMAR_CAP_ADDR;  // start of the mapping above
    bool is_mapped = false;

    void look(const VmMapping& mapping, VirtAddr address) {
        if (mapping.range.end <= address)
            gap_start = mapping.range.end;
        else if (mapping.range.start > address)
            gap_end = std::min(gap_end, mapping.range.start);
        else
            is_mapped = true;
    }
};

void describe_gap(TextSink& sink, const Surroundings& around, VirtAddr address) {
    if (address >= VMAR_CAP_ADDR)
        format_to(sink, "beyond the user's half of the address space");
    else if (address < VMAR_LOWEST_ADDR)
        format_to(sink, "nothing mapped there (below {})", VMAR_LOWEST_ADDR);
    else
        format_to(sink, "nothing mapped there (gap {}-{})", std::max(around.gap_start, VMAR_LOWEST_ADDR), around.gap_end);
}

void describe_mapping(TextSink& sink, const VmMapping& mapping, VirtRange heap) {
    format_to(sink, "{}-{} {}{} {}", mapping.range.start, mapping.range.end, mapping.perms,
              mapping.is_private() ? "p" : "s", mapping_name(mapping, heap));
}

}  // namespace

std::string_view mapping_name(const VmMapping& mapping, VirtRange heap) {
    if (mapping.file)
        return mapping.file->path();
    switch (mapping.kind) {
    case MappingKind::stack:
        return "[stack]";
    case MappingKind::vdso:
        return "[vdso]";
    case MappingKind::vvar:
        return "[vvar]";
    case MappingKind::ordinary:
        return heap.overlaps(mapping.range) ? "[heap]" : "";
    }
    return "";
}

void describe_place(TextSink& sink, Vmar& vmar, VirtAddr address) {
    Surroundings around;
    VirtRange heap = vmar.process_vm().heap().range();
    vmar.for_each([&](const VmMapping& mapping) {
        around.look(mapping, address);
        if (!mapping.range.contains(address))
            return;
        format_to(sink, "not allowed there (");
        describe_mapping(sink, mapping, heap);
        format_to(sink, ")");
    });
    if (!around.is_mapped)
        describe_gap(sink, around, address);
}

void describe_current_process(TextSink& sink) {
    Thread* thread = arch::this_hart().thread;
    if (!thread || !thread->space)
        return format_to(sink, "no program's address space is in use\n");
    auto& self = static_cast<UserThread&>(*thread);
    Process& process = self.process();
    format_to(sink, "process {} ({})\n", process.pid(), process.state_.unlocked().name.data());
    VirtRange heap = self.vmar().process_vm().heap().range_unlocked();
    self.vmar().for_each_unlocked([&](const VmMapping& mapping) {
        format_to(sink, "  ");
        describe_mapping(sink, mapping, heap);
        format_to(sink, "\n");
    });
}

}  // namespace kern
