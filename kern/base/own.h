// Who owns a heap object, and so deletes it: one (Own; std::unique_ptr's job, but <memory> costs a second of compile time a
// file) or all who hold a Ref; with the last one it goes. make_own() and make_ref() return ENOMEM instead of failing.
#pragma once

namespace kern {

// What every owning pointer can do; null when it owns nothing.
template <typename T>
class Owner {
public:
    T* get() const { return object_; }
    // Hands the object over to the caller.
    T* release() { return std::exchange(object_, nullptr); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    bool operator==(const Owner& other) const { return object_ == other.object_; }

protected:
    constexpr explicit Owner(T* object) : object_(object) {}
    T* object_;
};

template <typename T>
class Own : public Owner<T> {
public:
    constexpr explicit Own(T* object = nullptr) : Owner<T>(object) {}
    Own(Own&& other) noexcept : Owner<T>(other.release()) {}
    Own& operator=(Own other) noexcept { std::swap(this->object_, other.object_); return *this; }
    ~Own() { delete this->object_; }
};

// T counts its owners: ref(), unref().
template <typename T>
class Ref : public Owner<T> {
public:
    constexpr Ref(std::nullptr_t = nullptr) : Owner<T>(nullptr) {}
    // Takes over the count that a new object is born with.
    static Ref adopt(T* object) { Ref ref; ref.object_ = object; return ref; }
    // One more owner of an object that is already owned.
    static Ref share(T* object) { if (object) object->ref(); return adopt(object); }

    Ref(const Ref& other) : Ref(share(other.get())) {}
    Ref(Ref&& other) noexcept : Owner<T>(other.release()) {}
    template <typename U>
        requires(__is_base_of(T, U))
    Ref(Ref<U> other) : Owner<T>(other.release()) {}
    Ref& operator=(Ref other) noexcept { std::swap(this->object_, other.object_); return *this; }
    ~Ref() { if (this->object_) this->object_->unref(); }
};

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
    RefCounted() = default;
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

}  // namespace kern
