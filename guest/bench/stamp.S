# The first instruction of a program says when it was executed: prints "tsc N" and ends with status 0.
# Under -icount the time stamp counter counts instructions since reset, so N is the price of a boot, on any kernel.
        .intel_syntax noprefix
        .globl  _start
_start:
        rdtsc
        shl     rdx, 32
        or      rax, rdx
        lea     rsi, [rip + end]
        mov     byte ptr [rsi], 10              # the newline
        mov     ecx, 10
1:      xor     edx, edx                        # decimal digits, from the last to the first
        div     rcx
        add     dl, 48
        dec     rsi
        mov     [rsi], dl
        test    rax, rax
        jnz     1b
        sub     rsi, 4
        mov     dword ptr [rsi], 0x20637374     # "tsc "
        lea     rdx, [rip + end + 1]
        sub     rdx, rsi
        mov     eax, 1                          # write(1, rsi, rdx)
        mov     edi, 1
        syscall
        mov     eax, 231                        # exit_group(0)
        xor     edi, edi
        syscall

        .bss
        .skip   32
end:    .skip   1
