//! [`Errno`]: why a system call failed, in the words of `errno(3)`.
//!
//! Rule: the number is chosen where the reason is known, as the man page of the call says. The only conversions
//! are those that can mean one thing only: no memory, a bad address.

use core::fmt;
use core::num::NonZero;

use linux_raw_sys::errno;
use threadbare_machine::memory::OutOfMemory;

/// The number of an error, as `errno(3)` names it.
///
/// It is a whole word, and never 0, so that a result of a word or of nothing comes back in registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(NonZero<usize>);

impl Errno {
    const fn of(number: u16) -> Errno {
        match NonZero::new(number as usize) {
            Some(number) => Errno(number),
            None => panic!("0 is no error"),
        }
    }

    /// The number that a program sees, negated, as the result of its system call.
    #[expect(clippy::cast_possible_truncation, reason = "made of 16 bits")]
    pub const fn number(self) -> u16 {
        self.0.get() as u16
    }

    /// The error of that number, as another system tells it; `EIO` for a number that is none.
    pub const fn from_number(number: u16) -> Errno {
        if number > 0 && number < 512 {
            Errno::of(number)
        } else {
            Errno::EIO
        }
    }

    /// What a system call returns in RAX.
    pub fn result(self) -> isize {
        -self.0.get().cast_signed()
    }
}

