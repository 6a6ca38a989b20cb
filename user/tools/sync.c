/* sync: has everything written to the disks. */

#include "tool.h"

int main(void) {
    sync();
    return 0;
}
