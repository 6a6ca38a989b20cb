// Redirections: where a descriptor leads.

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace {

// A pipe holds the text if it fits; else a child writes it.
int here_document(const std::string& text) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    if (fork() == 0) {
        close(ends[0]);
        for (size_t done = 0; done < text.size();) {
            ssize_t wrote = write(ends[1], text.data() + done, text.size() - done);
            if (wrote <= 0) break;
            done += static_cast<size_t>(wrote);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

int open_for(const Redirection& redirection, const std::string& word) {
    switch (redirection.kind) {
    case Redirection::input:
        return open(word.c_str(), O_RDONLY);
    case Redirection::output:
        return open(word.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    case Redirection::append:
        return open(word.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    case Redirection::read_write:
        return open(word.c_str(), O_RDWR | O_CREAT, 0666);
    case Redirection::here:
        return here_document(redirection.plain ? redirection.word : expand_here_document(redirection.word));
    case Redirection::duplicate:
        return is_name("_" + word) ? dup(atoi(word.c_str())) : (errno = EBADF, -1);
    }
    return -1;
}

}  // namespace

void redirect(const Redirection& redirection) {
    std::string word = redirection.kind == Redirection::here ? "" : expand_word(redirection.word);
    if (redirection.kind == Redirection::duplicate && word == "-") {
        close(redirection.fd);
        return;
    }
    int fd = open_for(redirection, word);
    if (fd < 0) throw ShellError(word + ": " + strerror(errno));
    if (fd == redirection.fd) return;
    dup2(fd, redirection.fd);
    close(fd);
}

Redirected::Redirected(const std::vector<Redirection>& redirections) {
    for (const Redirection& redirection : redirections) {
        saved_.push_back({redirection.fd, fcntl(redirection.fd, F_DUPFD_CLOEXEC, 10)});
        try {
            redirect(redirection);
        } catch (...) {
            restore();
            throw;
        }
    }
}

void Redirected::keep() {
    for (auto [fd, copy] : saved_)
        close(copy);
    saved_.clear();
}

void Redirected::restore() {
    for (; !saved_.empty(); saved_.pop_back()) {
        auto [fd, copy] = saved_.back();
        copy < 0 ? close(fd) : dup2(copy, fd);
        close(copy);
    }
}
