/* chmod MODE FILE...: sets permissions; MODE is octal (755), or says what changes: u+x, go-w, a=r, +x. */

#include "tool.h"

/* The mode that `text` makes of `mode`; -1 if it is not one. */
static int changed(const char* text, mode_t mode) {
    char* end;
    long octal = strtol(text, &end, 8);
    if (end != text && *end == 0)
        return octal >= 0 && octal <= 07777 ? (int)octal : -1;
    mode_t who = 0, what = 0;
    for (; *text && strchr("ugoa", *text); text++)
        who |= *text == 'u' ? 0700 : *text == 'g' ? 0070 : *text == 'o' ? 0007 : 0777;
    char operation = *text;
    if (operation == 0 || !strchr("+-=", operation))
        return -1;
    for (text++; *text; text++) {
        if (!strchr("rwx", *text))
            return -1;
        what |= *text == 'r' ? 0444 : *text == 'w' ? 0222 : 0111;
    }
    who = who ? who : 0777;
    what &= who;
    return (int)(operation == '+' ? mode | what : operation == '-' ? mode & ~what : (mode & ~who) | what);
}

int main(int argc, char** argv) {
    int status = 0;
    if (argc < 3 || changed(argv[1], 0) < 0)
        return usage("chmod MODE FILE...");
    for (int i = 2; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0 || chmod(argv[i], (mode_t)changed(argv[1], info.st_mode & 07777)) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    return status;
}
