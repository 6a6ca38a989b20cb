// Names of files from patterns: /bin/*s, a[0-9]?. Directory by directory, from the left.

#include "sh.h"

#include <algorithm>
#include <dirent.h>
#include <fnmatch.h>
#include <unistd.h>

namespace {

bool is_pattern(const std::string& text) {
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '*' || text[i] == '?' || text[i] == '[')
            return true;
    }
    return false;
}

// Adds to `found` what `rest` matches below `before`, which ends in / or is empty.
void match(const std::string& before, const std::string& rest, Words& found) {
    size_t slash = rest.find('/');
    std::string part = rest.substr(0, slash), after = slash == std::string::npos ? "" : rest.substr(slash + 1);
    auto go_on = [&](const std::string& name) {
        if (slash != std::string::npos)
            match(before + name + "/", after, found);
        else if (access((before + name).c_str(), F_OK) == 0 || name.empty())
            found.push_back(before + name);
    };
    if (!is_pattern(part)) return go_on(unescape(part));
    DIR* directory = opendir(before.empty() ? "." : before.c_str());
    if (!directory) return;
    Words names;
    while (dirent* entry = readdir(directory))
        if (fnmatch(part.c_str(), entry->d_name, FNM_PERIOD) == 0) names.push_back(entry->d_name);
    closedir(directory);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names)
        go_on(name);
}

}  // namespace

std::string unescape(const std::string& pattern) {
    std::string plain;
    for (size_t i = 0; i < pattern.size(); i++) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) i++;
        plain += pattern[i];
    }
    return plain;
}

Words matching_files(const std::string& pattern) {
    Words found;
    if (is_pattern(pattern)) match("", pattern, found);
    return found.empty() ? Words{unescape(pattern)} : found;
}
