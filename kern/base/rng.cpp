
using Block = std::array<uint32_t, 16>;  // 4 constant words, 8 of key, block counter and nonce: 0

constexpr size_t KEY = 4, HALF = 32;  // the word where the key begins; bytes of it, and of half a block

static constinit Locked<Block> generator{LockRank::random, Block{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}};

static void quarter_round(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
    a += b; d = std::rotl(d ^ a, 16);
    c += d; b = std::rotl(b ^ c, 12);
    a += b; d = std::rotl(d ^ a, 8);
    c += d; b = std::rotl(b ^ c, 7);
}

// ChaCha20's block function (RFC 8439, section 2.3).
static Block next_block(const Block& state) {
    Block w = state;
    for (int round = 0; round < 20; round += 2)
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            int turn = i / 4;  // first the columns, then the diagonals
            quarter_round(w[i % 4], w[4 + (i + turn) % 4], w[8 + (i + 2 * turn) % 4], w[12 + (i + 3 * turn) % 4]);
        }
    for (size_t i = 0; i < w.size(); i++) w[i] += state[i];
    return w;
}

void seed_random(std::span<const std::byte> seed) {
    auto state = generator.lock();
    memset(&(*state)[KEY], 0, HALF);
    std::ranges::copy(seed.first(std::min(seed.size(), HALF)), reinterpret_cast<std::byte*>(&(*state)[KEY]));
}

// The first half of each block becomes the next key, the second half is given out: who reads the state later cannot tell
// what was given out before.
void random_bytes(std::span<std::byte> out) {
    while (!out.empty()) {
        auto state = generator.lock();
        Block block = next_block(*state);
        memcpy(&(*state)[KEY], block.data(), HALF);
        state.unlock();
        size_t size = std::min(out.size(), HALF);
        memcpy(out.data(), &block[8], size);
        out = out.subspan(size);
    }
}

uint64_t random_u64() {
    uint64_t value;
    random_bytes(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}
