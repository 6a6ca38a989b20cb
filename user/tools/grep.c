/* grep [-c] [-i] [-n] [-q] [-v] PATTERN [FILE...]: the lines that match a regular expression (regex(7), the extended form).
 * -c only how many, -i without regard to case, -n with their numbers, -q nothing, -v those that do not match. The exit
 * status is 0 if there is such a line, 1 if not, 2 after an error. */

#include "tool.h"

#include <regex.h>

static bool count, numbers, quiet, inverted, name_files;
static regex_t pattern;
static long matches, line_number;
static const char* current_file;

int for_each_line(char** files, void (*use)(const char* file, char* line)) {
    static char* standard_input[] = {"-", NULL};
    int status = 0;
    for (char** name = *files ? files : standard_input; *name; name++) {
        FILE* file = strcmp(*name, "-") == 0 ? stdin : fopen(*name, "r");
        char* line = NULL;
        size_t size = 0;
        ssize_t length;
        if (!file) {
            warn("%s", *name);
            status = 1;
            continue;
        }
        while ((length = getline(&line, &size, file)) >= 0) {
            if (length > 0 && line[length - 1] == '\n')
                line[length - 1] = 0;
            use(*name, line);
        }
        if (ferror(file)) {
            warn("%s", *name);
            status = 1;
        }
        free(line);
        if (file != stdin)
            fclose(file);
    }
    return status;
}

static void consider(const char* file, char* line) {
    if (file != current_file)
        current_file = file, line_number = 0;
    line_number++;
    if ((regexec(&pattern, line, 0, NULL, 0) == 0) == inverted)
        return;
    matches++;
    if (quiet || count)
        return;
    if (name_files)
        printf("%s:", file);
    if (numbers)
        printf("%ld:", line_number);
    puts(line);
}

int main(int argc, char** argv) {
    int flags = REG_EXTENDED | REG_NOSUB;
    for (int option; (option = getopt(argc, argv, "cinqv")) != -1;)
        switch (option) {
        case 'c': count = true; break;
        case 'i': flags |= REG_ICASE; break;
        case 'n': numbers = true; break;
        case 'q': quiet = true; break;
        case 'v': inverted = true; break;
        default: return usage("grep [-cinqv] PATTERN [FILE...]");
        }
    if (optind == argc)
        return usage("grep [-cinqv] PATTERN [FILE...]");
    int error = regcomp(&pattern, argv[optind], flags);
    if (error) {
        char reason[100];
        regerror(error, &pattern, reason, sizeof reason);
        errx(2, "%s: %s", argv[optind], reason);
    }
    name_files = argc - optind > 2;
    int status = for_each_line(argv + optind + 1, consider);
    if (count && !quiet)
        printf("%ld\n", matches);
    return status ? 2 : matches == 0;
}
