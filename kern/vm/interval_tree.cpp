#include <algorithm>

#include "vm/interval_set.h"

namespace kern {

namespace {

uint32_t height_of(const IntervalNode* node) { return node ? node->height : 0; }
uint64_t largest_gap_of(const IntervalNode* node) { return node ? node->largest_gap : 0; }

}  // namespace

IntervalNode* IntervalTree::lower_bound(VirtAddr address) const {
    IntervalNode* best = nullptr;
    for (IntervalNode* node = root_; node;) {
        if (address < node->range.end) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

void IntervalTree::insert(IntervalNode& node) {
    IntervalNode* parent = nullptr;
    IntervalNode* before = nullptr;
    IntervalNode* after = nullptr;
    IntervalNode** place = &root_;
    while (*place) {
        parent = *place;
        if (node.range.start < parent->range.start) {
            after = parent;
            place = &parent->left;
        } else {
            before = parent;
            place = &parent->right;
        }
    }
    DEBUG_ASSERT(!before || before->range.end <= node.range.start);
    DEBUG_ASSERT(!after || node.range.end <= after->range.start);
    *place = &node;
    node.parent = parent;
    node.left = node.right = nullptr;
    node.height = 0;  // not yet counted: refresh_upward sees a change and goes on to the parent
    node.largest_gap = 0;
    size_++;
    link_neighbours(node, before, after);
    refresh_gap(&node);
    refresh_gap(after);
}

void IntervalTree::link_neighbours(IntervalNode& node, IntervalNode* before, IntervalNode* after) {
    node.before = before;
    node.after = after;
    (before ? before->after : first_) = &node;
    (after ? after->before : last_) = &node;
}

// A node with two children changes places with its successor, which has no left child; then at most one child is left
// to take the node's place.
void IntervalTree::remove(IntervalNode& node) {
    IntervalNode* before = node.before;
    IntervalNode* after = node.after;
    (before ? before->after : first_) = after;
    (after ? after->before : last_) = before;
    size_--;

    IntervalNode* lowest_changed = node.parent;
    if (node.left && node.right) {
        IntervalNode& successor = *after;
        lowest_changed = successor.parent == &node ? &successor : successor.parent;
        replace_child(successor.parent, successor, successor.right);
        successor.left = node.left;
        successor.right = node.right;
        successor.height = node.height;
        successor.largest_gap = node.largest_gap;
        if (successor.left)
            successor.left->parent = &successor;
        if (successor.right)
            successor.right->parent = &successor;
        replace_child(node.parent, node, &successor);
    } else {
        replace_child(node.parent, node, node.left ? node.left : node.right);
    }
    refresh_upward(lowest_changed);
    refresh_gap(after);
}

void IntervalTree::resize(IntervalNode& node, VirtRange range) {
    DEBUG_ASSERT(!node.before || node.before->range.end <= range.start);
    DEBUG_ASSERT(!node.after || range.end <= node.after->range.start);
    node.range = range;
    refresh_gap(&node);
    refresh_gap(node.after);
}

void IntervalTree::refresh_gap(IntervalNode* node) {
    if (!node) return;
    node->gap = node->range.start - (node->before ? node->before->range.end : low_);
    refresh_upward(node);
}

void IntervalTree::refresh(IntervalNode& node) {
    node.height = 1 + std::max(height_of(node.left), height_of(node.right));
    node.largest_gap = std::max({node.gap, largest_gap_of(node.left), largest_gap_of(node.right)});
}

// Restores heights, balance and largest gaps from `node` upward, as far as anything changes.
void IntervalTree::refresh_upward(IntervalNode* node) {
    while (node) {
        uint32_t height = node->height;
        uint64_t largest_gap = node->largest_gap;
        IntervalNode& top = rebalance(*node);
        if (&top == node && top.height == height && top.largest_gap == largest_gap) return;
        node = top.parent;
    }
}

void IntervalTree::replace_child(IntervalNode* parent, IntervalNode& old_child, IntervalNode* new_child) {
    if (!parent)
        root_ = new_child;
    else
        (parent->left == &old_child ? parent->left : parent->right) = new_child;
    if (new_child)
        new_child->parent = parent;
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
    if (node.*from)
        (node.*from)->parent = &node;
    top.*to = &node;
    node.parent = &top;
    refresh(node);
    refresh(top);
    return top;
}

// Gives the root of the subtree afterwards: the heights of its two sides differ by at most one.
IntervalNode& IntervalTree::rebalance(IntervalNode& node) {
    uint32_t left = height_of(node.left);
    uint32_t right = height_of(node.right);
    if (left > right + 1) {
        if (height_of(node.left->left) < height_of(node.left->right))
            rotate(*node.left, RIGHT, LEFT);
        return rotate(node, LEFT, RIGHT);
    }
    if (right > left + 1) {
        if (height_of(node.right->right) < height_of(node.right->left))
            rotate(*node.right, LEFT, RIGHT);
        return rotate(node, RIGHT, LEFT);
    }
    refresh(node);
    return node;
}

}  // namespace kern
