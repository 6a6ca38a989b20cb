// The interval set against a sorted array, under random insertions, removals and resizes.
#include <algorithm>
#include <random>

#include "support.h"
#include "vm/interval_set.h"

namespace {

constexpr VirtAddr LOW{0x10000};

// Priorities, order, gaps and largest gaps of the whole tree; returns the subtree's height.
uint32_t check_node(const IntervalNode* node) {
    if (!node)
        return 0;
    uint32_t left = check_node(node->left), right = check_node(node->right);
    for (const IntervalNode* child : {node->left, node->right})
        cr_assert(!child || child->priority <= node->priority);
    cr_assert_eq(node->gap, node->range.start - (node->before ? node->before->range.end : LOW));
    uint64_t largest = std::max({node->gap, node->left ? node->left->largest_gap : 0, node->right ? node->right->largest_gap : 0});
    cr_assert_eq(node->largest_gap, largest);
    cr_assert(!node->left || node->left->parent == node);
    cr_assert(!node->right || node->right->parent == node);
    return 1 + std::max(left, right);
}

void check(const IntervalSet<IntervalNode>& set, const std::vector<IntervalNode*>& sorted) {
    check_node(set.root());
    cr_assert_eq(set.size(), sorted.size());
    IntervalNode* item = set.first();
    for (IntervalNode* expected : sorted) {
        cr_assert_eq(item, expected);
        item = set.after(*item);
    }
    cr_assert_null(item);
    cr_assert_eq(set.last(), sorted.empty() ? nullptr : sorted.back());
}

}  // namespace

MACHINE_TEST(interval_set, matches_a_sorted_array) {
    const char* seed_text = getenv("SEED");
    unsigned seed = seed_text ? static_cast<unsigned>(atoi(seed_text)) : 1;
    fprintf(stderr, "interval_set: SEED=%u\n", seed);
    std::mt19937 random(seed);
    IntervalSet<IntervalNode> set(LOW);
    std::vector<IntervalNode*> sorted;
    auto by_start = [](const IntervalNode* node, VirtAddr start) { return node->range.start < start; };
    for (int step = 0; step < 6000; step++) {
        VirtRange range = VirtRange::sized(LOW + random() % 400 * PAGE_SIZE, (1 + random() % 4) * PAGE_SIZE);
        auto place = std::lower_bound(sorted.begin(), sorted.end(), range.start, by_start);
        auto overlapping = std::find_if(sorted.begin(), sorted.end(), [&](auto* node) { return node->range.overlaps(range); });
        cr_assert_eq(set.first_overlap(range), overlapping == sorted.end() ? nullptr : *overlapping);
        if (overlapping == sorted.end()) {
            auto* node = new IntervalNode{.range = range};
            set.insert(*node);
            sorted.insert(place, node);
        } else if (random() % 4 == 0 && (*overlapping)->range.pages() > 1) {
            set.resize(**overlapping, {(*overlapping)->range.start + PAGE_SIZE, (*overlapping)->range.end});
        } else if (random() % 2) {
            set.remove(**overlapping);
            delete *overlapping;
            sorted.erase(overlapping);
        }
        if (step % 16 == 0)
            check(set, sorted);
    }
    IntervalSet<IntervalNode> copy(LOW);
    std::vector<IntervalNode*> twins;
    for (IntervalNode* node : sorted)
        twins.push_back(node->twin = new IntervalNode(*node));
    copy.copy_shape(set);
    check(copy, twins);
    for (auto* each : {&set, &copy})
        while (IntervalNode* node = each->first()) {
            each->remove(*node);
            delete node;
        }
}

// In ascending order, as a program maps file after file: a tree that did nothing for its balance would be a list.
MACHINE_TEST(interval_set, stays_shallow) {
    IntervalSet<IntervalNode> set(LOW);
    std::vector<IntervalNode> nodes(50'000);
    for (size_t i = 0; i < nodes.size(); i++) {
        nodes[i].range = VirtRange::sized(LOW + 2 * i * PAGE_SIZE, PAGE_SIZE);
        set.insert(nodes[i]);
    }
    cr_assert(check_node(set.root()) < 60);
    for (size_t i = 0; i < nodes.size(); i++)
        if (i % 100 != 0)
            set.remove(nodes[i]);
    cr_assert_eq(set.size(), 500);
    cr_assert(check_node(set.root()) < 40);
}
