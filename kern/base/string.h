// An owned byte string, whose making can fail. Looking at one costs nothing: view().
#pragma once

class String : public Vec<char> {
public:
    static Result<String> copy(std::string_view text) {
        String string;
        TRY(string.append(text));
        return string;
    }
    std::string_view view() const { return {data(), size()}; }
    bool operator==(std::string_view other) const { return view() == other; }
};

// What digits of this base, 16 at most, and nothing else, say.
inline std::optional<uint64_t> parse_number(std::string_view text, unsigned base = 10) {
    uint64_t value = 0;
    for (char c : text) {
        size_t at = std::string_view("0123456789abcdefABCDEF").find(c), digit = at < 16 ? at : at - 6;
        if (digit >= base) return std::nullopt;
        value = value * base + digit;
    }
    return text.empty() ? std::nullopt : std::optional(value);
}
