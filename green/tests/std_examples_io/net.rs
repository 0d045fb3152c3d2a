//! Examples of the documentation of std 1.95 for `std::net`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred. Those that std only compiles are only compiled.

fn tcp_tcpstream_1() {
    use threadbare::io::prelude::*;
    use threadbare::net::TcpStream;

    fn main() -> threadbare::io::Result<()> {
        let mut stream = TcpStream::connect("127.0.0.1:34254")?;

        stream.write(&[1])?;
        stream.read(&mut [0; 128])?;
        Ok(())
    } // the stream is closed here
}

fn tcp_tcplistener_1() {
    use threadbare::net::{TcpListener, TcpStream};

    fn handle_client(stream: TcpStream) {
        // ...
    }

    fn main() -> threadbare::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:80")?;

        // accept connections and process them serially
        for stream in listener.incoming() {
            handle_client(stream?);
        }
        Ok(())
    }
}

fn tcp_tcpstream_connect_1() {
    use threadbare::net::TcpStream;

    if let Ok(stream) = TcpStream::connect("127.0.0.1:8080") {
        println!("Connected to the server!");
    } else {
        println!("Couldn't connect to server...");
    }
}

fn tcp_tcpstream_connect_2() {
    use threadbare::net::{SocketAddr, TcpStream};

    let addrs = [
        SocketAddr::from(([127, 0, 0, 1], 8080)),
        SocketAddr::from(([127, 0, 0, 1], 8081)),
    ];
    if let Ok(stream) = TcpStream::connect(&addrs[..]) {
        println!("Connected to the server!");
    } else {
        println!("Couldn't connect to server...");
    }
}

fn tcp_tcpstream_peer_addr_1() {
    use threadbare::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    assert_eq!(
        stream.peer_addr().unwrap(),
        SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 8080))
    );
}

fn tcp_tcpstream_local_addr_1() {
    use threadbare::net::{IpAddr, Ipv4Addr, TcpStream};

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    assert_eq!(
        stream.local_addr().unwrap().ip(),
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1))
    );
}

fn tcp_tcpstream_shutdown_1() {
    use threadbare::net::{Shutdown, TcpStream};

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.shutdown(Shutdown::Both).expect("shutdown call failed");
}

fn tcp_tcpstream_try_clone_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    let stream_clone = stream.try_clone().expect("clone failed...");
}

fn tcp_tcpstream_set_read_timeout_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream
        .set_read_timeout(None)
        .expect("set_read_timeout call failed");
}

fn tcp_tcpstream_set_read_timeout_2() {
    use threadbare::io;
    use threadbare::net::TcpStream;
    use threadbare::time::Duration;

    let stream = TcpStream::connect("127.0.0.1:8080").unwrap();
    let result = stream.set_read_timeout(Some(Duration::new(0, 0)));
    let err = result.unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::InvalidInput)
}

fn tcp_tcpstream_set_write_timeout_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream
        .set_write_timeout(None)
        .expect("set_write_timeout call failed");
}

fn tcp_tcpstream_set_write_timeout_2() {
    use threadbare::io;
    use threadbare::net::TcpStream;
    use threadbare::time::Duration;

    let stream = TcpStream::connect("127.0.0.1:8080").unwrap();
    let result = stream.set_write_timeout(Some(Duration::new(0, 0)));
    let err = result.unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::InvalidInput)
}

fn tcp_tcpstream_read_timeout_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream
        .set_read_timeout(None)
        .expect("set_read_timeout call failed");
    assert_eq!(stream.read_timeout().unwrap(), None);
}

fn tcp_tcpstream_write_timeout_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream
        .set_write_timeout(None)
        .expect("set_write_timeout call failed");
    assert_eq!(stream.write_timeout().unwrap(), None);
}

fn tcp_tcpstream_peek_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8000").expect("Couldn't connect to the server...");
    let mut buf = [0; 10];
    let len = stream.peek(&mut buf).expect("peek failed");
}

fn tcp_tcpstream_set_nodelay_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_nodelay(true).expect("set_nodelay call failed");
}

fn tcp_tcpstream_nodelay_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_nodelay(true).expect("set_nodelay call failed");
    assert_eq!(stream.nodelay().unwrap_or(false), true);
}

fn tcp_tcpstream_set_ttl_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_ttl(100).expect("set_ttl call failed");
}

