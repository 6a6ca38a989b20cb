// The kernel's own address space, on the pretended machine, at the other end of a pipe: a command a line, an answer a line.
// grade/property/machines.py says what the commands are.
#include <cstdio>
#include <cstring>
#include <string>

#include "host.h"
#include "mm/frame.h"
#include "vm/vmar.h"

namespace {

constexpr int SEGV = 11, BUS = 7;
constexpr size_t FILE_PAGES = 8;

Ref<Vmar> spaces[2];  // the one that runs, and its parent or child
Ref<Vmo> file;
size_t frames_at_start;

Vmar& space() { return *spaces[0]; }

void run() {
    VmSpace::switch_to(&space().vm_space());
    arch::host::set_fault_handler(
        [](VirtAddr address, Perms access) { return space().handle_fault(address, access) == FaultOutcome::resolved; });
}

// A fresh space, and a file whose pages begin with 1, 2, 3. Says how many frames the ones before have lost.
long reset() {
    VmSpace::switch_to(nullptr);
    for (auto& each : spaces) each = nullptr;
    file = nullptr;
    long lost = frames_at_start ? static_cast<long>(frames_at_start - free_frame_count()) : 0;
    frames_at_start = free_frame_count();
    file = *Vmo::create(FILE_PAGES * PAGE_SIZE);
    for (uint64_t page = 0; page < FILE_PAGES; page++) {
        uint64_t word = page + 1;
        (void)file->write(page * PAGE_SIZE, std::as_bytes(std::span(&word, 1)));
    }
    spaces[0] = *Vmar::create({}, Layout::choose(INIT_STACK_SIZE, Randomize::no), {});
    run();
    return lost;
}

Perms perms_of(std::string_view text) {
    unsigned bits = 0;
    for (auto [letter, bit] : {std::pair('r', Perms::R), std::pair('w', Perms::W), std::pair('x', Perms::X)})
        if (text.find(letter) != std::string_view::npos) bits |= bit;
    return Perms(bits);
}

long number(const Result<>& result) { return result ? 0 : -static_cast<long>(result.error()); }
long number(const Result<VirtAddr>& result) { return result ? static_cast<long>(result->value) : -static_cast<long>(result.error()); }

// map SIZE PERMS AT PLACEMENT SHARED FILE OFFSET
long map(const char* arguments) {
    char perms[8], placement[16], backing[16];
    unsigned long size, at, offset;
    int shared;
    if (sscanf(arguments, "%lu %7s %lu %15s %d %15s %lu", &size, perms, &at, placement, &shared, backing, &offset) != 7) abort();
    std::string_view where = placement;
    MapRequest request{.size = align_up(size, PAGE_SIZE), .perms = perms_of(perms), .at = VirtAddr(at)};
    request.placement = where == "fixed" ? Placement::fixed_replace : where == "noreplace" ? Placement::fixed_no_replace
                        : where == "hint" ? Placement::hint : Placement::any;
    request.sharing = shared ? Sharing::shared : Sharing::private_;
    if (!strcmp(backing, "file")) request.vmo = file, request.vmo_offset = offset;
    else if (shared) request.vmo = *Vmo::create(request.size);
    return number(space().map(request));
}

// remap AT OLD_SIZE NEW_SIZE TO KEEP
long remap(const char* arguments) {
    unsigned long at, old_size, new_size, to;
    int keep;
    if (sscanf(arguments, "%lu %lu %lu %lu %d", &at, &old_size, &new_size, &to, &keep) != 5) abort();
    RemapRequest request{.old_range = VirtRange::sized(VirtAddr(at), old_size), .new_size = new_size};
    request.may_move = to != 0;
    if (to) request.fixed = VirtAddr(to);
    request.dont_unmap = keep;
    return number(space().remap(request));
}

// The signal that an access gets; 0: none.
int access(VirtAddr at, Perms kind) {
    if (arch::host::can_access(at, kind)) return 0;
    return space().handle_fault(at, kind) == FaultOutcome::past_end ? BUS : SEGV;
}

long store(VirtAddr at, uint64_t word) {
    if (int signal = access(at, Perms(Perms::W))) return signal;
    return arch::host::store(at, &word, sizeof(word)) ? 0 : SEGV;
}

// "ADDRESS:PERMS:SHARING" for each mapped page of a range; with the first word, or ! where it cannot be read, if asked for.
void print_pages(VirtRange range, bool with_words) {
    for (VirtAddr page = range.start; page < range.end; page += PAGE_SIZE) {
        std::string text;
        space().for_each([&](const VmMapping& mapping) {
            if (!mapping.range.contains(page)) return;
            for (auto [letter, bit] : {std::pair('r', Perms::R), std::pair('w', Perms::W), std::pair('x', Perms::X)})
                if (mapping.perms.has(bit)) text += letter;
            text += mapping.is_private() ? ":p" : ":s";
        });
        if (text.empty()) continue;
        uint64_t word;
        if (with_words) text += arch::host::load(page, &word, sizeof(word)) ? ":" + std::to_string(word) : ":!";
        printf("%lu:%s ", page.value, text.c_str());
    }
    printf("\n");
}

long fork_space() {
    auto child = space().fork();
    if (!child) return -static_cast<long>(child.error());
    spaces[1] = std::move(*child);
    return 0;
}

long switch_spaces() {
    std::swap(spaces[0], spaces[1]);
    run();
    return 0;
}

long execute(std::string_view command, const char* arguments) {
    unsigned long at = 0, size = 0;
    char perms[8] = "";
    sscanf(arguments, "%lu %lu %7s", &at, &size, perms);
    if (command == "reset") return reset();
    if (command == "map") return map(arguments);
    if (command == "remap") return remap(arguments);
    if (command == "unmap") return number(space().unmap(VirtRange::sized(VirtAddr(at), size)));
    if (command == "protect") return number(space().protect(VirtRange::sized(VirtAddr(at), size), perms_of(perms)));
    if (command == "store") return store(VirtAddr(at), size);
    if (command == "fork") return fork_space();
    if (command == "switch") return switch_spaces();
    abort();
}

}  // namespace

int main() {
    arch::host::power_on(16 << 20);
    for (char line[200]; fgets(line, sizeof(line), stdin); fflush(stdout)) {
        std::string_view command(line, strcspn(line, " \n"));
        const char* arguments = line + command.size();
        unsigned long at, size;
        if (command == "look" || command == "rights") {
            if (sscanf(arguments, "%lu %lu", &at, &size) != 2) abort();
            print_pages(VirtRange::sized(VirtAddr(at), size), command == "look");
        } else {
            printf("%ld\n", execute(command, arguments));
        }
    }
    return static_cast<int>(reset());
}
