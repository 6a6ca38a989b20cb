#include "base/rng.h"

#include <bit>
#include <cstring>

#include "base/locked.h"

namespace kern {

namespace {

using Words = uint32_t[16];

inline void quarter_round(Words& w, int a, int b, int c, int d) {
    w[a] += w[b]; w[d] = std::rotl(w[d] ^ w[a], 16);
    w[c] += w[d]; w[b] = std::rotl(w[b] ^ w[c], 12);
    w[a] += w[b]; w[d] = std::rotl(w[d] ^ w[a], 8);
    w[c] += w[d]; w[b] = std::rotl(w[b] ^ w[c], 7);
}

// ChaCha20's block function (RFC 8439, section 2.3), with nonce and block counter 0.
void chacha20_block(const Words& start, Words& out) {
    std::copy(std::begin(start), std::end(start), out);
    for (int round = 0; round < 20; round += 2) {
        for (int i = 0; i < 4; i++)
            quarter_round(out, i, 4 + i, 8 + i, 12 + i);
        for (int i = 0; i < 4; i++)
            quarter_round(out, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (int i = 0; i < 16; i++)
        out[i] += start[i];
}

// Each block becomes the next key (first half) and output (second half), and output is erased when it is given out: who
// reads the state later cannot tell what was given out before.
class Generator {
public:
    static constexpr size_t HALF = 32;

    void seed(std::span<const std::byte> bytes) {
        memset(state_ + 4, 0, HALF);
        memcpy(state_ + 4, bytes.data(), std::min(bytes.size(), HALF));
        left_ = 0;
    }
    // Fills a first part of `out` and returns its size, at most HALF.
    size_t take(std::span<std::byte> out) {
        if (left_ == 0)
            refill();
        size_t size = std::min(out.size(), left_);
        std::byte* from = output_ + HALF - left_;
        memcpy(out.data(), from, size);
        memset(from, 0, size);
        left_ -= size;
        return size;
    }

private:
    void refill() {
        Words block;
        chacha20_block(state_, block);
        memcpy(state_ + 4, block, HALF);
        memcpy(output_, block + 8, HALF);
        left_ = HALF;
    }

    Words state_ = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // then the key
    std::byte output_[HALF] = {};
    size_t left_ = 0;  // bytes at the end of output_ that were not given out yet
};

Locked<Generator> generator(LockRank::random);

}  // namespace

void seed_random(std::span<const std::byte> seed) { generator.lock()->seed(seed); }

void random_bytes(std::span<std::byte> out) {
    while (!out.empty())
        out = out.subspan(generator.lock()->take(out));
}

uint64_t random_u64() {
    uint64_t value;
    random_bytes(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

}  // namespace kern
