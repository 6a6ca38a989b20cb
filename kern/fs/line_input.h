// What was typed and not yet read. In canonical mode bytes can be read only once their line has ended.
//
//     [ ready to read | line being typed ]        oldest to newest; ready_ and used_ count from the oldest
//
// No lock of its own. Also compiled for the host.
#pragma once

class LineInput {
public:
    static constexpr size_t CAPACITY = 4096;
    static constexpr uint16_t END_OF_FILE = 0x100;  // ^D: ends a read, and is not part of it

    // False when it is full.
    bool put(uint16_t c) {
        if (used_ == CAPACITY) return false;
        bytes_[(first_ + used_++) % CAPACITY] = c;
        return true;
    }
    // What was typed so far can be read.
    void commit() { ready_ = used_; }
    // Takes the newest byte of the line being typed back; false when the line is empty.
    bool take_back(char& c) {
        if (used_ == ready_) return false;
        c = static_cast<char>(bytes_[(first_ + --used_) % CAPACITY]);
        return true;
    }
    void clear() { ready_ = used_ = 0; }

    size_t ready() const { return ready_; }
    // Whether another byte leaves a place for what ends the line.
    bool has_room_in_line() const { return used_ + 1 < CAPACITY; }
    uint16_t front() const { return bytes_[first_ % CAPACITY]; }
    uint16_t pop() {
        ready_--;
        used_--;
        return bytes_[first_++ % CAPACITY];
    }

private:
    uint16_t bytes_[CAPACITY] = {};
    size_t first_ = 0;  // of the oldest, modulo CAPACITY
    size_t ready_ = 0;
    size_t used_ = 0;
};
