/* maps [PID]: draws the address space of a process (of itself unless told) from /proc/PID/smaps or maps, the highest
 * address on top:
 *
 *      3ffffff000 +----------------------------------+
 *                 | [stack]                     rw-p |      132 KiB     12 resident
 *      3fffffde000 +----------------------------------+
 *                          .   251.9 GiB free
 *           14000 +----------------------------------+
 */

#include "tool.h"

enum { MAX_MAPPINGS = 100000, NAME_WIDTH = 28 };

struct mapping {
    unsigned long start, end;
    long resident; /* KiB, -1 if not known */
    char rights[8], name[256];
};

static struct mapping* mappings;
static size_t count;

static bool read_mappings(const char* pid, const char* file_name) {
    char path[64], line[PATH_MAX + 128];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, file_name);
    FILE* file = fopen(path, "r");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file) && count < MAX_MAPPINGS) {
        struct mapping new = {.resident = -1};
        if (sscanf(line, "%lx-%lx %7s %*x %*s %*d %255[^\n]", &new.start, &new.end, new.rights, new.name) >= 3) {
            mappings = realloc(mappings, (count + 1) * sizeof new);
            if (!mappings)
                err(1, "%s", path);
            mappings[count++] = new;
        } else if (count > 0) {
            sscanf(line, "Rss: %ld", &mappings[count - 1].resident);
        }
    }
    fclose(file);
    return count > 0;
}

/* 4 KiB, 1.5 MiB, 252.0 GiB: at most one digit behind the point. */
static const char* size_text(unsigned long bytes) {
    static char text[32];
    const char* unit = "KiB";
    double size = (double)bytes / 1024;
    if (size >= 1024)
        size /= 1024, unit = "MiB";
    if (size >= 1024)
        size /= 1024, unit = "GiB";
    snprintf(text, sizeof text, size == (double)(long)size ? "%.0f %s" : "%.1f %s", size, unit);
    return text;
}

static void draw_edge(unsigned long address) {
    printf("%14lx +%.*s+\n", address, NAME_WIDTH + 6, "----------------------------------------");
}

static void draw(const struct mapping* mapping) {
    const char* name = mapping->name;
    size_t length = strlen(name);
    if (length > NAME_WIDTH - 1)
        name += length - (NAME_WIDTH - 1);
    printf("%14s | %-*s%s | %12s", "", NAME_WIDTH, *name ? name : "(anonymous)", mapping->rights, size_text(mapping->end - mapping->start));
    if (mapping->resident >= 0)
        printf(", %ld KiB resident", mapping->resident);
    printf("\n");
}

int main(int argc, char** argv) {
    const char* pid = argc > 1 ? argv[1] : "self";
    if (!read_mappings(pid, "smaps") && !read_mappings(pid, "maps"))
        err(1, "/proc/%s/maps", pid);
    unsigned long below = mappings[count - 1].end;
    for (size_t i = count; i-- > 0;) {
        if (mappings[i].end != below)
            printf("%14s            .  %s free\n", "", size_text(below - mappings[i].end));
        if (mappings[i].end != below || i == count - 1)
            draw_edge(mappings[i].end);
        draw(&mappings[i]);
        draw_edge(below = mappings[i].start);
    }
    return 0;
}
