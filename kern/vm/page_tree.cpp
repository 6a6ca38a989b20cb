#include "vm/page_tree.h"

#include <new>

namespace kern {

PageTree::Entry* PageTree::find(uint64_t index) const {
    if (!root_ || index >= capacity(height_)) return nullptr;
    void* node = root_;
    for (unsigned height = height_; node && height > 1; height--)
        node = static_cast<Node*>(node)->children[slot(index, height)];
    return node ? &static_cast<Leaf*>(node)->entries[slot(index, 1)] : nullptr;
}

// Puts new roots above the old one until the tree has room for `index`.
Result<> PageTree::grow(uint64_t index) {
    while (height_ == 0 || index >= capacity(height_)) {
        if (!root_) {
            root_ = new (std::nothrow) Leaf();
        } else {
            auto* above = new (std::nothrow) Node();
            if (!above) return fail(Errno::ENOMEM);
            above->children[0] = root_;
            root_ = above;
        }
        if (!root_) return fail(Errno::ENOMEM);
        height_++;
    }
    return {};
}

Result<PageTree::Entry*> PageTree::reach(uint64_t index) {
    TRY(grow(index));
    void* node = root_;
    for (unsigned height = height_; height > 1; height--) {
        void*& child = static_cast<Node*>(node)->children[slot(index, height)];
        if (!child)
            child = height > 2 ? static_cast<void*>(new (std::nothrow) Node()) : new (std::nothrow) Leaf();
        if (!child) return fail(Errno::ENOMEM);
        node = child;
    }
    return &static_cast<Leaf*>(node)->entries[slot(index, 1)];
}

void PageTree::destroy(void* node, unsigned height) {
    if (!node) return;
    if (height == 1) {
        delete static_cast<Leaf*>(node);
        return;
    }
    for (void* child : static_cast<Node*>(node)->children)
        destroy(child, height - 1);
    delete static_cast<Node*>(node);
}

PageTree::~PageTree() { destroy(root_, height_); }

}  // namespace kern
