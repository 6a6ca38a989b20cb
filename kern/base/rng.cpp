#include "base/rng.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/locked.h"

namespace kern {

namespace {

using Words = uint32_t[16];

void quarter_round(Words& w, int a, int b, int c, int d) {
    w[a] += w[b]; w[d] = std::rotl(w[d] ^ w[a], 16);
    w[c] += w[d]; w[b] = std::rotl(w[b] ^ w[c], 12);
    w[a] += w[b]; w[d] = std::rotl(w[d] ^ w[a], 8);
    w[c] += w[d]; w[b] = std::rotl(w[b] ^ w[c], 7);
}

// ChaCha20's block function (RFC 8439, section 2.3), with nonce and block counter 0.
void chacha20_block(const uint32_t (&key)[8], Words& out) {
    Words start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    std::copy(std::begin(key), std::end(key), start + 4);
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

// Each block becomes the next key (first half) and output (second half): a key is used once, so that who reads the
// state later cannot tell what was given out before.
class Generator {
public:
    void seed(std::span<const std::byte> bytes) {
        std::fill(std::begin(key_), std::end(key_), 0);
        memcpy(key_, bytes.data(), std::min(bytes.size(), sizeof(key_)));
        left_ = 0;
    }
    void take(std::span<std::byte> out) {
        while (!out.empty()) {
            if (left_ == 0)
                refill();
            size_t size = std::min(out.size(), left_);
            std::byte* from = output_ + sizeof(output_) - left_;
            memcpy(out.data(), from, size);
            memset(from, 0, size);
            left_ -= size;
            out = out.subspan(size);
        }
    }

private:
    void refill() {
        Words block;
        chacha20_block(key_, block);
        memcpy(key_, block, sizeof(key_));
        memcpy(output_, block + 8, sizeof(output_));
        left_ = sizeof(output_);
    }

    uint32_t key_[8] = {};
    std::byte output_[32] = {};
    size_t left_ = 0;
};

Locked<Generator> generator(LockRank::random);

}  // namespace

void seed_random(std::span<const std::byte> seed) { generator.lock()->seed(seed); }

void random_bytes(std::span<std::byte> out) { generator.lock()->take(out); }

uint64_t random_u64() {
    uint64_t value;
    random_bytes(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

}  // namespace kern