fn tcp_tcpstream_ttl_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.set_ttl(100).expect("set_ttl call failed");
    assert_eq!(stream.ttl().unwrap_or(0), 100);
}

fn tcp_tcpstream_take_error_1() {
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:8080").expect("Couldn't connect to the server...");
    stream.take_error().expect("No error was expected...");
}

fn tcp_tcpstream_set_nonblocking_1() {
    use threadbare::io::{self, Read};
    use threadbare::net::TcpStream;

    let mut stream = TcpStream::connect("127.0.0.1:7878").expect("Couldn't connect to the server...");
    stream.set_nonblocking(true).expect("set_nonblocking call failed");

    fn wait_for_fd() {
        unimplemented!()
    }
    let mut buf = vec![];
    loop {
        match stream.read_to_end(&mut buf) {
            Ok(_) => break,
            Err(ref e) if e.kind() == io::ErrorKind::WouldBlock => {
                // wait until network socket is ready, typically implemented
                // via platform-specific APIs such as epoll or IOCP
                wait_for_fd();
            }
            Err(e) => panic!("encountered IO error: {e}"),
        };
    }
    println!("bytes: {buf:?}");
}

fn tcp_tcplistener_bind_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:80").unwrap();
}

fn tcp_tcplistener_bind_2() {
    use threadbare::net::{SocketAddr, TcpListener};

    let addrs = [
        SocketAddr::from(([127, 0, 0, 1], 80)),
        SocketAddr::from(([127, 0, 0, 1], 443)),
    ];
    let listener = TcpListener::bind(&addrs[..]).unwrap();
}

fn tcp_tcplistener_bind_3() {
    use threadbare::net::TcpListener;

    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
}

fn tcp_tcplistener_local_addr_1() {
    use threadbare::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};

    let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
    assert_eq!(
        listener.local_addr().unwrap(),
        SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 8080))
    );
}

fn tcp_tcplistener_try_clone_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
    let listener_clone = listener.try_clone().unwrap();
}

fn tcp_tcplistener_accept_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
    match listener.accept() {
        Ok((_socket, addr)) => println!("new client: {addr:?}"),
        Err(e) => println!("couldn't get client: {e:?}"),
    }
}

fn tcp_tcplistener_incoming_1() {
    use threadbare::net::{TcpListener, TcpStream};

    fn handle_connection(stream: TcpStream) {
        //...
    }

    fn main() -> threadbare::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:80")?;

        for stream in listener.incoming() {
            match stream {
                Ok(stream) => {
                    handle_connection(stream);
                }
                Err(e) => { /* connection failed */ }
            }
        }
        Ok(())
    }
}

fn tcp_tcplistener_set_ttl_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:80").unwrap();
    listener.set_ttl(100).expect("could not set TTL");
}

fn tcp_tcplistener_ttl_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:80").unwrap();
    listener.set_ttl(100).expect("could not set TTL");
    assert_eq!(listener.ttl().unwrap_or(0), 100);
}

fn tcp_tcplistener_take_error_1() {
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:80").unwrap();
    listener.take_error().expect("No error was expected");
}

fn tcp_tcplistener_set_nonblocking_1() {
    use threadbare::io;
    use threadbare::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    listener.set_nonblocking(true).expect("Cannot set non-blocking");

    fn wait_for_fd() {
        unimplemented!()
    }
    fn handle_connection(stream: threadbare::net::TcpStream) {
        unimplemented!()
    }
    for stream in listener.incoming() {
        match stream {
            Ok(s) => {
                // do something with the TcpStream
                handle_connection(s);
            }
            Err(ref e) if e.kind() == io::ErrorKind::WouldBlock => {
                // wait until network socket is ready, typically implemented
                // via platform-specific APIs such as epoll or IOCP
                wait_for_fd();
                continue;
            }
            Err(e) => panic!("encountered IO error: {e}"),
        }
    }
}

fn udp_udpsocket_1() {
    use threadbare::net::UdpSocket;

    fn main() -> threadbare::io::Result<()> {
        {
            let socket = UdpSocket::bind("127.0.0.1:34254")?;

            // Receives a single datagram message on the socket. If `buf` is too small to hold
            // the message, it will be cut off.
            let mut buf = [0; 10];
            let (amt, src) = socket.recv_from(&mut buf)?;

            // Redeclare `buf` as slice of the received data and send reverse data back to origin.
            let buf = &mut buf[..amt];
            buf.reverse();
            socket.send_to(buf, &src)?;
        } // the socket is closed here
        Ok(())
    }
}

