// The vDSO's file, inside the kernel: one page.
    .section .rodata
    .balign 4096
    .globl vdso_image
vdso_image:
    .incbin "kern/vdso/vdso.so"
    .balign 4096
