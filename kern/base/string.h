// An owned byte string, always NUL-terminated in memory, whose making can fail. Looking at one costs nothing: view().
#pragma once

namespace kern {

class String {
public:
    String() = default;
    static Result<String> copy(std::string_view text) {
        String string;
        TRY(string.append(text));
        return string;
    }

    Result<> append(std::string_view text) {
        size_t old_size = size();
        TRY(bytes_.resize(old_size + text.size() + 1));
        std::copy(text.begin(), text.end(), bytes_.data() + old_size);
        return {};
    }

    std::string_view view() const { return {c_str(), size()}; }
    const char* c_str() const { return bytes_.empty() ? "" : bytes_.data(); }
    size_t size() const { return bytes_.empty() ? 0 : bytes_.size() - 1; }
    bool empty() const { return size() == 0; }
    bool operator==(std::string_view other) const { return view() == other; }

private:
    Vec<char> bytes_;
};

// What decimal digits, and nothing else, say.
inline std::optional<uint64_t> parse_number(std::string_view text) {
    uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return text.empty() ? std::nullopt : std::optional(value);
}

}  // namespace kern
