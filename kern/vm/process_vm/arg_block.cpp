#include "vm/process_vm/arg_block.h"

Result<> ArgBlock::push(std::string_view text) {
    if (text.size() >= MAX_LEN_STRING_ARG || count_ >= MAX_NR_STRING_ARGS) return fail(Errno::E2BIG);
    size_t at = bytes_.size();
    TRY(bytes_.resize(at + text.size() + 1));
    std::copy(text.begin(), text.end(), bytes_.data() + at);
    count_++;
    return {};
}

Result<> ArgBlock::push_front(std::string_view text) {
    size_t length = text.size() + 1;
    TRY(push(text));
    std::rotate(bytes_.begin(), bytes_.end() - length, bytes_.end());
    return {};
}

void ArgBlock::pop_front() {
    if (!count_) return;
    size_t length = front().size() + 1;
    std::move(bytes_.begin() + length, bytes_.end(), bytes_.begin());
    for (size_t i = 0; i < length; i++) bytes_.pop();
    count_--;
}
