#include "vm/page_tree.h"

PageTree::Entry* PageTree::find(uint64_t index) const {
    if (!root_ || index >= capacity(height_)) return nullptr;
    Node* node = root_;
    for (unsigned height = height_; node && height > 1; height--) node = node->slots[slot(index, height)].child;
    return node && node->slots[slot(index, 1)].entry.frame ? &node->slots[slot(index, 1)].entry : nullptr;
}

// Puts new roots above the old one until the tree has room for `index`.
Result<> PageTree::grow(uint64_t index) {
    while (height_ == 0 || index >= capacity(height_)) {
        auto* above = new (std::nothrow) Node();
        if (!above) return fail(Errno::ENOMEM);
        above->slots[0].child = root_;
        root_ = above;
        height_++;
    }
    return {};
}

Result<PageTree::Entry*> PageTree::reach(uint64_t index) {
    TRY(grow(index));
    Node* node = root_;
    for (unsigned height = height_; height > 1; height--) {
        Node*& child = node->slots[slot(index, height)].child;
        if (!child) child = new (std::nothrow) Node();
        if (!child) return fail(Errno::ENOMEM);
        node = child;
    }
    return &node->slots[slot(index, 1)].entry;
}

void PageTree::destroy(Node* node, unsigned height) {
    if (!node) return;
    for (size_t i = 0; height > 1 && i < FANOUT; i++) destroy(node->slots[i].child, height - 1);
    delete node;
}

PageTree::~PageTree() { destroy(root_, height_); }
