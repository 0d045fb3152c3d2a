//! Where the C library keeps what `rt::tls::glibc` needs: found by name, or, in a static program, linked.

#![allow(unsafe_code, reason = "fenced: names symbols of the C library")]

use std::ffi::CStr;

/// The address of a symbol of the C library or the dynamic linker.
///
/// # Errors
/// In words: this library has no such symbol.
#[cfg(not(target_feature = "crt-static"))]
pub(super) fn symbol(name: &CStr) -> Result<usize, String> {
    // SAFETY: the name is a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return Err(format!("the C library has no `{}`", name.to_string_lossy()));
    }
    Ok(address as usize)
}

/// Where the calling thread's `__resp` lies.
#[cfg(not(target_feature = "crt-static"))]
pub(super) fn resolver_variable(_thread_pointer: usize) -> Option<usize> {
    symbol(c"__resp").ok()
}

#[cfg(target_feature = "crt-static")]
mod linked {
    //! All that is needed of these is their address.
    use std::ffi::c_void;

    unsafe extern "C" {
        pub(super) static _dl_get_tls_static_info: c_void;
        pub(super) static _dl_allocate_tls: c_void;
        pub(super) static _dl_allocate_tls_init: c_void;
        pub(super) static __call_tls_dtors: c_void;
        pub(super) static __ctype_init: c_void;
        pub(super) static __libc_thread_freeres: c_void;
        pub(super) static _thread_db_sizeof_pthread: c_void;
        pub(super) static _thread_db_pthread_tid: c_void;
        pub(super) static _thread_db_pthread_specific: c_void;
        pub(super) static _thread_db_pthread_dtvp: c_void;
        pub(super) static __rseq_offset: c_void;
        pub(super) static __pthread_keys: c_void;
    }
}

/// The address of a symbol of the C library, which is linked into this program.
#[cfg(target_feature = "crt-static")]
pub(super) fn symbol(name: &CStr) -> Result<usize, String> {
    let address = match name.to_bytes() {
        b"_dl_get_tls_static_info" => &raw const linked::_dl_get_tls_static_info,
        b"_dl_allocate_tls" => &raw const linked::_dl_allocate_tls,
        b"_dl_allocate_tls_init" => &raw const linked::_dl_allocate_tls_init,
        b"__call_tls_dtors" => &raw const linked::__call_tls_dtors,
        b"__ctype_init" => &raw const linked::__ctype_init,
        b"__libc_thread_freeres" => &raw const linked::__libc_thread_freeres,
        b"_thread_db_sizeof_pthread" => &raw const linked::_thread_db_sizeof_pthread,
        b"_thread_db_pthread_tid" => &raw const linked::_thread_db_pthread_tid,
        b"_thread_db_pthread_specific" => &raw const linked::_thread_db_pthread_specific,
        b"_thread_db_pthread_dtvp" => &raw const linked::_thread_db_pthread_dtvp,
        b"__rseq_offset" => &raw const linked::__rseq_offset,
        b"__pthread_keys" => &raw const linked::__pthread_keys,
        _ => return Err(format!("nothing is known of `{}`", name.to_string_lossy())),
    };
    Ok(address as usize)
}

/// Where the calling thread's `__resp` lies.
#[cfg(target_feature = "crt-static")]
pub(super) fn resolver_variable(thread_pointer: usize) -> Option<usize> {
    let offset: usize;
    // SAFETY: loads the variable's offset from the thread pointer, as compiled code does (TLS ABI, initial exec).
    unsafe {
        std::arch::asm!(
            "mov {}, qword ptr [rip + __resp@GOTTPOFF]",
            out(reg) offset,
            options(nostack, preserves_flags, readonly)
        );
    }
    Some(thread_pointer.wrapping_add(offset))
}
