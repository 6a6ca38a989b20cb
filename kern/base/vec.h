// A growable array whose growth can fail: push returns ENOMEM and leaves the array as it was.
#pragma once

namespace kern {

template <typename T>
class Vec {
public:
    Vec() = default;
    Vec(Vec&& other) noexcept { swap(other); }
    Vec& operator=(Vec other) noexcept { swap(other); return *this; }
    ~Vec() {
        while (size_) pop();
        ::operator delete(items_);
    }

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* data() { return items_; }
    const T* data() const { return items_; }
    T& operator[](size_t index) { return items_[index]; }
    const T& operator[](size_t index) const { return items_[index]; }
    T* begin() { return items_; }
    T* end() { return items_ + size_; }
    const T* begin() const { return items_; }
    const T* end() const { return items_ + size_; }
    T& back() { return items_[size_ - 1]; }
    operator std::span<const T>() const { return {items_, size_}; }

    Result<> push(T item) {
        TRY(reserve(size_ + 1));
        new (items_ + size_++) T(std::move(item));
        return {};
    }
    Result<> append(std::span<const T> items) {
        TRY(reserve(size_ + items.size()));
        for (const T& item : items) new (items_ + size_++) T(item);
        return {};
    }
    // New elements are value-initialised (numbers become 0).
    Result<> resize(size_t size) {
        TRY(reserve(size));
        while (size_ < size) new (items_ + size_++) T();
        while (size_ > size) pop();
        return {};
    }
    void pop() { items_[--size_].~T(); }

private:
    void swap(Vec& other) {
        std::swap(items_, other.items_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }
    // Room for so many; grows by doubling, so that pushing one after the other moves each only a few times.
    Result<> reserve(size_t wanted) {
        if (wanted <= capacity_) return {};
        size_t capacity = std::max({wanted, capacity_ * 2, size_t{8}});
        if (capacity > SIZE_MAX / sizeof(T)) return fail(Errno::ENOMEM);
        T* items = static_cast<T*>(::operator new(capacity * sizeof(T), std::nothrow));
        if (!items) return fail(Errno::ENOMEM);
        for (size_t i = 0; i < size_; i++) {
            new (items + i) T(std::move(items_[i]));
            items_[i].~T();
        }
        ::operator delete(std::exchange(items_, items));
        capacity_ = capacity;
        return {};
    }

    T* items_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

}  // namespace kern
