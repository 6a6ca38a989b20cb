"""The grader: boots a kernel in QEMU, looks at the machine from outside, and says what works."""
