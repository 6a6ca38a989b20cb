// Who owns a heap object, and so deletes it: one (Own; std::unique_ptr's job, but <memory> costs a second of compile time a
// file) or all who hold a Ref; with the last one it goes. make_own() and make_ref() return ENOMEM instead of failing.
#pragma once

#include <new>
#include <utility>

#include "base/atomic.h"
#include "base/result.h"

namespace kern {

// Base of a shared object. T's destructor runs on the hart that drops the last Ref, in a context that may take locks.
template <typename T>
class RefCounted {
public:
    void ref() const { count_.fetch_add(1); }
    void unref() const {
        if (count_.fetch_sub(1) == 1)
            delete static_cast<const T*>(this);
    }
    unsigned ref_count() const { return count_.load_acquire(); }

protected:
    RefCounted() = default;
    ~RefCounted() = default;

private:
    mutable Atomic<uint32_t> count_{1};
};

template <typename T>
class Ref {
public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    // Takes over the count that a new object is born with.
    static Ref adopt(T* object) { Ref ref; ref.object_ = object; return ref; }
    // One more owner of an object that is already owned.
    static Ref share(T* object) { if (object) object->ref(); return adopt(object); }

    Ref(const Ref& other) : object_(other.object_) { if (object_) object_->ref(); }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <typename U>
        requires(__is_base_of(T, U))
    Ref(const Ref<U>& other) : object_(other.get()) { if (object_) object_->ref(); }
    template <typename U>
        requires(__is_base_of(T, U))
    Ref(Ref<U>&& other) : object_(other.release()) {}
    ~Ref() { if (object_) object_->unref(); }

    Ref& operator=(Ref other) noexcept { std::swap(object_, other.object_); return *this; }

    T* get() const { return object_; }
    T* release() { return std::exchange(object_, nullptr); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    bool operator==(const Ref& other) const { return object_ == other.object_; }

private:
    T* object_ = nullptr;
};

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
    return object ? Result<Own<T>>(object) : fail(Errno::ENOMEM);
}

template <typename T, typename... Args>
Result<Ref<T>> make_ref(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    return object ? Result<Ref<T>>(Ref<T>::adopt(object)) : fail(Errno::ENOMEM);
}

}  // namespace kern
