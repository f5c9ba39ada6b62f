//! One connection, to an address that the guard has found: the only place that opens one.

use std::{io, net::SocketAddr, sync::Arc};

use http_body_util::Empty;
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::{Builder, SendRequest},
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Duration, Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{FetchError, ImportUrl, guard::Destination};

/// The longest head of an answer, in bytes, and the most of its headers.
const HEAD_LEN_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;

/// The most addresses that are tried.
const TRIES_MAX: usize = 4;

/// A connection for one request. Dropped, it is closed.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Empty<Bytes>>,
    /// Ends with it, at the latest.
    _driver: JoinSet<()>,
}

/// Connects to one of the addresses, in their order; who hangs may not take the time of the rest.
pub(crate) async fn connect(
    url: &ImportUrl,
    destination: &Destination,
    tls: &Arc<ClientConfig>,
    connect_max: Duration,
) -> Result<Connection, FetchError> {
    let ends_at = Instant::now() + connect_max;
    let tried = destination.addresses().iter().take(TRIES_MAX);
    let mut left = u32::try_from(tried.len()).unwrap_or(u32::MAX);
    let mut failure = FetchError::Unreachable(io::ErrorKind::AddrNotAvailable.into());
    for address in tried {
        let now = Instant::now();
        let share = ends_at.saturating_duration_since(now) / left;
        match timeout_at(now + share, open(url, *address, tls)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => failure = error,
            Err(_elapsed) => failure = FetchError::Unreachable(io::ErrorKind::TimedOut.into()),
        }
        left -= 1;
    }
    Err(failure)
}

async fn open(
    url: &ImportUrl,
    address: SocketAddr,
    tls: &Arc<ClientConfig>,
) -> Result<Connection, FetchError> {
    let stream = TcpStream::connect(address).await.map_err(FetchError::Unreachable)?;
    if !url.is_https() {
        return shake_hands(TokioIo::new(stream)).await;
    }
    // A host that is an IPv6 address has brackets, and the name of a server has none.
    let host = url.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| untrusted(io::Error::other(error)))?;
    let connector = TlsConnector::from(Arc::clone(tls));
    let stream = connector.connect(name, stream).await.map_err(untrusted)?;
    shake_hands(TokioIo::new(stream)).await
}

fn untrusted(error: io::Error) -> FetchError {
    match error.kind() {
        // So rustls says what is wrong with a handshake; everything else is the network's.
        io::ErrorKind::InvalidData | io::ErrorKind::Other => FetchError::Untrusted(error),
        _ => FetchError::Unreachable(error),
    }
}

async fn shake_hands(
    stream: impl Read + Write + Send + Unpin + 'static,
) -> Result<Connection, FetchError> {
    let mut builder = Builder::new();
    let shaken =
        builder.max_buf_size(HEAD_LEN_MAX).max_headers(HEADERS_MAX).handshake(stream).await;
    let (sender, connection) = shaken.map_err(|error| FetchError::Malformed(error.into()))?;
    let mut driver = JoinSet::new();
    // What goes wrong is told to whoever waits for the answer, or for the bytes.
    driver.spawn(async { drop(connection.await) });
    Ok(Connection { sender, _driver: driver })
}

/// The request for a URL.
pub(crate) fn request(url: &ImportUrl) -> Result<Request<Empty<Bytes>>, FetchError> {
    let request = Request::get(url.target())
        .header("host", url.authority())
        .header("user-agent", concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .header("accept", "*/*")
        .header("accept-encoding", "identity")
        .header("connection", "close")
        .body(Empty::new());
    request.map_err(|error| FetchError::Malformed(error.into()))
}
