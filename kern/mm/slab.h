// The kernel heap behind `new (std::nothrow)`: objects of up to 2 KiB come from slabs (frames cut into equal slots),
// larger ones from runs of whole frames. There is no throwing `new`: a kernel that forgets the check does not link.
#pragma once

// `size` bytes aligned to 16; null when memory is out. Any context but an interrupt handler.
void* heap_allocate(size_t size);
// Takes back what heap_allocate gave; null is fine. Debug builds fill it with junk and catch a double free.
void heap_free(void* pointer);
// Bytes in live objects, rounded up to their slots: for leak checks.
size_t heap_used_bytes();
