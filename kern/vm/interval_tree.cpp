#include "vm/interval_set.h"

static uint64_t largest_gap_of(const IntervalNode* node) { return node ? node->largest_gap : 0; }

// Whether `node` is the answer to lower_bound(address).
static bool is_lower_bound(const IntervalNode* node, VirtAddr address) {
    return node && address < node->range.end && (!node->before || node->before->range.end <= address);
}

// Look-ups cluster: mostly the node found last is the answer once more, or a neighbour of it is.
IntervalNode* IntervalTree::lower_bound(VirtAddr address) const {
    IntervalNode* recent = recent_.load();
    for (IntervalNode* near : {recent, recent ? recent->after : nullptr, recent ? recent->before : nullptr})
        if (is_lower_bound(near, address)) return near;
    IntervalNode* best = nullptr;
    for (IntervalNode* node = root_; node;) {
        bool fits = address < node->range.end;
        if (fits) best = node;
        node = fits ? node->left : node->right;
    }
    if (best) recent_.store(best);
    return best;
}

// Of two neighbours one has no child on the side of the other: there is the new leaf's place.
void IntervalTree::insert(IntervalNode& node) {
    IntervalNode* after = lower_bound(node.range.start);
    IntervalNode* before = after ? after->before : last_;
    DEBUG_ASSERT(!after || node.range.end <= after->range.start);
    bool is_right = before && !before->right;
    IntervalNode* parent = is_right ? before : after;
    (is_right ? before->right : after ? after->left : root_) = &node;
    node.parent = parent;
    node.left = node.right = nullptr;
    node.priority = last_priority_ = last_priority_ * 1'664'525 + 1'013'904'223;  // a linear congruence, modulo 2^32
    size_++;
    node.before = before;
    node.after = after;
    (before ? before->after : first_) = &node;
    (after ? after->before : last_) = &node;
    node.largest_gap = node.gap = gap_below(node);
    recent_.store(&node);
    if (after) after->gap = gap_below(*after);
    refresh_largest_gaps(parent);
    refresh_largest_gaps(after);
    while (node.parent && node.priority > node.parent->priority) lift(node);
}

// A node with two children sinks, until at most one is left to take its place.
void IntervalTree::remove(IntervalNode& node) {
    IntervalNode* before = node.before;
    IntervalNode* after = node.after;
    (before ? before->after : first_) = after;
    (after ? after->before : last_) = before;
    size_--;
    recent_.store(after);

    while (node.left && node.right) lift(node.left->priority > node.right->priority ? *node.left : *node.right);
    replace_child(node.parent, node, node.left ? node.left : node.right);
    // Its gap grew, so nobody above needs to ask his other child; mostly the second walk then finds nothing to do.
    if (after) after->gap = gap_below(*after);
    for (auto* up = after; up && up->largest_gap < after->gap; up = up->parent) up->largest_gap = after->gap;
    refresh_largest_gaps(node.parent);
}

void IntervalTree::resize(IntervalNode& node, VirtRange range) {
    DEBUG_ASSERT(!node.before || node.before->range.end <= range.start);
    DEBUG_ASSERT(!node.after || range.end <= node.after->range.start);
    node.range = range;
    refresh_gap(&node);
    refresh_gap(node.after);
}

uint64_t IntervalTree::gap_below(const IntervalNode& node) const {
    return node.range.start - (node.before ? node.before->range.end : low_);
}

void IntervalTree::refresh_gap(IntervalNode* node) {
    if (!node) return;
    node->gap = gap_below(*node);
    refresh_largest_gaps(node);
}

static uint64_t largest_gap_at(const IntervalNode& node) {
    return std::max({node.gap, largest_gap_of(node.left), largest_gap_of(node.right)});
}

// From `node` upward, as far as anything changes.
void IntervalTree::refresh_largest_gaps(IntervalNode* node) {
    for (; node; node = node->parent) {
        uint64_t largest = largest_gap_at(*node);
        if (std::exchange(node->largest_gap, largest) == largest) return;
    }
}

void IntervalTree::replace_child(IntervalNode* parent, IntervalNode& old_child, IntervalNode* new_child) {
    if (!parent) root_ = new_child;
    else (parent->left == &old_child ? parent->left : parent->right) = new_child;
    if (new_child) new_child->parent = parent;
}

// Brings a node up in its parent's place; here from the right, and with left and right changed about the other way round:
//
//       parent                node
//        /  \                 /   \.
//       a   node     ->   parent   c
//           /  \           /  \.
//          b    c         a    b
void IntervalTree::lift(IntervalNode& node) {
    IntervalNode& parent = *node.parent;
    auto [from, to] = parent.right == &node ? std::pair(RIGHT, LEFT) : std::pair(LEFT, RIGHT);
    replace_child(parent.parent, parent, &node);
    parent.*from = node.*to;
    if (parent.*from) (parent.*from)->parent = &parent;
    node.*to = &parent;
    parent.parent = &node;
    node.largest_gap = parent.largest_gap;
    parent.largest_gap = largest_gap_at(parent);
}

void IntervalTree::copy_shape(const IntervalTree& other) {
    auto twin = [](IntervalNode* node) { return node ? node->twin : nullptr; };
    for (IntervalNode* node = other.first_; node; node = node->after)
        for (Side link : {LEFT, RIGHT, &IntervalNode::parent, &IntervalNode::before, &IntervalNode::after})
            node->twin->*link = twin(node->*link);
    root_ = twin(other.root_);
    first_ = twin(other.first_);
    last_ = twin(other.last_);
    size_ = other.size_;
}
