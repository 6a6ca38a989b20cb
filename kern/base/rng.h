// The kernel's one source of randomness: ChaCha20 keyed from the firmware's seed, or from `seed=N` so that a run can be
// repeated. Used for getrandom(2), AT_RANDOM and the layout of address spaces.
#pragma once

// Starts the generator over from these bytes (at most 32 count).
void seed_random(std::span<const std::byte> seed);
void random_bytes(std::span<std::byte> out);
uint64_t random_u64();
