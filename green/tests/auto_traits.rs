//! Which types are `Send`, `Sync`, `Unpin`, `UnwindSafe` and `RefUnwindSafe`: the same as std's of the same name, each checked
//! against std's itself.

use std::cell::{Cell, RefCell};
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

/// Whether a type has a trait, as a value: an inherent constant where it has, the trait's default where it has not.
macro_rules! has {
    ($type:ty: $trait:path) => {{
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "one of the two is chosen")]
        trait Without {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Without for Probe<T> {}
        #[allow(dead_code, reason = "one of the two is chosen")]
        impl<T: ?Sized + $trait> Probe<T> {
            const HAS: bool = true;
        }
        Probe::<$type>::HAS
    }};
}

/// The row of one type.
macro_rules! row {
    ($type:ty) => {
        [
            has!($type: Send),
            has!($type: Sync),
            has!($type: Unpin),
            has!($type: UnwindSafe),
            has!($type: RefUnwindSafe),
        ]
    };
}

/// Compares the types of both crates with each parameter.
macro_rules! same {
    ($path:tt; $($name:ident),+; $parameters:tt) => {
        $(same!(@name $path $name $parameters);)+
    };
    (@name $path:tt $name:ident [$($parameter:ty),+]) => {
        $(same!(@one $path $name $parameter);)+
    };
    (@one [$($path:ident)::+] $name:ident $parameter:ty) => {
        assert_eq!(
            row!(threadbare::$($path)::+::$name<$parameter>),
            row!(std::$($path)::+::$name<$parameter>),
            "{}<{}>", stringify!($name), stringify!($parameter)
        );
    };
}

/// As `same`, for guards, which have a lifetime.
macro_rules! same_guard {
    ($($name:ident),+; $parameters:tt) => {
        $(same_guard!(@name $name $parameters);)+
    };
    (@name $name:ident [$($parameter:ty),+]) => {
        $(assert_eq!(
            row!(threadbare::sync::$name<'static, $parameter>),
            row!(std::sync::$name<'static, $parameter>),
            "{}<{}>", stringify!($name), stringify!($parameter)
        );)+
    };
}

type Parameters = (
    u32,
    Cell<u32>,
    Rc<u32>,
    std::sync::MutexGuard<'static, u32>,
    PhantomPinned,
);

#[test]
fn the_probe_tells_traits_apart() {
    assert_eq!(row!(u32), [true, true, true, true, true]);
    assert_eq!(row!(Rc<u32>)[..2], [false, false]);
    assert_eq!(row!(Cell<u32>)[..2], [true, false]);
    assert!(!has!(Parameters: Send));
}

#[test]
fn sync_types_have_std_s_auto_traits() {
    same!([sync]; Mutex, RwLock, OnceLock, LazyLock;
        [u32, Cell<u32>, Rc<u32>, RefCell<u32>, std::sync::MutexGuard<'static, u32>, PhantomPinned, *const u8]);
    assert_eq!(row!(threadbare::sync::Once), row!(std::sync::Once));
    assert_eq!(row!(threadbare::sync::OnceState), row!(std::sync::OnceState));
    assert_eq!(row!(threadbare::sync::Condvar), row!(std::sync::Condvar));
    assert_eq!(row!(threadbare::sync::Barrier), row!(std::sync::Barrier));
    assert_eq!(
        row!(threadbare::sync::BarrierWaitResult),
        row!(std::sync::BarrierWaitResult)
    );
    assert_eq!(
        row!(threadbare::sync::WaitTimeoutResult),
        row!(std::sync::WaitTimeoutResult)
    );
}

#[test]
fn guards_have_std_s_auto_traits() {
    same_guard!(MutexGuard, RwLockReadGuard, RwLockWriteGuard;
        [u32, Cell<u32>, Rc<u32>, std::sync::MutexGuard<'static, u32>]);
}

#[test]
fn channel_types_have_std_s_auto_traits() {
    same!([sync::mpsc]; Sender, SyncSender, Receiver, IntoIter, SendError, TrySendError;
        [u32, Cell<u32>, Rc<u32>, std::sync::MutexGuard<'static, u32>]);
}

#[test]
fn thread_types_have_std_s_auto_traits() {
    same!([thread]; JoinHandle; [u32, Cell<u32>, Rc<u32>]);
    assert_eq!(row!(threadbare::thread::Thread), row!(std::thread::Thread));
    assert_eq!(row!(threadbare::thread::ThreadId), row!(std::thread::ThreadId));
    assert_eq!(row!(threadbare::thread::Builder), row!(std::thread::Builder));
    assert_eq!(
        row!(threadbare::thread::Scope<'static, 'static>),
        row!(std::thread::Scope<'static, 'static>)
    );
    assert_eq!(
        row!(threadbare::thread::ScopedJoinHandle<'static, u32>),
        row!(std::thread::ScopedJoinHandle<'static, u32>)
    );
}

/// Compares types without parameters.
macro_rules! same_plain {
    ($path:tt; $($name:ident),+) => {
        $(same_plain!(@one $path $name);)+
    };
    (@one [$($path:ident)::+] $name:ident) => {
        assert_eq!(
            row!(threadbare::$($path)::+::$name),
            row!(std::$($path)::+::$name),
            stringify!($name)
        );
    };
}

#[test]
fn sockets_files_and_children_have_std_s_auto_traits() {
    same_plain!([net]; TcpListener, TcpStream, UdpSocket);
    same_plain!([os::unix::net]; UnixListener, UnixStream, UnixDatagram);
    same_plain!([fs]; File, OpenOptions, DirBuilder, DirEntry, ReadDir);
    same_plain!([io]; PipeReader, PipeWriter, Stdin);
    same_plain!([process]; Child, ChildStdin, ChildStdout, ChildStderr);
    // std's command may hold what `pre_exec` was given.
    same_plain!([process]; Command);
    assert_eq!(
        row!(threadbare::net::Incoming<'static>),
        row!(std::net::Incoming<'static>)
    );
    assert_eq!(
        row!(threadbare::os::unix::net::Incoming<'static>),
        row!(std::os::unix::net::Incoming<'static>)
    );
    assert_eq!(
        row!(threadbare::io::StdinLock<'static>),
        row!(std::io::StdinLock<'static>)
    );
}
