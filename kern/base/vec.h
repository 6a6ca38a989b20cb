// A growable array whose growth can fail: then it returns ENOMEM and leaves the array as it was. It is a span, whose elements
// it owns.
#pragma once

template <typename T>
class Vec : public std::span<T> {
public:
    using Span = std::span<T>;
    using Span::begin, Span::data, Span::end, Span::size;

    Vec() = default;
    Vec(Vec&& other) noexcept { swap(other); }
    Vec& operator=(Vec other) noexcept { swap(other); return *this; }
    ~Vec() { free(); }

    Result<> push(T item) {
        new (TRY(extend(1))) T(std::move(item));
        return {};
    }
    Result<> append(std::span<const T> items) {
        T* place = TRY(extend(items.size()));
        for (const T& item : items) new (place++) T(item);
        return {};
    }
    // New elements are value-initialised (numbers become 0).
    Result<> resize(size_t wanted) {
        while (size() > wanted) pop();
        T* place = TRY(extend(wanted - size()));
        while (place < data() + wanted) new (place++) T();
        return {};
    }
    void pop() {
        this->back().~T();
        span() = {data(), size() - 1};
    }

private:
    Span& span() { return *this; }
    void swap(Vec& other) {
        std::swap(span(), other.span());
        std::swap(capacity_, other.capacity_);
    }
    void free() {
        for (T& item : *this) item.~T();
        ::operator delete(data());
    }
    // Room for so many more elements at the end, for the caller to make. Grows by doubling, so that pushing one after the
    // other moves each only a few times.
    Result<T*> extend(size_t count) {
        size_t old_size = size(), wanted = old_size + count;
        if (wanted > capacity_) {
            size_t capacity = std::max({wanted, capacity_ * 2, size_t{8}});
            if (capacity > SIZE_MAX / sizeof(T)) return fail(Errno::ENOMEM);
            T* items = static_cast<T*>(::operator new(capacity * sizeof(T), std::nothrow));
            if (!items) return fail(Errno::ENOMEM);
            for (size_t i = 0; i < old_size; i++) new (&items[i]) T(std::move(data()[i]));
            free();
            span() = {items, old_size};
            capacity_ = capacity;
        }
        span() = {data(), wanted};
        return data() + old_size;
    }

    size_t capacity_ = 0;
};