fn udp_udpsocket_bind_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:3400").expect("couldn't bind to address");
}

fn udp_udpsocket_bind_2() {
    use threadbare::net::{SocketAddr, UdpSocket};

    let addrs = [
        SocketAddr::from(([127, 0, 0, 1], 3400)),
        SocketAddr::from(([127, 0, 0, 1], 3401)),
    ];
    let socket = UdpSocket::bind(&addrs[..]).expect("couldn't bind to address");
}

fn udp_udpsocket_bind_3() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
}

fn udp_udpsocket_recv_from_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    let mut buf = [0; 10];
    let (number_of_bytes, src_addr) = socket.recv_from(&mut buf).expect("Didn't receive data");
    let filled_buf = &mut buf[..number_of_bytes];
}

fn udp_udpsocket_peek_from_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    let mut buf = [0; 10];
    let (number_of_bytes, src_addr) = socket.peek_from(&mut buf).expect("Didn't receive data");
    let filled_buf = &mut buf[..number_of_bytes];
}

fn udp_udpsocket_send_to_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .send_to(&[0; 10], "127.0.0.1:4242")
        .expect("couldn't send data");
}

fn udp_udpsocket_peer_addr_1() {
    use threadbare::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .connect("192.168.0.1:41203")
        .expect("couldn't connect to address");
    assert_eq!(
        socket.peer_addr().unwrap(),
        SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 168, 0, 1), 41203))
    );
}

fn udp_udpsocket_peer_addr_2() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    assert_eq!(
        socket.peer_addr().unwrap_err().kind(),
        threadbare::io::ErrorKind::NotConnected
    );
}

fn udp_udpsocket_local_addr_1() {
    use threadbare::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    assert_eq!(
        socket.local_addr().unwrap(),
        SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 34254))
    );
}

fn udp_udpsocket_try_clone_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    let socket_clone = socket.try_clone().expect("couldn't clone the socket");
}

fn udp_udpsocket_set_read_timeout_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_read_timeout(None)
        .expect("set_read_timeout call failed");
}

fn udp_udpsocket_set_read_timeout_2() {
    use threadbare::io;
    use threadbare::net::UdpSocket;
    use threadbare::time::Duration;

    let socket = UdpSocket::bind("127.0.0.1:34254").unwrap();
    let result = socket.set_read_timeout(Some(Duration::new(0, 0)));
    let err = result.unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::InvalidInput)
}

fn udp_udpsocket_set_write_timeout_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_write_timeout(None)
        .expect("set_write_timeout call failed");
}

fn udp_udpsocket_set_write_timeout_2() {
    use threadbare::io;
    use threadbare::net::UdpSocket;
    use threadbare::time::Duration;

    let socket = UdpSocket::bind("127.0.0.1:34254").unwrap();
    let result = socket.set_write_timeout(Some(Duration::new(0, 0)));
    let err = result.unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::InvalidInput)
}

fn udp_udpsocket_read_timeout_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_read_timeout(None)
        .expect("set_read_timeout call failed");
    assert_eq!(socket.read_timeout().unwrap(), None);
}

fn udp_udpsocket_write_timeout_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_write_timeout(None)
        .expect("set_write_timeout call failed");
    assert_eq!(socket.write_timeout().unwrap(), None);
}

fn udp_udpsocket_set_broadcast_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.set_broadcast(false).expect("set_broadcast call failed");
}

fn udp_udpsocket_broadcast_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.set_broadcast(false).expect("set_broadcast call failed");
    assert_eq!(socket.broadcast().unwrap(), false);
}

fn udp_udpsocket_set_multicast_loop_v4_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_loop_v4(false)
        .expect("set_multicast_loop_v4 call failed");
}

fn udp_udpsocket_multicast_loop_v4_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_loop_v4(false)
        .expect("set_multicast_loop_v4 call failed");
    assert_eq!(socket.multicast_loop_v4().unwrap(), false);
}

fn udp_udpsocket_set_multicast_ttl_v4_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_ttl_v4(42)
        .expect("set_multicast_ttl_v4 call failed");
}

fn udp_udpsocket_multicast_ttl_v4_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_ttl_v4(42)
        .expect("set_multicast_ttl_v4 call failed");
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 42);
}

