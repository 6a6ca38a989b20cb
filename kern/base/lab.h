// What a lab's hole says when it is reached before the student has filled it in.
#pragma once

// Prints once a hole, with the place it was called from, and returns ENOSYS:
//     lab: vmar.map is not written yet (kern/vm/map.cpp:41); labs/1-vmar, task 2
std::unexpected<Errno> lab_todo(const char* hole, const char* task,
                                std::source_location where = std::source_location::current());
