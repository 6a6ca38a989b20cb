/* wc [-c] [-l] [-w] [FILE...]: counts lines, words and bytes. */

#include "tool.h"

#include <ctype.h>

static bool lines, words, bytes;

struct counts {
    long lines, words, bytes;
};

static void print(struct counts counts, const char* name) {
    if (lines)
        printf("%7ld ", counts.lines);
    if (words)
        printf("%7ld ", counts.words);
    if (bytes)
        printf("%7ld ", counts.bytes);
    printf("%s\n", name);
}

static int count(int file, struct counts* counts) {
    unsigned char block[65536];
    bool in_word = false;
    ssize_t size;
    while ((size = read(file, block, sizeof block)) > 0) {
        counts->bytes += size;
        for (ssize_t i = 0; i < size; i++) {
            bool blank = isspace(block[i]);
            counts->lines += block[i] == '\n';
            counts->words += !blank && !in_word;
            in_word = !blank;
        }
    }
    return (int)size;
}

int main(int argc, char** argv) {
    for (int option; (option = getopt(argc, argv, "clw")) != -1;) {
        if (option == '?')
            return usage("wc [-c] [-l] [-w] [FILE...]");
        *(option == 'c' ? &bytes : option == 'l' ? &lines : &words) = true;
    }
    if (!lines && !words && !bytes)
        lines = words = bytes = true;
    struct counts total = {0};
    int status = 0;
    for (int i = optind; i < argc || i == optind; i++) {
        const char* name = i < argc ? argv[i] : "";
        int file = i < argc ? open(name, O_RDONLY) : STDIN_FILENO;
        struct counts counts = {0};
        if (file < 0 || count(file, &counts) < 0) {
            warn("%s", i < argc ? name : "standard input");
            status = 1;
        } else {
            print(counts, name);
        }
        if (file > STDIN_FILENO)
            close(file);
        total.lines += counts.lines, total.words += counts.words, total.bytes += counts.bytes;
    }
    if (argc - optind > 1)
        print(total, "total");
    return status;
}