fn udp_udpsocket_set_multicast_loop_v6_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_loop_v6(false)
        .expect("set_multicast_loop_v6 call failed");
}

fn udp_udpsocket_multicast_loop_v6_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket
        .set_multicast_loop_v6(false)
        .expect("set_multicast_loop_v6 call failed");
    assert_eq!(socket.multicast_loop_v6().unwrap(), false);
}

fn udp_udpsocket_set_ttl_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.set_ttl(42).expect("set_ttl call failed");
}

fn udp_udpsocket_ttl_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.set_ttl(42).expect("set_ttl call failed");
    assert_eq!(socket.ttl().unwrap(), 42);
}

fn udp_udpsocket_take_error_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    match socket.take_error() {
        Ok(Some(error)) => println!("UdpSocket error: {error:?}"),
        Ok(None) => println!("No error"),
        Err(error) => println!("UdpSocket.take_error failed: {error:?}"),
    }
}

fn udp_udpsocket_connect_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:3400").expect("couldn't bind to address");
    socket.connect("127.0.0.1:8080").expect("connect function failed");
}

fn udp_udpsocket_send_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.connect("127.0.0.1:8080").expect("connect function failed");
    socket.send(&[0, 1, 2]).expect("couldn't send message");
}

fn udp_udpsocket_recv_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.connect("127.0.0.1:8080").expect("connect function failed");
    let mut buf = [0; 10];
    match socket.recv(&mut buf) {
        Ok(received) => println!("received {received} bytes {:?}", &buf[..received]),
        Err(e) => println!("recv function failed: {e:?}"),
    }
}

fn udp_udpsocket_peek_1() {
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:34254").expect("couldn't bind to address");
    socket.connect("127.0.0.1:8080").expect("connect function failed");
    let mut buf = [0; 10];
    match socket.peek(&mut buf) {
        Ok(received) => println!("received {received} bytes"),
        Err(e) => println!("peek function failed: {e:?}"),
    }
}

fn udp_udpsocket_set_nonblocking_1() {
    use threadbare::io;
    use threadbare::net::UdpSocket;

    let socket = UdpSocket::bind("127.0.0.1:7878").unwrap();
    socket.set_nonblocking(true).unwrap();

    fn wait_for_fd() {
        unimplemented!()
    }
    let mut buf = [0; 10];
    let (num_bytes_read, _) = loop {
        match socket.recv_from(&mut buf) {
            Ok(n) => break n,
            Err(ref e) if e.kind() == io::ErrorKind::WouldBlock => {
                // wait until network socket is ready, typically implemented
                // via platform-specific APIs such as epoll or IOCP
                wait_for_fd();
            }
            Err(e) => panic!("encountered IO error: {e}"),
        }
    };
    println!("bytes: {:?}", &buf[..num_bytes_read]);
}

#[test]
fn socket_addr_tosocketaddrs_1() {
    super::in_a_green_thread(|| {
        use threadbare::net::{SocketAddr, ToSocketAddrs};

        let addr = SocketAddr::from(([127, 0, 0, 1], 443));
        let mut addrs_iter = addr.to_socket_addrs().unwrap();

        assert_eq!(Some(addr), addrs_iter.next());
        assert!(addrs_iter.next().is_none());
    });
}

fn socket_addr_tosocketaddrs_2() {
    use threadbare::net::{SocketAddr, ToSocketAddrs};

    // assuming 'localhost' resolves to 127.0.0.1
    let mut addrs_iter = "localhost:443".to_socket_addrs().unwrap();
    assert_eq!(addrs_iter.next(), Some(SocketAddr::from(([127, 0, 0, 1], 443))));
    assert!(addrs_iter.next().is_none());

    // assuming 'foo' does not resolve
    assert!("foo:443".to_socket_addrs().is_err());
}

#[test]
fn socket_addr_tosocketaddrs_3() {
    super::in_a_green_thread(|| {
        use threadbare::net::{SocketAddr, ToSocketAddrs};

        let addr1 = SocketAddr::from(([0, 0, 0, 0], 80));
        let addr2 = SocketAddr::from(([127, 0, 0, 1], 443));
        let addrs = vec![addr1, addr2];

        let mut addrs_iter = (&addrs[..]).to_socket_addrs().unwrap();

        assert_eq!(Some(addr1), addrs_iter.next());
        assert_eq!(Some(addr2), addrs_iter.next());
        assert!(addrs_iter.next().is_none());
    });
}