macro_rules! errnos {
    ($($(#[doc = $text:literal])* $name:ident;)*) => {
        impl Errno {
            $(
                $(#[doc = $text])*
                #[expect(clippy::cast_possible_truncation, reason = "error numbers are below 4096")]
                pub const $name: Errno = Errno::of(errno::$name as u16);
            )*

            /// The name in the man pages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Errno::$name => stringify!($name),)*
                    Errno::ERESTARTSYS => "ERESTARTSYS",
                    Errno::ERESTARTNOINTR => "ERESTARTNOINTR",
                    Errno::ERESTARTNOHAND => "ERESTARTNOHAND",
                    Errno::ERESTART_RESTARTBLOCK => "ERESTART_RESTARTBLOCK",
                    _ => "unknown error",
                }
            }
        }
    };
}

/// Numbers that never reach a program: an interrupted call says by them how it goes on after the signal
/// (`signal(7)`, "Interruption of system calls by signal handlers").
impl Errno {
    /// Restart after a handler with `SA_RESTART` or none at all; else `EINTR`.
    pub const ERESTARTSYS: Errno = Errno::of(512);
    /// Restart always.
    pub const ERESTARTNOINTR: Errno = Errno::of(513);
    /// Restart only if no handler ran; else `EINTR`.
    pub const ERESTARTNOHAND: Errno = Errno::of(514);
    /// Go on through `restart_syscall(2)`, which knows how much of the wait is left.
    pub const ERESTART_RESTARTBLOCK: Errno = Errno::of(516);
}

impl fmt::Debug for Errno {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "unknown error" => write!(formatter, "Errno({})", self.0),
            name => formatter.write_str(name),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl core::error::Error for Errno {}

impl From<OutOfMemory> for Errno {
    fn from(_: OutOfMemory) -> Self {
        Errno::ENOMEM
    }
}

impl From<alloc::collections::TryReserveError> for Errno {
    fn from(_: alloc::collections::TryReserveError) -> Self {
        Errno::ENOMEM
    }
}

errnos! {
    /// Operation not permitted.
    EPERM;
    /// No such file or directory.
    ENOENT;
    /// No such process.
    ESRCH;
    /// Interrupted system call.
    EINTR;
    /// Input/output error.
    EIO;
    /// No such device or address.
    ENXIO;
    /// Argument list too long.
    E2BIG;
    /// Exec format error.
    ENOEXEC;
    /// Bad file descriptor.
    EBADF;
    /// No child processes.
    ECHILD;
    /// Resource temporarily unavailable.
    EAGAIN;
    /// Cannot allocate memory.
    ENOMEM;
    /// Permission denied.
    EACCES;
    /// Bad address.
    EFAULT;
    /// Block device required.
    ENOTBLK;
    /// Device or resource busy.
    EBUSY;
    /// File exists.
    EEXIST;
    /// Invalid cross-device link.
    EXDEV;
    /// No such device.
    ENODEV;
    /// Not a directory.
    ENOTDIR;
    /// Is a directory.
    EISDIR;
    /// Invalid argument.
    EINVAL;
    /// Too many open files in system.
    ENFILE;
    /// Too many open files.
    EMFILE;
    /// Inappropriate ioctl for device.
    ENOTTY;
    /// Text file busy.
    ETXTBSY;
    /// File too large.
    EFBIG;
    /// No space left on device.
    ENOSPC;
    /// Illegal seek.
    ESPIPE;
    /// Read-only file system.
    EROFS;
    /// Too many links.
    EMLINK;
    /// Broken pipe.
    EPIPE;
    /// Numerical argument out of domain.
    EDOM;
    /// Numerical result out of range.
    ERANGE;
    /// Resource deadlock avoided.
    EDEADLK;
    /// File name too long.
    ENAMETOOLONG;
    /// No locks available.
    ENOLCK;
    /// Function not implemented.
    ENOSYS;
    /// Directory not empty.
    ENOTEMPTY;
    /// Too many levels of symbolic links.
    ELOOP;
    /// No message of desired type.
    ENOMSG;
    /// Identifier removed.
    EIDRM;
    /// Channel number out of range.
    ECHRNG;
    /// Level 2 not synchronized.
    EL2NSYNC;
    /// Level 3 halted.
    EL3HLT;
    /// Level 3 reset.
    EL3RST;
    /// Link number out of range.
    ELNRNG;
    /// Protocol driver not attached.
    EUNATCH;
    /// No CSI structure available.
    ENOCSI;
    /// Level 2 halted.
    EL2HLT;
    /// Invalid exchange.
    EBADE;
    /// Invalid request descriptor.
    EBADR;
    /// Exchange full.
    EXFULL;
    /// No anode.
    ENOANO;
    /// Invalid request code.
    EBADRQC;
    /// Invalid slot.
    EBADSLT;
    /// Bad font file format.
    EBFONT;
    /// Device not a stream.
    ENOSTR;
    /// No data available.
    ENODATA;
    /// Timer expired.
    ETIME;
    /// Out of streams resources.
    ENOSR;
    /// Machine is not on the network.
    ENONET;
    /// Package not installed.
    ENOPKG;
    /// Object is remote.
    EREMOTE;
    /// Link has been severed.
    ENOLINK;
    /// Advertise error.
    EADV;
    /// Srmount error.
    ESRMNT;
    /// Communication error on send.
    ECOMM;
    /// Protocol error.
    EPROTO;
    /// Multihop attempted.
    EMULTIHOP;
    /// RFS specific error.
    EDOTDOT;
    /// Bad message.
    EBADMSG;
    /// Value too large for defined data type.
    EOVERFLOW;
    /// Name not unique on network.
    ENOTUNIQ;
    /// File descriptor in bad state.
    EBADFD;
    /// Remote address changed.
    EREMCHG;
    /// Can not access a needed shared library.
    ELIBACC;
    /// Accessing a corrupted shared library.
    ELIBBAD;
    /// .lib section in a.out corrupted.
    ELIBSCN;
    /// Attempting to link in too many shared libraries.
    ELIBMAX;
    /// Cannot exec a shared library directly.
    ELIBEXEC;
    /// Invalid or incomplete multibyte or wide character.
    EILSEQ;
    /// Interrupted system call should be restarted.
    ERESTART;
    /// Streams pipe error.
    ESTRPIPE;
    /// Too many users.
    EUSERS;
    /// Socket operation on non-socket.
    ENOTSOCK;
    /// Destination address required.
    EDESTADDRREQ;
    /// Message too long.
    EMSGSIZE;
    /// Protocol wrong type for socket.
    EPROTOTYPE;
    /// Protocol not available.
    ENOPROTOOPT;
    /// Protocol not supported.
    EPROTONOSUPPORT;
    /// Socket type not supported.
    ESOCKTNOSUPPORT;
    /// Operation not supported.
    EOPNOTSUPP;
    /// Protocol family not supported.
    EPFNOSUPPORT;
    /// Address family not supported by protocol.
    EAFNOSUPPORT;
    /// Address already in use.
    EADDRINUSE;
    /// Cannot assign requested address.
    EADDRNOTAVAIL;
    /// Network is down.
    ENETDOWN;
    /// Network is unreachable.
    ENETUNREACH;
    /// Network dropped connection on reset.
    ENETRESET;
    /// Software caused connection abort.
    ECONNABORTED;
    /// Connection reset by peer.
    ECONNRESET;
    /// No buffer space available.
    ENOBUFS;
    /// Transport endpoint is already connected.
    EISCONN;
    /// Transport endpoint is not connected.
    ENOTCONN;
    /// Cannot send after transport endpoint shutdown.
    ESHUTDOWN;
    /// Too many references: cannot splice.
    ETOOMANYREFS;
    /// Connection timed out.
    ETIMEDOUT;
    /// Connection refused.
    ECONNREFUSED;
    /// Host is down.
    EHOSTDOWN;
    /// No route to host.
    EHOSTUNREACH;
    /// Operation already in progress.
    EALREADY;
    /// Operation now in progress.
    EINPROGRESS;
    /// Stale file handle.
    ESTALE;
    /// Structure needs cleaning.
    EUCLEAN;
    /// Not a XENIX named type file.
    ENOTNAM;
    /// No XENIX semaphores available.
    ENAVAIL;
    /// Is a named type file.
    EISNAM;
    /// Remote I/O error.
    EREMOTEIO;
    /// Disk quota exceeded.
    EDQUOT;
    /// No medium found.
    ENOMEDIUM;
    /// Wrong medium type.
    EMEDIUMTYPE;
    /// Operation canceled.
    ECANCELED;
    /// Required key not available.
    ENOKEY;
    /// Key has expired.
    EKEYEXPIRED;
    /// Key has been revoked.
    EKEYREVOKED;
    /// Key was rejected by service.
    EKEYREJECTED;
    /// Owner died.
    EOWNERDEAD;
    /// State not recoverable.
    ENOTRECOVERABLE;
    /// Operation not possible due to RF-kill.
    ERFKILL;
    /// Memory page has hardware error.
    EHWPOISON;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_those_of_the_man_pages() {
        assert_eq!((Errno::ENOENT.number(), Errno::ENOENT.name()), (2, "ENOENT"));
        assert_eq!(Errno::EHWPOISON.result(), -133);
        assert_eq!(
            std::format!("{:?} {}", Errno::EAGAIN, Errno::ERESTARTSYS),
            "EAGAIN ERESTARTSYS"
        );
    }
}
