//! Examples of the documentation of std 1.95 for `std::os`, with the imports changed and nothing else.

fn linux_tcpstreamext_set_quickack_1() {
    use threadbare::net::TcpStream;
    #[cfg(target_os = "linux")]
    use threadbare::os::linux::net::TcpStreamExt;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_quickack(true).expect("set_quickack call failed");
}

fn linux_tcpstreamext_quickack_1() {
    use threadbare::net::TcpStream;
    #[cfg(target_os = "linux")]
    use threadbare::os::linux::net::TcpStreamExt;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_quickack(true).expect("set_quickack call failed");
    assert_eq!(stream.quickack().unwrap_or(false), true);
}

fn linux_socketaddrext_from_abstract_name_1() {
    #[cfg(target_os = "linux")]
    use threadbare::os::linux::net::SocketAddrExt;
    use threadbare::os::unix::net::{SocketAddr, UnixListener};

    fn main() -> threadbare::io::Result<()> {
        let addr = SocketAddr::from_abstract_name(b"hidden")?;
        let listener = match UnixListener::bind_addr(&addr) {
            Ok(sock) => sock,
            Err(err) => {
                println!("Couldn't bind: {err:?}");
                return Err(err);
            }
        };
        Ok(())
    }
}

fn linux_socketaddrext_as_abstract_name_1() {
    #[cfg(target_os = "linux")]
    use threadbare::os::linux::net::SocketAddrExt;
    use threadbare::os::unix::net::{SocketAddr, UnixListener};

    fn main() -> threadbare::io::Result<()> {
        let name = b"hidden";
        let name_addr = SocketAddr::from_abstract_name(name)?;
        let socket = UnixListener::bind_addr(&name_addr)?;
        let local_addr = socket.local_addr().expect("Couldn't get local address");
        assert_eq!(local_addr.as_abstract_name(), Some(&name[..]));
        Ok(())
    }
}

fn fd_asfd_as_fd_1() {
    let run = || {
        use threadbare::fs::File;
        use threadbare::io;
        #[cfg(any(unix, target_os = "wasi"))]
        use threadbare::os::fd::{AsFd, BorrowedFd};

        let mut f = File::open("foo.txt")?;
        #[cfg(any(unix, target_os = "wasi"))]
        let borrowed_fd: BorrowedFd<'_> = f.as_fd();
        Ok::<(), io::Error>(())
    };
    let _ = run;
}

mod fd_asfd_for_arc_1 {
    use threadbare::net::UdpSocket;
    #[cfg(unix)]
    use threadbare::os::unix::io::AsFd;
    use threadbare::sync::Arc;

    trait MyTrait: AsFd {}
    impl MyTrait for Arc<UdpSocket> {}
    impl MyTrait for Box<UdpSocket> {}
}

fn fd_asrawfd_as_raw_fd_1() {
    let run = || {
        use threadbare::fs::File;
        use threadbare::io;
        #[cfg(any(unix, target_os = "wasi"))]
        use threadbare::os::fd::{AsRawFd, RawFd};

        let mut f = File::open("foo.txt")?;
        // Note that `raw_fd` is only valid as long as `f` exists.
        #[cfg(any(unix, target_os = "wasi"))]
        let raw_fd: RawFd = f.as_raw_fd();
        Ok::<(), io::Error>(())
    };
    let _ = run;
}

fn fd_fromrawfd_from_raw_fd_1() {
    let run = || {
        use threadbare::fs::File;
        use threadbare::io;
        #[cfg(any(unix, target_os = "wasi"))]
        use threadbare::os::fd::{FromRawFd, IntoRawFd, RawFd};

        let f = File::open("foo.txt")?;
        #[cfg(any(unix, target_os = "wasi"))]
        let raw_fd: RawFd = f.into_raw_fd();
        // SAFETY: no other functions should call `from_raw_fd`, so there
        // is only one owner for the file descriptor.
        #[cfg(any(unix, target_os = "wasi"))]
        let f = unsafe { File::from_raw_fd(raw_fd) };
        Ok::<(), io::Error>(())
    };
    let _ = run;
}

fn fd_intorawfd_into_raw_fd_1() {
    let run = || {
        use threadbare::fs::File;
        use threadbare::io;
        #[cfg(any(unix, target_os = "wasi"))]
        use threadbare::os::fd::{IntoRawFd, RawFd};

        let f = File::open("foo.txt")?;
        #[cfg(any(unix, target_os = "wasi"))]
        let raw_fd: RawFd = f.into_raw_fd();
        Ok::<(), io::Error>(())
    };
    let _ = run;
}

mod fd_asrawfd_for_arc_1 {
    use threadbare::net::UdpSocket;
    #[cfg(unix)]
    use threadbare::os::unix::io::AsRawFd;
    use threadbare::sync::Arc;

    trait MyTrait: AsRawFd {}
    impl MyTrait for Arc<UdpSocket> {}
    impl MyTrait for Box<UdpSocket> {}
}
