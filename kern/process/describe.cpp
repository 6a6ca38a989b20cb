#include "base/panic.h"
#include "process/process.h"

namespace kern {

namespace {

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
    VirtRange gap{VMAR_LOWEST_ADDR, VMAR_CAP_ADDR}, heap = vmar.process_vm().heap().range();
    bool is_mapped = false;
    vmar.for_each([&](const VmMapping& mapping) {
        if (mapping.range.end <= address)
            gap.start = mapping.range.end;
        else if (mapping.range.start > address)
            gap.end = std::min(gap.end, mapping.range.start);
        if (!mapping.range.contains(address))
            return;
        is_mapped = true;
        format_to(sink, "not allowed there (");
        describe_mapping(sink, mapping, heap);
        format_to(sink, ")");
    });
    if (address >= VMAR_CAP_ADDR)
        format_to(sink, "beyond the user's half of the address space");
    else if (address < VMAR_LOWEST_ADDR)
        format_to(sink, "nothing mapped there (below {})", VMAR_LOWEST_ADDR);
    else if (!is_mapped)
        format_to(sink, "nothing mapped there (gap {}-{})", gap.start, gap.end);
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
