#include "vm/interval_set.h"

static uint32_t height_of(const IntervalNode* node) { return node ? node->height : 0; }
static uint64_t largest_gap_of(const IntervalNode* node) { return node ? node->largest_gap : 0; }

// Whether `node` is the answer to lower_bound(address).
static bool is_lower_bound(const IntervalNode* node, VirtAddr address) {
    return node && address < node->range.end && (!node->before || node->before->range.end <= address);
}

// Look-ups cluster: mostly the node found last is the answer once more, or a neighbour of it is.
IntervalNode* IntervalTree::lower_bound(VirtAddr address) const {
    IntervalNode* recent = recent_.load();
    if (is_lower_bound(recent, address)) return recent;
    if (recent && is_lower_bound(recent->after, address)) return recent->after;
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
    node.height = 1;
    size_++;
    node.before = before;
    node.after = after;
    (before ? before->after : first_) = &node;
    (after ? after->before : last_) = &node;
    node.largest_gap = node.gap = gap_below(node);
    recent_.store(&node);
    rebalance_upward(parent);
    refresh_gap(after);
}

// A node with two children changes places with its successor, which has no left child; then at most one child is left
// to take the node's place.
void IntervalTree::remove(IntervalNode& node) {
    IntervalNode* before = node.before;
    IntervalNode* after = node.after;
    (before ? before->after : first_) = after;
    (after ? after->before : last_) = before;
    size_--;
    recent_.store(after);

    IntervalNode* lowest_changed = node.parent;
    if (node.left && node.right) {
        IntervalNode& successor = *after;
        lowest_changed = successor.parent == &node ? &successor : successor.parent;
        replace_child(successor.parent, successor, successor.right);
        successor.left = node.left;
        successor.right = node.right;
        successor.height = node.height;
        successor.largest_gap = node.largest_gap;
        if (successor.left) successor.left->parent = &successor;
        if (successor.right) successor.right->parent = &successor;
        replace_child(node.parent, node, &successor);
    } else {
        replace_child(node.parent, node, node.left ? node.left : node.right);
    }
    rebalance_upward(lowest_changed);
    refresh_gap(after);
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

// From `node` upward, as far as anything changes.
void IntervalTree::refresh_largest_gaps(IntervalNode* node) {
    for (; node; node = node->parent) {
        uint64_t largest = std::max({node->gap, largest_gap_of(node->left), largest_gap_of(node->right)});
        if (largest == node->largest_gap) return;
        node->largest_gap = largest;
    }
}

void IntervalTree::refresh(IntervalNode& node) {
    node.height = 1 + std::max(height_of(node.left), height_of(node.right));
    node.largest_gap = std::max({node.gap, largest_gap_of(node.left), largest_gap_of(node.right)});
}

// Restores heights and balance from `node` upward: on the average, two nodes on nothing changes any more. Gaps may matter
// further up.
void IntervalTree::rebalance_upward(IntervalNode* node) {
    bool changes = true;
    while (node && changes) {
        uint32_t height = node->height;
        IntervalNode& top = rebalance(*node);
        changes = &top != node || top.height != height;
        node = top.parent;
    }
    refresh_largest_gaps(node);
}

void IntervalTree::replace_child(IntervalNode* parent, IntervalNode& old_child, IntervalNode* new_child) {
    if (!parent) root_ = new_child;
    else (parent->left == &old_child ? parent->left : parent->right) = new_child;
    if (new_child) new_child->parent = parent;
}

// Brings a child up in its parent's place; here the right one, and with left and right changed about the other way round:
//
//        node                  top
//        /  \                 /   \.
//       a   top      ->    node    c
//           /  \           /  \.
//          b    c         a    b
IntervalNode& IntervalTree::rotate(IntervalNode& node, Side from, Side to) {
    IntervalNode& top = *(node.*from);
    replace_child(node.parent, node, &top);
    node.*from = top.*to;
    if (node.*from) (node.*from)->parent = &node;
    top.*to = &node;
    node.parent = &top;
    refresh(node);
    refresh(top);
    return top;
}

// Gives the root of the subtree afterwards: the heights of its two sides differ by at most one.
IntervalNode& IntervalTree::rebalance(IntervalNode& node) {
    auto lower = [&](Side high, Side low) -> IntervalNode& {
        IntervalNode& child = *(node.*high);
        if (height_of(child.*high) < height_of(child.*low)) rotate(child, low, high);
        return rotate(node, high, low);
    };
    if (height_of(node.left) > height_of(node.right) + 1) return lower(LEFT, RIGHT);
    if (height_of(node.right) > height_of(node.left) + 1) return lower(RIGHT, LEFT);
    refresh(node);
    return node;
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
