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

// What decimal digits, and nothing else, say.
inline std::optional<uint64_t> parse_number(std::string_view text) {
    uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return text.empty() ? std::nullopt : std::optional(value);
}
