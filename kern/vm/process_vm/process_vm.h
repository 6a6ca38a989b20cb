// What a process's address space holds beside its mappings: the init stack, the heap, the executable, the vDSO's place.
// One per Vmar, dropped with it. Making one maps nothing.
#pragma once

#include "vm/page_source.h"
#include "vm/process_vm/heap.h"
#include "vm/process_vm/init_stack.h"

class ProcessVm {
public:
    // `executable` may be null: the first process before its exec, or a test.
    ProcessVm(Ref<BackingFile> executable, const Layout& layout) : executable_file_(std::move(executable)), layout_(layout) {}
    // A copy of every field for fork. `heap` is the original's state, whose lock the caller holds until the mappings
    // are copied as well.
    static ProcessVm fork_from(const ProcessVm& original, const Heap::State& heap) { return ProcessVm(original, heap); }

    InitStack& init_stack() { return init_stack_; }
    Heap& heap() { return heap_; }
    const Ref<BackingFile>& executable_file() const { return executable_file_; }
    const Layout& layout() const { return layout_; }

    // Maps the main stack and writes its initial portion: see InitStack::map_and_write.
    Result<> map_and_write_init_stack(Vmar& vmar, const StartInfo& start, AuxVec aux) {
        return init_stack_.map_and_write(vmar, start, aux);
    }

    // Where the vDSO is mapped; 0: it is not.
    VirtAddr vdso_base() const { return VirtAddr(vdso_base_.load()); }
    void set_vdso_base(VirtAddr base) { vdso_base_.store(base.value); }

    // The program's text and data, for /proc/<pid>/stat; set once by exec.
    VirtRange code;
    VirtRange data;

private:
    ProcessVm(const ProcessVm& original, const Heap::State& heap)
        : code(original.code), data(original.data), init_stack_(original.init_stack_), heap_(heap),
          executable_file_(original.executable_file_), layout_(original.layout_), vdso_base_(original.vdso_base_.load()) {}

    InitStack init_stack_;
    Heap heap_;
    Ref<BackingFile> executable_file_;
    Layout layout_;
    Atomic<uint64_t> vdso_base_;
};