#[test]
fn socket_addr_tosocketaddrs_4() {
    super::in_a_green_thread(|| {
        use threadbare::io;
        use threadbare::net::ToSocketAddrs;

        let err = "127.0.0.1".to_socket_addrs().unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::InvalidInput);
    });
}

fn socket_addr_tosocketaddrs_5() {
    use threadbare::net::{Ipv4Addr, TcpStream};

    let stream = TcpStream::connect(("127.0.0.1", 443));
    // or
    let stream = TcpStream::connect("127.0.0.1:443");
    // or
    let stream = TcpStream::connect((Ipv4Addr::new(127, 0, 0, 1), 443));
}

#[test]
fn unix_addr_socketaddr_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixListener;

        let socket = match UnixListener::bind("/tmp/sock") {
            Ok(sock) => sock,
            Err(e) => {
                println!("Couldn't bind: {e:?}");
                return;
            }
        };
        let addr = socket.local_addr().expect("Couldn't get local address");
    });
}

#[test]
fn unix_addr_socketaddr_from_pathname_1() {
    super::in_a_green_thread(|| {
        use std::path::Path;
        use threadbare::os::unix::net::SocketAddr;

        fn main() -> threadbare::io::Result<()> {
            let address = SocketAddr::from_pathname("/path/to/socket")?;
            assert_eq!(address.as_pathname(), Some(Path::new("/path/to/socket")));
            Ok(())
        }
        super::finish(main());
    });
}

#[test]
fn unix_addr_socketaddr_from_pathname_2() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::SocketAddr;

        assert!(SocketAddr::from_pathname("/path/with/\0/bytes").is_err());
    });
}

fn unix_addr_socketaddr_is_unnamed_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixListener::bind("/tmp/sock")?;
        let addr = socket.local_addr().expect("Couldn't get local address");
        assert_eq!(addr.is_unnamed(), false);
        Ok(())
    }
}

#[test]
fn unix_addr_socketaddr_is_unnamed_2() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;

        fn main() -> threadbare::io::Result<()> {
            let socket = UnixDatagram::unbound()?;
            let addr = socket.local_addr().expect("Couldn't get local address");
            assert_eq!(addr.is_unnamed(), true);
            Ok(())
        }
        super::finish(main());
    });
}

fn unix_addr_socketaddr_as_pathname_1() {
    use std::path::Path;
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixListener::bind("/tmp/sock")?;
        let addr = socket.local_addr().expect("Couldn't get local address");
        assert_eq!(addr.as_pathname(), Some(Path::new("/tmp/sock")));
        Ok(())
    }
}

#[test]
fn unix_addr_socketaddr_as_pathname_2() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;

        fn main() -> threadbare::io::Result<()> {
            let socket = UnixDatagram::unbound()?;
            let addr = socket.local_addr().expect("Couldn't get local address");
            assert_eq!(addr.as_pathname(), None);
            Ok(())
        }
        super::finish(main());
    });
}

fn unix_stream_unixstream_1() {
    use threadbare::io::prelude::*;
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let mut stream = UnixStream::connect("/path/to/my/socket")?;
        stream.write_all(b"hello world")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        println!("{response}");
        Ok(())
    }
}

fn unix_stream_unixstream_connect_1() {
    use threadbare::os::unix::net::UnixStream;

    let socket = match UnixStream::connect("/tmp/sock") {
        Ok(sock) => sock,
        Err(e) => {
            println!("Couldn't connect: {e:?}");
            return;
        }
    };
}

fn unix_stream_unixstream_connect_addr_1() {
    use threadbare::os::unix::net::{UnixListener, UnixStream};

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;
        let addr = listener.local_addr()?;

        let sock = match UnixStream::connect_addr(&addr) {
            Ok(sock) => sock,
            Err(e) => {
                println!("Couldn't connect: {e:?}");
                return Err(e);
            }
        };
        Ok(())
    }
}

fn unix_stream_unixstream_pair_1() {
    use threadbare::os::unix::net::UnixStream;

    let (sock1, sock2) = match UnixStream::pair() {
        Ok((sock1, sock2)) => (sock1, sock2),
        Err(e) => {
            println!("Couldn't create a pair of sockets: {e:?}");
            return;
        }
    };
}

