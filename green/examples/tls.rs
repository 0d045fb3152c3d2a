//! TLS on green threads: rustls' blocking stream over our sockets, as over std's. A server with a certificate of its own making, and
//! clients that trust it.

use std::io::{Read, Write};

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use threadbare::net::{SocketAddr, TcpListener, TcpStream};
use threadbare::sync::Arc;
use threadbare::thread;

const CLIENTS: usize = 20;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Result<(), Failure> {
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut request = [0; 5];
    stream.read_exact(&mut request)?;
    let answer = String::from_utf8(request.to_vec())?.to_uppercase();
    stream.write_all(answer.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}

fn ask(address: SocketAddr, config: Arc<ClientConfig>) -> Result<String, Failure> {
    let name = ServerName::try_from("localhost")?;
    let stream = TcpStream::connect(address)?;
    let mut stream = StreamOwned::new(ClientConnection::new(config, name)?, stream);
    stream.write_all(b"hello")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn main() -> Result<(), Failure> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    let server = Arc::new(server);
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Arc::new(client);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let server = Arc::clone(&server);
            thread::spawn(move || serve(stream, server));
        }
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let client = Arc::clone(&client);
            thread::spawn(move || ask(address, client))
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().expect("no panic")?, "HELLO");
    }
    println!("{CLIENTS} clients were answered over TLS");
    Ok(())
}
