// Who owns a heap object, and so deletes it: one (Own), or all who hold a Ref; with the last one it goes. make_own() and
// make_ref() return ENOMEM instead of failing.
#pragma once

// What both are; null when it owns nothing. (std::unique_ptr is not used, because <memory> brings half of POSIX along.)
template <typename T, bool SHARED>
class Owner {
public:
    constexpr Owner(std::nullptr_t = nullptr) {}
    // Takes over a new object, or with a shared one the count that it is born with.
    constexpr explicit Owner(T* object) : object_(object) {}
    static Owner adopt(T* object) { return Owner(object); }
    // One more owner of an object that is already owned.
    static Owner share(T* object) requires SHARED { if (object) object->ref(); return Owner(object); }

    Owner(const Owner& other) requires SHARED : Owner(share(other.object_)) {}
    Owner(Owner&& other) noexcept : object_(other.release()) {}
    template <std::derived_from<T> U>
    Owner(Owner<U, SHARED> other) : object_(other.release()) {}
    Owner& operator=(Owner other) noexcept { std::swap(object_, other.object_); return *this; }
    ~Owner() {
        if constexpr (!SHARED) delete object_;
        else if (object_) object_->unref();
    }

    T* get() const { return object_; }
    // Hands the object over to the caller.
    T* release() { return std::exchange(object_, nullptr); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_; }
    bool operator==(const Owner& other) const { return object_ == other.object_; }

private:
    T* object_ = nullptr;
};

template <typename T>
using Own = Owner<T, false>;
template <typename T>
using Ref = Owner<T, true>;  // T counts its owners: ref(), unref()

// Base of a shared object. T's destructor runs on the hart that drops the last Ref, in a context that may take locks.
template <typename T>
class RefCounted {
public:
    void ref() const { count_.fetch_add(1); }
    void unref() const {
        if (count_.fetch_sub(1) == 1) delete static_cast<const T*>(this);
    }
    unsigned ref_count() const { return count_.load_acquire(); }

protected:
    ~RefCounted() = default;

private:
    mutable Atomic<uint32_t> count_{1};
};

template <typename T, typename... Args>
Result<Own<T>> make_own(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    return object ? Result<Own<T>>(object) : fail(Errno::ENOMEM);
}

template <typename T, typename... Args>
Result<Ref<T>> make_ref(Args&&... args) {
    return Ref<T>::adopt(TRY(make_own<T>(std::forward<Args>(args)...)).release());
}
