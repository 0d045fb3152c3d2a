# The least that a virtual machine can run: an image that prints the time stamp counter and ends the machine. What it
# costs, in time and instructions, is QEMU's own: no kernel can cost less.
        .intel_syntax noprefix
        .section .note.Xen, "a", @note
        .long   4, 4, 18                        # XEN_ELFNOTE_PHYS32_ENTRY: entered in 32-bit mode by the PVH protocol
        .asciz  "Xen"
        .long   _start

        .text
        .code32
        .globl  _start
_start: rdtsc
        mov     ebx, eax
        mov     esi, edx
        mov     edi, 16                         # hexadecimal digits of edx:eax, through COM1
        mov     dx, 0x3f8
1:      mov     eax, esi
        shr     eax, 28
        cmp     al, 10
        jb      2f
        add     al, 39
2:      add     al, 48
        out     dx, al
        shld    esi, ebx, 4
        shl     ebx, 4
        dec     edi
        jnz     1b
        mov     al, 10
        out     dx, al
        mov     eax, 0x10                       # the exit device: an orderly end
        mov     edx, 0xf4
        out     dx, eax
3:      hlt
        jmp     3b
