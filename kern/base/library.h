// What every file of the kernel may use of the C++ library without a word: the parts that need no operating system below them.
// The compiler reads this first for each of them (-include, see kern.mk), and translates it only once.

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <initializer_list>
#include <new>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