fn unix_stream_unixstream_try_clone_1() {
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        let sock_copy = socket.try_clone().expect("Couldn't clone socket");
        Ok(())
    }
}

fn unix_stream_unixstream_local_addr_1() {
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        let addr = socket.local_addr().expect("Couldn't get local address");
        Ok(())
    }
}

fn unix_stream_unixstream_peer_addr_1() {
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        let addr = socket.peer_addr().expect("Couldn't get peer address");
        Ok(())
    }
}

fn unix_stream_unixstream_set_read_timeout_1() {
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket
            .set_read_timeout(Some(Duration::new(1, 0)))
            .expect("Couldn't set read timeout");
        Ok(())
    }
}

fn unix_stream_unixstream_set_read_timeout_2() {
    use threadbare::io;
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        let result = socket.set_read_timeout(Some(Duration::new(0, 0)));
        let err = result.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::InvalidInput);
        Ok(())
    }
}

fn unix_stream_unixstream_set_write_timeout_1() {
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket
            .set_write_timeout(Some(Duration::new(1, 0)))
            .expect("Couldn't set write timeout");
        Ok(())
    }
}

fn unix_stream_unixstream_set_write_timeout_2() {
    use threadbare::io;
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        let result = socket.set_write_timeout(Some(Duration::new(0, 0)));
        let err = result.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::InvalidInput);
        Ok(())
    }
}

fn unix_stream_unixstream_read_timeout_1() {
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket
            .set_read_timeout(Some(Duration::new(1, 0)))
            .expect("Couldn't set read timeout");
        assert_eq!(socket.read_timeout()?, Some(Duration::new(1, 0)));
        Ok(())
    }
}

fn unix_stream_unixstream_write_timeout_1() {
    use threadbare::os::unix::net::UnixStream;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket
            .set_write_timeout(Some(Duration::new(1, 0)))
            .expect("Couldn't set write timeout");
        assert_eq!(socket.write_timeout()?, Some(Duration::new(1, 0)));
        Ok(())
    }
}

fn unix_stream_unixstream_set_nonblocking_1() {
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket.set_nonblocking(true).expect("Couldn't set nonblocking");
        Ok(())
    }
}

fn unix_stream_unixstream_take_error_1() {
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        if let Ok(Some(err)) = socket.take_error() {
            println!("Got error: {err:?}");
        }
        Ok(())
    }
}

fn unix_stream_unixstream_shutdown_1() {
    use threadbare::net::Shutdown;
    use threadbare::os::unix::net::UnixStream;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixStream::connect("/tmp/sock")?;
        socket.shutdown(Shutdown::Both).expect("shutdown function failed");
        Ok(())
    }
}

fn unix_listener_unixlistener_1() {
    use threadbare::os::unix::net::{UnixListener, UnixStream};
    use threadbare::thread;

    fn handle_client(stream: UnixStream) {
        // ...
    }

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;

        // accept connections and process them, spawning a new thread for each one
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => {
                    /* connection succeeded */
                    thread::spawn(|| handle_client(stream));
                }
                Err(err) => {
                    /* connection failed */
                    break;
                }
            }
        }
        Ok(())
    }
}

fn unix_listener_unixlistener_bind_1() {
    use threadbare::os::unix::net::UnixListener;

    let listener = match UnixListener::bind("/path/to/the/socket") {
        Ok(sock) => sock,
        Err(e) => {
            println!("Couldn't connect: {e:?}");
            return;
        }
    };
}

fn unix_listener_unixlistener_bind_addr_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener1 = UnixListener::bind("path/to/socket")?;
        let addr = listener1.local_addr()?;

        let listener2 = match UnixListener::bind_addr(&addr) {
            Ok(sock) => sock,
            Err(err) => {
                println!("Couldn't bind: {err:?}");
                return Err(err);
            }
        };
        Ok(())
    }
}

fn unix_listener_unixlistener_accept_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;

        match listener.accept() {
            Ok((socket, addr)) => println!("Got a client: {addr:?}"),
            Err(e) => println!("accept function failed: {e:?}"),
        }
        Ok(())
    }
}

fn unix_listener_unixlistener_try_clone_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;
        let listener_copy = listener.try_clone().expect("try_clone failed");
        Ok(())
    }
}

