// Writing the initial stack: first where everything goes, then the bytes.

#include "vm/process_vm/init_stack.h"
#include "vm/vmar.h"

constexpr size_t WORD = sizeof(uint64_t);
constexpr size_t STACK_ALIGNMENT = 16;  // of sp at the entry of a program: RISC-V psABI, "Integer Calling Convention"

static Result<> write_all(Vmar& vmar, VirtAddr at, std::span<const std::byte> bytes) {
    return vmar.write_bytes(at, bytes) == bytes.size() ? Result<>() : fail(Errno::EFAULT);
}

// Writes 64-bit words upward from an address, a small buffer at a time.
class WordWriter {
public:
    WordWriter(Vmar& vmar, VirtAddr at) : vmar_(vmar), at_(at) {}

    Result<> put(uint64_t word) {
        if (count_ == std::size(words_)) TRY(flush());
        words_[count_++] = word;
        return {};
    }
    // The addresses of the strings in `strings`, the first of which lies at `where`; then NULL.
    Result<> put_pointers(const ArgBlock& strings, VirtAddr where) {
        const char* bytes = strings.bytes().data();
        for (size_t i = 0, offset = 0; i < strings.count(); i++) {
            TRY(put((where + offset).value));
            offset += strlen(bytes + offset) + 1;
        }
        return put(0);
    }
    Result<> flush() {
        auto bytes = std::as_bytes(std::span(words_, count_));
        TRY(write_all(vmar_, at_, bytes));
        at_ += bytes.size();
        count_ = 0;
        return {};
    }

private:
    Vmar& vmar_;
    VirtAddr at_;
    uint64_t words_[32];
    size_t count_ = 0;
};

InitStackPlan plan_init_stack(VirtAddr top, const StartInfo& start, const AuxVec& aux) {
    // LAB stack.plan [begin]
    InitStackPlan plan;
    plan.exec_path = top - WORD - (start.exec_path.size() + 1);
    plan.env_strings = {plan.exec_path - start.envp.bytes().size(), plan.exec_path};
    plan.arg_strings = {plan.env_strings.start - start.argv.bytes().size(), plan.env_strings.start};
    plan.random = plan.arg_strings.start - start.random.size();
    // What lies below has a known size: subtract it, round sp down, and the rounding becomes the padding above the aux vector.
    size_t argv_size = (start.argv.count() + 1) * WORD;
    size_t envp_size = (start.envp.count() + 1) * WORD;
    size_t below = WORD + argv_size + envp_size + aux.entry_count() * sizeof(AuxEntry);
    plan.sp = VirtAddr(align_down((plan.random - below).value, STACK_ALIGNMENT));
    plan.argv = plan.sp + WORD;
    plan.envp = plan.argv + argv_size;
    plan.aux = plan.envp + envp_size;
    return plan;
    // LAB stack.plan [stub]
    //   // Lay the parts out downward from `top` in the order of the picture in init_stack.h; sp must come out a multiple of 16.
    //   (void)start, (void)aux;
    //   (void)lab_todo("stack.plan", "labs/2-init-stack, task 2");
    //   return {.exec_path = top, .env_strings = {top, top}, .arg_strings = {top, top}, .random = top, .aux = top,
    //           .envp = top, .argv = top, .sp = top};
    // LAB stack.plan [end]
}

Result<> write_strings(Vmar& vmar, const InitStackPlan& plan, const StartInfo& start) {
    // LAB stack.strings [begin]
    TRY(write_all(vmar, plan.exec_path, std::as_bytes(std::span(start.exec_path))));
    TRY(write_all(vmar, plan.env_strings.start, std::as_bytes(start.envp.bytes())));
    TRY(write_all(vmar, plan.arg_strings.start, std::as_bytes(start.argv.bytes())));
    return write_all(vmar, plan.random, start.random);
    // LAB stack.strings [stub]
    //   // The path, the two blocks of strings and the random bytes, each to its place in the plan.
    //   (void)vmar, (void)plan, (void)start, (void)write_all;
    //   (void)lab_todo("stack.strings", "labs/2-init-stack, task 5");
    //   return {};
    // LAB stack.strings [end]
}

Result<> write_pointers(Vmar& vmar, const InitStackPlan& plan, const StartInfo& start, const AuxVec& aux) {
    // LAB stack.pointers [begin]
    AuxEntry pairs[AuxVec::CAPACITY + 1];
    aux.serialise(pairs);

    WordWriter words(vmar, plan.sp);
    TRY(words.put(start.argv.count()));
    TRY(words.put_pointers(start.argv, plan.arg_strings.start));
    TRY(words.put_pointers(start.envp, plan.env_strings.start));
    for (const AuxEntry& pair : std::span(pairs, aux.entry_count())) {
        TRY(words.put(pair.key));
        TRY(words.put(pair.value));
    }
    return words.flush();
    // LAB stack.pointers [stub]
    //   // From plan.sp upward: argc, the argv array, the envp array (each ends in NULL), the aux vector.
    //   (void)vmar, (void)plan, (void)start, (void)aux;
    //   (void)lab_todo("stack.pointers", "labs/2-init-stack, task 6");
    //   return {};
    // LAB stack.pointers [end]
}
