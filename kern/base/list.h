// A doubly linked list through nodes that live inside the elements: linking allocates nothing and cannot fail.
//
//        head_ <-> a.node <-> b.node <-> head_        (a ring; an empty list's head points to itself)
//
// An element derives from ListNode<Tag>; the tag lets one object stand in several lists.
#pragma once

template <typename Tag>
struct ListNode {
    ListNode* prev = nullptr;
    ListNode* next = nullptr;

    constexpr ListNode() = default;
    constexpr ListNode(const ListNode&) {}  // a copy of an element is in no list

    bool is_linked() const { return next != nullptr; }
    // Takes the element out of the list it is in, whichever that is; harmless when it is in none.
    void unlink() {
        if (!is_linked()) return;
        prev->next = next;
        next->prev = prev;
        prev = next = nullptr;
    }
};

template <typename T, typename Tag>
class List {
    using Node = ListNode<Tag>;

public:
    constexpr List() { head_.prev = head_.next = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool empty() const { return head_.next == &head_; }
    T* front() { return empty() ? nullptr : element(head_.next); }
    void push_back(T& item) { insert_before(head_, item); }
    void push_front(T& item) { insert_before(*head_.next, item); }
    T* pop_front() {
        T* item = front();
        if (item) static_cast<Node*>(item)->unlink();
        return item;
    }

    struct Iterator {
        Node* node;
        T& operator*() const { return *element(node); }
        Iterator& operator++() { node = node->next; return *this; }
        Iterator operator++(int) { return {std::exchange(node, node->next)}; }  // then the element may go
        bool operator==(const Iterator&) const = default;
    };
    Iterator begin() { return {head_.next}; }
    Iterator end() { return {&head_}; }

private:
    static T* element(Node* node) { return static_cast<T*>(node); }
    static void insert_before(Node& place, T& item) {
        Node& node = item;
        node.prev = place.prev;
        node.next = &place;
        place.prev->next = &node;
        place.prev = &node;
    }

    Node head_;
};