fn unix_listener_unixlistener_local_addr_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;
        let addr = listener.local_addr().expect("Couldn't get local address");
        Ok(())
    }
}

fn unix_listener_unixlistener_set_nonblocking_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;
        listener.set_nonblocking(true).expect("Couldn't set non blocking");
        Ok(())
    }
}

fn unix_listener_unixlistener_take_error_1() {
    use threadbare::os::unix::net::UnixListener;

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/tmp/sock")?;

        if let Ok(Some(err)) = listener.take_error() {
            println!("Got error: {err:?}");
        }
        Ok(())
    }
}

fn unix_listener_unixlistener_incoming_1() {
    use threadbare::os::unix::net::{UnixListener, UnixStream};
    use threadbare::thread;

    fn handle_client(stream: UnixStream) {
        // ...
    }

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;

        for stream in listener.incoming() {
            match stream {
                Ok(stream) => {
                    thread::spawn(|| handle_client(stream));
                }
                Err(err) => {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn unix_listener_incoming_1() {
    use threadbare::os::unix::net::{UnixListener, UnixStream};
    use threadbare::thread;

    fn handle_client(stream: UnixStream) {
        // ...
    }

    fn main() -> threadbare::io::Result<()> {
        let listener = UnixListener::bind("/path/to/the/socket")?;

        for stream in listener.incoming() {
            match stream {
                Ok(stream) => {
                    thread::spawn(|| handle_client(stream));
                }
                Err(err) => {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn unix_datagram_unixdatagram_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixDatagram::bind("/path/to/my/socket")?;
        socket.send_to(b"hello world", "/path/to/other/socket")?;
        let mut buf = [0; 100];
        let (count, address) = socket.recv_from(&mut buf)?;
        println!("socket {:?} sent {:?}", address, &buf[..count]);
        Ok(())
    }
}

fn unix_datagram_unixdatagram_bind_1() {
    use threadbare::os::unix::net::UnixDatagram;

    let sock = match UnixDatagram::bind("/path/to/the/socket") {
        Ok(sock) => sock,
        Err(e) => {
            println!("Couldn't bind: {e:?}");
            return;
        }
    };
}

fn unix_datagram_unixdatagram_bind_addr_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock1 = UnixDatagram::bind("path/to/socket")?;
        let addr = sock1.local_addr()?;

        let sock2 = match UnixDatagram::bind_addr(&addr) {
            Ok(sock) => sock,
            Err(err) => {
                println!("Couldn't bind: {err:?}");
                return Err(err);
            }
        };
        Ok(())
    }
}

fn unix_datagram_unixdatagram_unbound_1() {
    use threadbare::os::unix::net::UnixDatagram;

    let sock = match UnixDatagram::unbound() {
        Ok(sock) => sock,
        Err(e) => {
            println!("Couldn't unbound: {e:?}");
            return;
        }
    };
}

fn unix_datagram_unixdatagram_pair_1() {
    use threadbare::os::unix::net::UnixDatagram;

    let (sock1, sock2) = match UnixDatagram::pair() {
        Ok((sock1, sock2)) => (sock1, sock2),
        Err(e) => {
            println!("Couldn't unbound: {e:?}");
            return;
        }
    };
}

fn unix_datagram_unixdatagram_connect_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        match sock.connect("/path/to/the/socket") {
            Ok(sock) => sock,
            Err(e) => {
                println!("Couldn't connect: {e:?}");
                return Err(e);
            }
        };
        Ok(())
    }
}

fn unix_datagram_unixdatagram_connect_addr_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let bound = UnixDatagram::bind("/path/to/socket")?;
        let addr = bound.local_addr()?;

        let sock = UnixDatagram::unbound()?;
        match sock.connect_addr(&addr) {
            Ok(sock) => sock,
            Err(e) => {
                println!("Couldn't connect: {e:?}");
                return Err(e);
            }
        };
        Ok(())
    }
}

fn unix_datagram_unixdatagram_try_clone_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::bind("/path/to/the/socket")?;
        let sock_copy = sock.try_clone().expect("try_clone failed");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_local_addr_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::bind("/path/to/the/socket")?;
        let addr = sock.local_addr().expect("Couldn't get local address");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_peer_addr_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        sock.connect("/path/to/the/socket")?;

        let addr = sock.peer_addr().expect("Couldn't get peer address");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_recv_from_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        let mut buf = vec![0; 10];
        let (size, sender) = sock.recv_from(buf.as_mut_slice())?;
        println!("received {size} bytes from {sender:?}");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_recv_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::bind("/path/to/the/socket")?;
        let mut buf = vec![0; 10];
        sock.recv(buf.as_mut_slice()).expect("recv function failed");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_send_to_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        sock.send_to(b"omelette au fromage", "/some/sock")
            .expect("send_to function failed");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_send_to_addr_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let bound = UnixDatagram::bind("/path/to/socket")?;
        let addr = bound.local_addr()?;

        let sock = UnixDatagram::unbound()?;
        sock.send_to_addr(b"bacon egg and cheese", &addr)
            .expect("send_to_addr function failed");
        Ok(())
    }
}

