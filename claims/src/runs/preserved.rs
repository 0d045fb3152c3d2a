//! Assembly that several runs share: the registers that a function of System V preserves, RBX, RBP and R12 to R15 in this order.

/// Keeps the caller's on the stack: 48 bytes.
macro_rules! push_preserved {
    () => {
        "push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15"
    };
}

/// Undoes [`push_preserved`].
macro_rules! pop_preserved {
    () => {
        "pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx"
    };
}

/// Fills them with 101 to 106.
macro_rules! fill_preserved {
    () => {
        "mov ebx, 101
        mov ebp, 102
        mov r12d, 103
        mov r13d, 104
        mov r14d, 105
        mov r15d, 106"
    };
}

/// Stores them in the six words at `$at`, a register.
macro_rules! store_preserved {
    ($at:literal) => {
        concat!(
            "mov [",
            $at,
            "], rbx\n",
            "mov [",
            $at,
            " + 8], rbp\n",
            "mov [",
            $at,
            " + 16], r12\n",
            "mov [",
            $at,
            " + 24], r13\n",
            "mov [",
            $at,
            " + 32], r14\n",
            "mov [",
            $at,
            " + 40], r15",
        )
    };
}
