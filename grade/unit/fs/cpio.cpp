#include <criterion/criterion.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "fs/cpio.h"

namespace {

std::string padded(std::string text) {
    text.resize((text.size() + 3) / 4 * 4);
    return text;
}

std::string entry(const std::string& name, uint32_t mode = 0, const std::string& data = "", uint32_t inode = 0) {
    char header[111];
    snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", inode, mode, 0, 0, 1, 7,
             data.size(), 0, 0, 0, 0, name.size() + 1, 0);
    return padded(header + name + '\0') + padded(data);
}

std::string trailer() { return entry("TRAILER!!!"); }

struct Outcome {
    std::vector<std::string> entries;  // "name=data"
    std::string problem;               // empty: none
    size_t offset = 0;
    unsigned archives = 0;
};

// Reads a copy that has not one byte more, so that the sanitizer sees a look beyond the end.
Outcome read_all(const std::string& archive) {
    std::vector<std::byte> bytes(archive.size());
    std::transform(archive.begin(), archive.end(), bytes.begin(), [](char c) { return std::byte(c); });
    bytes.shrink_to_fit();
    CpioReader reader(bytes);
    Outcome outcome;
    for (;;) {
        auto next = reader.next();
        if (!next) {
            outcome.problem = reader.problem();
            outcome.offset = reader.offset();
            cr_assert(next.error() == Errno::EINVAL && !outcome.problem.empty() && outcome.offset <= archive.size());
            return outcome;
        }
        if (!*next)
            return outcome;
        CpioEntry& found = **next;
        std::string data(reinterpret_cast<const char*>(found.data.data()), found.data.size());
        outcome.entries.push_back(std::string(found.name) + "=" + data);
        outcome.archives = reader.archive();
    }
}

std::string sound_archive() {
    return entry("bin", 0040755) + entry("bin/a", 0100755, "hello") + entry("empty", 0100644) + entry("link", 0120777, "bin/a") +
           trailer();
}

// What is wrong with an archive, and where.
void expect_problem(const std::string& archive, const char* words, size_t offset) {
    Outcome outcome = read_all(archive);
    cr_expect(outcome.problem.find(words) != std::string::npos, "%s: %s", words, outcome.problem.c_str());
    cr_expect_eq(outcome.offset, offset, "%s: at %zu, not %zu", words, outcome.offset, offset);
}

}  // namespace

Test(cpio, every_entry_is_read) {
    Outcome outcome = read_all(sound_archive());
    cr_expect_str_eq(outcome.problem.c_str(), "");
    cr_expect(outcome.entries == (std::vector<std::string>{"bin=", "bin/a=hello", "empty=", "link=bin/a"}));
    cr_expect(read_all("").entries.empty() && read_all("").problem.empty());
}

Test(cpio, zeroes_behind_a_name_are_no_part_of_it) {
    Outcome outcome = read_all(entry(std::string("a\0\0\0\0\0\0", 7), 0100644, "content") + trailer());
    cr_expect_str_eq(outcome.problem.c_str(), "");
    cr_expect(outcome.entries == std::vector<std::string>{"a=content"});
}

Test(cpio, archives_follow_each_other) {
    for (size_t zeroes : {0, 4, 300}) {
        Outcome outcome = read_all(sound_archive() + std::string(zeroes, '\0') + entry("second") + trailer() + std::string(zeroes, '\0'));
        cr_expect_str_eq(outcome.problem.c_str(), "");
        cr_expect_eq(outcome.entries.size(), 5u);
        cr_expect_eq(outcome.archives, 2u);
    }
}

Test(cpio, what_is_malformed_is_named) {
    expect_problem("\x1f\x8b gzip", "a header is cut off", 0);
    expect_problem(std::string(200, 'x'), "no cpio header", 0);
    expect_problem("070707" + std::string(200, '0'), "no cpio header", 0);
    std::string first = entry("a");
    expect_problem(first, "without its TRAILER", first.size());
    expect_problem(first + std::string(200, '\0'), "no cpio header", first.size());

    std::string letter = first;
    letter[6 + 8 * 6] = 'g';
    expect_problem(letter, "not hexadecimal", 6 + 8 * 6);
    for (const char* size : {"00000000", "00000001", "00001001", "ffffffff"}) {
        std::string name = first;
        memcpy(&name[94], size, 8);
        expect_problem(name, "length of a name", 94);
    }
    std::string cut = first;
    memcpy(&cut[94], "00000fff", 8);
    expect_problem(cut, "a name is cut off", 110);
    std::string inner = entry(std::string("a\0b", 3)) + trailer();
    expect_problem(inner, "a name does not end", 110);
    expect_problem(entry(std::string("\0\0", 2)) + trailer(), "a name does not end", 110);
    std::string unended = entry("ab") + trailer();
    unended[112] = 'c';
    expect_problem(unended, "a name does not end", 110);
    std::string data = first + entry("file", 0100644, "content");
    expect_problem(data.substr(0, data.size() - 4), "content of a file is cut off", first.size());
    std::string vast = entry("file", 0100644, "content");
    memcpy(&vast[54], "ffffffff", 8);
    expect_problem(vast, "content of a file is cut off", 0);
}

Test(cpio, no_cut_and_no_changed_byte_leads_outside) {
    std::string sound = sound_archive();
    for (size_t size = 1; size < sound.size(); size++)
        cr_expect_not(read_all(sound.substr(0, size)).problem.empty(), "cut to %zu bytes", size);
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; round++) {
        std::string changed = sound;
        for (unsigned changes = random() % 4 + 1; changes; changes--)
            changed[random() % changed.size()] = "0123456789abcdefF\0g\xff"[random() % 20];
        read_all(changed);
    }
}