fn unix_datagram_unixdatagram_send_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        sock.connect("/some/sock").expect("Couldn't connect");
        sock.send(b"omelette au fromage")
            .expect("send_to function failed");
        Ok(())
    }
}

#[test]
fn unix_datagram_unixdatagram_set_read_timeout_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;
        use threadbare::time::Duration;

        fn main() -> threadbare::io::Result<()> {
            let sock = UnixDatagram::unbound()?;
            sock.set_read_timeout(Some(Duration::new(1, 0)))
                .expect("set_read_timeout function failed");
            Ok(())
        }
        super::finish(main());
    });
}

fn unix_datagram_unixdatagram_set_read_timeout_2() {
    use threadbare::io;
    use threadbare::os::unix::net::UnixDatagram;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        let result = socket.set_read_timeout(Some(Duration::new(0, 0)));
        let err = result.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::InvalidInput);
        Ok(())
    }
}

#[test]
fn unix_datagram_unixdatagram_set_write_timeout_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;
        use threadbare::time::Duration;

        fn main() -> threadbare::io::Result<()> {
            let sock = UnixDatagram::unbound()?;
            sock.set_write_timeout(Some(Duration::new(1, 0)))
                .expect("set_write_timeout function failed");
            Ok(())
        }
        super::finish(main());
    });
}

fn unix_datagram_unixdatagram_set_write_timeout_2() {
    use threadbare::io;
    use threadbare::os::unix::net::UnixDatagram;
    use threadbare::time::Duration;

    fn main() -> threadbare::io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        let result = socket.set_write_timeout(Some(Duration::new(0, 0)));
        let err = result.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::InvalidInput);
        Ok(())
    }
}

#[test]
fn unix_datagram_unixdatagram_read_timeout_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;
        use threadbare::time::Duration;

        fn main() -> threadbare::io::Result<()> {
            let sock = UnixDatagram::unbound()?;
            sock.set_read_timeout(Some(Duration::new(1, 0)))
                .expect("set_read_timeout function failed");
            assert_eq!(sock.read_timeout()?, Some(Duration::new(1, 0)));
            Ok(())
        }
        super::finish(main());
    });
}

#[test]
fn unix_datagram_unixdatagram_write_timeout_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;
        use threadbare::time::Duration;

        fn main() -> threadbare::io::Result<()> {
            let sock = UnixDatagram::unbound()?;
            sock.set_write_timeout(Some(Duration::new(1, 0)))
                .expect("set_write_timeout function failed");
            assert_eq!(sock.write_timeout()?, Some(Duration::new(1, 0)));
            Ok(())
        }
        super::finish(main());
    });
}

#[test]
fn unix_datagram_unixdatagram_set_nonblocking_1() {
    super::in_a_green_thread(|| {
        use threadbare::os::unix::net::UnixDatagram;

        fn main() -> threadbare::io::Result<()> {
            let sock = UnixDatagram::unbound()?;
            sock.set_nonblocking(true)
                .expect("set_nonblocking function failed");
            Ok(())
        }
        super::finish(main());
    });
}

fn unix_datagram_unixdatagram_take_error_1() {
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        if let Ok(Some(err)) = sock.take_error() {
            println!("Got error: {err:?}");
        }
        Ok(())
    }
}

fn unix_datagram_unixdatagram_shutdown_1() {
    use threadbare::net::Shutdown;
    use threadbare::os::unix::net::UnixDatagram;

    fn main() -> threadbare::io::Result<()> {
        let sock = UnixDatagram::unbound()?;
        sock.shutdown(Shutdown::Both).expect("shutdown function failed");
        Ok(())
    }
}
