#include "fs/name_table.h"

namespace kern {

namespace {

// FNV-1a.
uint32_t hash_of(std::string_view name) {
    uint32_t hash = 2166136261;
    for (char c : name)
        hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
    return hash;
}

}  // namespace

NameTable::~NameTable() {
    while (Entry* entry = in_order_.pop_front())
        delete entry;
}

NameTable::Entry* NameTable::find(std::string_view name) {
    if (buckets_.empty())
        return nullptr;
    uint32_t hash = hash_of(name);
    Entry* entry = bucket(hash);
    while (entry && (entry->hash != hash || entry->name != name))
        entry = entry->next_in_bucket;
    return entry;
}

// Twice the buckets, and every entry into its new one.
Result<> NameTable::grow() {
    Vec<Entry*> buckets;
    TRY(buckets.resize(buckets_.empty() ? 8 : buckets_.size() * 2));
    buckets_ = std::move(buckets);
    for (Entry& entry : in_order_)
        entry.next_in_bucket = std::exchange(bucket(entry.hash), &entry);
    return {};
}

Result<> NameTable::insert(std::string_view name, Ref<Inode> inode) {
    auto entry = TRY(make_own<Entry>());
    entry->name = TRY(String::copy(name));
    if (size_ >= buckets_.size())
        TRY(grow());
    entry->inode = std::move(inode);
    entry->position = next_position_++;
    entry->hash = hash_of(name);
    entry->next_in_bucket = std::exchange(bucket(entry->hash), entry.get());
    in_order_.push_back(*entry.release());
    size_++;
    return {};
}

Own<NameTable::Entry> NameTable::remove(Entry& entry) {
    Entry** link = &bucket(entry.hash);
    while (*link != &entry)
        link = &(*link)->next_in_bucket;
    *link = entry.next_in_bucket;
    entry.unlink();
    size_--;
    return Own<Entry>(&entry);
}

void NameTable::list(EntrySink& sink) {
    for (Entry& entry : in_order_)
        if (entry.position >= sink.position &&
            !sink.offer(entry.name.view(), entry.inode->number(), entry.inode->type(), entry.position + 1))
            return;
}

}  // namespace kern
