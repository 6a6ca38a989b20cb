// What every file of the kernel may use without a word, its vocabulary. The compiler reads this first for each of them
// (-include, see kern.mk), and translates it only once. Of our own headers, each may use those named before it.

// The parts of the C++ library that need no operating system below them.
#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <new>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/addr.h"
#include "base/result.h"
#include "base/atomic.h"
#include "base/own.h"
#include "base/list.h"
#include "base/vec.h"
#include "base/string.h"
#include "base/print.h"
#include "base/panic.h"
#include "base/lab.h"
#include "base/lock_rank.h"
#include "arch/contract.h"
#include "base/locked.h"
#include "base/rng.h"
