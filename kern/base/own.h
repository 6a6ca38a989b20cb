// Sole ownership of a heap object (std::unique_ptr's job; <memory> costs a second of compile time a file), and the
// two ways to make an object: both return ENOMEM instead of failing.
#pragma once

#include <new>
#include <utility>

#include "base/ref.h"
#include "base/result.h"

namespace kern {

template <typename T>
class Own {
public:
    Own() = default;
    explicit Own(T* object) : object_(object) {}
    Own(Own&& other) noexcept : object_(other.release()) {}
    Own& operator=(Own other) noexcept { std::swap(object_, other.object_); return *this; }
    ~Own() { delete object_; }

    T* get() const { return object_; }
    T* release() { return std::exchange(object_, nullptr); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }

private:
    T* object_ = nullptr;
};

template <typename T, typename... Args>
Result<Own<T>> make_own(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (!object)
        return fail(Errno::ENOMEM);
    return Own<T>(object);
}

template <typename T, typename... Args>
Result<Ref<T>> make_ref(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (!object)
        return fail(Errno::ENOMEM);
    return Ref<T>::adopt(object);
}

}  // namespace kern
