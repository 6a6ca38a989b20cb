// An ordered set of intervals that do not overlap, with an index of the gaps between them.
//
// It is a treap: a search tree by start address, and a heap by numbers drawn at random, which keep it balanced whatever the
// order of the insertions. Each node knows the largest gap that lies before any node of its subtree, so a
// search for free space can pass over a whole subtree at one glance, and costs log n:
//
//        low     A          B      C                 (gap of a node: from the end of the node before it to its start)
//         |......[==]........[====]..[==]
//           6          8           2
//
//                B  gap 8, largest_gap 8
//              /   \.
//             A     C   gap 2, largest_gap 2
//      gap 6, largest_gap 6
//
// Nodes also form a list in address order: neighbours, and the gap before a node, take one step. Elements derive from
// IntervalNode; linking them allocates nothing and cannot fail. The set does not own them.
#pragma once

struct IntervalNode {
    VirtRange range;
    IntervalNode* parent = nullptr;
    IntervalNode* left = nullptr;
    IntervalNode* right = nullptr;
    IntervalNode* before = nullptr;  // the neighbours by address
    IntervalNode* after = nullptr;
    uint64_t gap = 0;          // bytes between the end of `before` (or the set's low end) and range.start
    uint64_t largest_gap = 0;  // the largest `gap` in the subtree of this node
    uint32_t priority = 0;     // no node's is higher than its parent's
    IntervalNode* twin = nullptr;  // its copy in another set, while that is made
};

// The part that does not depend on the element's type: links, balance, gaps.
class IntervalTree {
public:
    // Gaps are counted from `low` upward.
    explicit IntervalTree(VirtAddr low) : low_(low) {}

    VirtAddr low() const { return low_; }
    size_t size() const { return size_; }

    // The node with the lowest end that lies above `address`: it contains the address or is the next one upward.
    IntervalNode* lower_bound(VirtAddr address) const;

    // `node.range` must not overlap a member.
    void insert(IntervalNode& node);
    void remove(IntervalNode& node);
    // Changes a member's bounds; they must stay between its neighbours.
    void resize(IntervalNode& node, VirtRange range);

    // Makes this empty tree the same shape as `other`, whose nodes each have a twin, a copy of them, in linear time.
    void copy_shape(const IntervalTree& other);

protected:
    IntervalNode* root_ = nullptr;
    IntervalNode* first_ = nullptr;
    IntervalNode* last_ = nullptr;

private:
    uint64_t gap_below(const IntervalNode& node) const;
    void refresh_gap(IntervalNode* node);
    static void refresh_largest_gaps(IntervalNode* node);
    void replace_child(IntervalNode* parent, IntervalNode& old_child, IntervalNode* new_child);
    using Side = IntervalNode* IntervalNode::*;
    static constexpr Side LEFT = &IntervalNode::left, RIGHT = &IntervalNode::right;
    void lift(IntervalNode& node);

    VirtAddr low_;
    size_t size_ = 0;
    uint32_t last_priority_ = 1;
    mutable Atomic<IntervalNode*> recent_;  // a member, found lately, or null; readers that look side by side all write it
};

template <typename T>
class IntervalSet : public IntervalTree {
public:
    using IntervalTree::IntervalTree;

    T* root() const { return static_cast<T*>(root_); }
    T* first() const { return static_cast<T*>(first_); }
    T* last() const { return static_cast<T*>(last_); }
    static T* before(const T& item) { return static_cast<T*>(item.IntervalNode::before); }
    static T* after(const T& item) { return static_cast<T*>(item.IntervalNode::after); }

    // The element that contains `address`, or null.
    T* find(VirtAddr address) const {
        T* item = at_or_after(address);
        return item && item->range.contains(address) ? item : nullptr;
    }
    // The element that contains `address`, else the next one above it, else null.
    T* at_or_after(VirtAddr address) const { return static_cast<T*>(lower_bound(address)); }
    // The lowest element that overlaps `range`, or null.
    T* first_overlap(VirtRange range) const {
        T* item = at_or_after(range.start);
        return item && item->range.overlaps(range) ? item : nullptr;
    }
};
