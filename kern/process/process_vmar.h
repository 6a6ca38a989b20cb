// The slot in which a process keeps its address space, and the ways to fill it.
//
//     Process [ Mutex: Ref<Vmar> ] ----+
//                                      +----> Vmar          both point to the same one; a thread reads its own
//     UserThread [ Ref<Vmar> ] --------+                    reference without a lock
#pragma once

#include "sched/wait_queue.h"
#include "vm/process_vm/init_stack.h"
#include "vm/vmar.h"

namespace kern {

class UserThread;
struct Program;

using VmarSlot = Locked<Ref<Vmar>, Mutex>;

// A guard to the Vmar of a process, from Process::lock_vmar(). While it is held the Vmar is not replaced; its mappings
// may change. Empty when the process has exited.
class ProcessVmarGuard {
public:
    explicit ProcessVmarGuard(VmarSlot& slot) : inner_(slot.lock()) {}

    // The Vmar of a process that is known to live; panics when it has exited.
    Vmar& unwrap() const { ASSERT(*inner_); return **inner_; }
    // The same, for an observer of another process: null when that has exited.
    Vmar* as_ref() const { return inner_->get(); }
    // Puts another Vmar (null: none) in, and hands back the old one: to be dropped after this guard.
    [[nodiscard]] Ref<Vmar> set_vmar(Ref<Vmar> new_vmar) { return std::exchange(*inner_, std::move(new_vmar)); }
    // One more reference, for the thread to keep.
    Ref<Vmar> dup_vmar() const { return *inner_; }
    // Reads the arguments and environment; empty when the process has exited.
    std::optional<InitStackReader> init_stack_reader() const {
        return *inner_ ? std::optional((*inner_)->process_vm().init_stack().reader(**inner_)) : std::nullopt;
    }

private:
    VmarSlot::Guard inner_;
};

struct NewVmar {
    Ref<Vmar> vmar;
    VirtAddr entry;  // first instruction: the program's, or its interpreter's
};

// A new space with `program` in it: segments, interpreter, heap, init stack. Nothing of the current one is touched.
// ENOEXEC, E2BIG, ENOMEM.
Result<NewVmar> new_vmar_and_map(const Program& program, const StartInfo& start, const Layout& layout,
                                 const VmLimits& limits);

// Puts `new_vmar` in the place of the current process's space, and makes it this hart's. Returns the old one: to be
// dropped after the guard.
[[nodiscard]] Ref<Vmar> unshare_and_renew_vmar(UserThread& current, ProcessVmarGuard& guard, Ref<Vmar> new_vmar);

// The vDSO and its data page: one pair of frames, mapped into every process. See kern/vdso/vdso.c.

extern "C" const std::byte vdso_image[PAGE_SIZE];  // vdso/image.S: an ELF file

// Makes the two pages; once at boot, after the clocks are set. ENOMEM.
Result<> set_up_vdso();

// What a mapping is called in messages and in /proc/<pid>/maps: its file's path, "[heap]", "[stack]", "[vdso]",
// "[vvar]", or nothing.
std::string_view mapping_name(const VmMapping& mapping, VirtRange heap);

}  // namespace kern
