/* grep [-c] [-E] [-i] [-l] [-n] [-q] [-r] [-v] PATTERN [FILE...]: the lines that match a regular expression (regex(7), the
 * extended form, as with -E). -c only how many, -i without regard to case, -l only the files' names, -n with line numbers,
 * -q nothing, -r also those of all files in directories, -v those that do not match. The exit status is 0 if there is such
 * a line, 1 if not, 2 after an error. */

#include "tool.h"

#include <dirent.h>
#include <regex.h>

static bool count, numbers, quiet, inverted, name_files, only_names, into_directories;
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
    static bool is_named;
    if (file != current_file)
        current_file = file, line_number = 0, is_named = false;
    line_number++;
    if ((regexec(&pattern, line, 0, NULL, 0) == 0) == inverted)
        return;
    matches++;
    if (quiet || count || is_named)
        return;
    if (only_names) {
        is_named = true;
        puts(file);
        return;
    }
    if (name_files)
        printf("%s:", file);
    if (numbers)
        printf("%ld:", line_number);
    puts(line);
}

static int status;

static void search(char* path) {
    struct dirent** entries;
    int entry_count = into_directories && is_directory(path) ? scandir(path, &entries, NULL, alphasort) : -1;
    if (entry_count < 0)
        status |= for_each_line((char*[]){path, NULL}, consider);
    for (int i = 0; i < entry_count; i++) {
        char inner[PATH_MAX];
        const char* name = entries[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && join(inner, path, name))
            search(inner);
    }
}

int main(int argc, char** argv) {
    int flags = REG_EXTENDED | REG_NOSUB;
    for (int option; (option = getopt(argc, argv, "cEilnqrv")) != -1;)
        switch (option) {
        case 'c': count = true; break;
        case 'E': break;
        case 'i': flags |= REG_ICASE; break;
        case 'l': only_names = true; break;
        case 'n': numbers = true; break;
        case 'q': quiet = true; break;
        case 'r': into_directories = true; break;
        case 'v': inverted = true; break;
        default: return usage("grep [-cEilnqrv] PATTERN [FILE...]");
        }
    if (optind == argc)
        return usage("grep [-cEilnqrv] PATTERN [FILE...]");
    int error = regcomp(&pattern, argv[optind], flags);
    if (error) {
        char reason[100];
        regerror(error, &pattern, reason, sizeof reason);
        errx(2, "%s: %s", argv[optind], reason);
    }
    name_files = into_directories || argc - optind > 2;
    if (argc - optind == 1)
        search(into_directories ? "." : "-");
    for (int i = optind + 1; i < argc; i++)
        search(argv[i]);
    if (count && !quiet)
        printf("%ld\n", matches);
    return status ? 2 : matches == 0;
}
