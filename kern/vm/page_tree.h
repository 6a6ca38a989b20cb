// From a page's index to its frame: a radix tree of 64-way nodes, as high as the highest index needs.
//
//     index of 18 bits:  [ 6 bits ][ 6 bits ][ 6 bits ]       height 3
//                         node  ->  node  ->  node -> Frame
//
// Frames are not referenced by the tree itself: its owner does that.
#pragma once

#include "mm/frame.h"

class PageTree {
public:
    PageTree() = default;
    ~PageTree();
    PageTree(const PageTree&) = delete;
    PageTree& operator=(const PageTree&) = delete;

    struct Entry {
        Frame* frame = nullptr;
        bool dirty = false;
        bool was_dirty = false;  // ever: its source holds other bytes than were read from it once
    };

    // The entry of page `index`; null when it has no frame.
    Entry* find(uint64_t index) const;
    // The entry of page `index`, made if need be. ENOMEM.
    Result<Entry*> reach(uint64_t index);
    // Calls visit(index, Entry&) for each entry with a frame in [first, last), ascending.
    template <typename Visitor>
    void for_each(uint64_t first, uint64_t last, Visitor visit) const {
        find_if(first, last, [&](uint64_t index, Entry& entry) { visit(index, entry); return false; });
    }
    // The first entry with a frame in [index, last) for which wanted(index, Entry&); `index` becomes its own. Null:
    // none.
    template <typename Predicate>
    Entry* find_if(uint64_t& index, uint64_t last, Predicate wanted) const {
        return search(root_, height_, 0, index, last, wanted);
    }

private:
    static constexpr unsigned BITS = 6;
    static constexpr unsigned FANOUT = 1u << BITS;

    struct Node {
        union Slot {
            Entry entry;  // at height 1
            Node* child;  // above
        } slots[FANOUT] = {};
    };

    // How many pages a tree of this height has room for.
    static uint64_t capacity(unsigned height) { return height * BITS >= 64 ? UINT64_MAX : uint64_t{1} << (height * BITS); }
    static unsigned slot(uint64_t index, unsigned height) { return (index >> ((height - 1) * BITS)) & (FANOUT - 1); }
    Result<> grow(uint64_t index);
    static void destroy(Node* node, unsigned height);

    template <typename Predicate>
    static Entry* search(Node* node, unsigned height, uint64_t base, uint64_t& index, uint64_t last, Predicate& wanted);

    Node* root_ = nullptr;
    unsigned height_ = 0;
};

template <typename Predicate>
PageTree::Entry* PageTree::search(Node* node, unsigned height, uint64_t base, uint64_t& index, uint64_t last,
                                  Predicate& wanted) {
    if (!node || base >= last || base + (capacity(height) - 1) < index) return nullptr;
    unsigned shift = (height - 1) * BITS;
    uint64_t begin = index > base ? (index - base) >> shift : 0;
    uint64_t end = std::min<uint64_t>(FANOUT, ((last - 1 - base) >> shift) + 1);
    for (uint64_t i = begin; i < end; i++) {
        uint64_t at = base + (i << shift);
        Entry* found = &node->slots[i].entry;
        if (height > 1) found = search(node->slots[i].child, height - 1, at, index, last, wanted);
        else if (!found->frame || !wanted(at, *found)) continue;
        else index = at;
        if (found) return found;
    }
    return nullptr;
}
