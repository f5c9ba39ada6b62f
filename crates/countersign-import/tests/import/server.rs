//! Servers that answer what a test says, canaries that must hear nothing, and names that lead where
//! a test says.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use countersign_import::{FetchError, Fetcher, Guard, Limits, PlainHttp, Resolve};
use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Where the honest servers are: the one address that the tests allow.
pub(crate) const ALLOWED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What a server does with a connection, once the head of a request was read.
pub(crate) trait Serve:
    Fn(String, TcpStream) -> BoxFuture<'static, io::Result<()>> + Send + Sync + 'static
{
}

impl<F> Serve for F where
    F: Fn(String, TcpStream) -> BoxFuture<'static, io::Result<()>> + Send + Sync + 'static
{
}

/// A server on a port of its own. It ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn with(ip: IpAddr, serve: impl Serve) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        Self::on(listener, serve)
    }

    /// A canary at an address that may be taken.
    pub(crate) async fn at(address: (Ipv4Addr, u16)) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self::on(listener, |_, _| Box::pin(async { Ok(()) })))
    }

    fn on(listener: TcpListener, serve: impl Serve) -> Self {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, serve) = (Arc::clone(&connections), Arc::new(serve));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                tokio::spawn(async move {
                    let head = read_head(&mut stream).await?;
                    serve(head, stream).await
                });
            }
        });
        Self { address, connections }
    }

    /// Answers everybody the same, and closes the connection.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::with(ALLOWED.into(), move |_, mut stream| {
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                stream.write_all(&answer).await?;
                stream.shutdown().await
            })
        })
        .await
    }

    /// One that nobody may reach.
    pub(crate) async fn canary() -> Self {
        Self::with(Ipv4Addr::LOCALHOST.into(), |_, _| Box::pin(async { Ok(()) })).await
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A whole answer with a file.
pub(crate) fn file(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A resolver that answers one call after the other, and begins again.
#[derive(Debug)]
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    pub(crate) calls: AtomicUsize,
}

impl Names {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        let answers = answers.iter().map(parsed).collect();
        Arc::new(Self { answers, calls: AtomicUsize::new(0) })
    }

    /// Knows nobody.
    pub(crate) fn none() -> Arc<Self> {
        Self::new(&[&[]])
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[call % self.answers.len()].clone())
    }
}

/// As in the server, but for what the tests allow.
pub(crate) fn guard(names: Arc<Names>) -> Guard {
    let allowed = [ALLOWED.to_string().parse().unwrap()];
    Guard::new(names).with_http(PlainHttp::Allowed).danger_allow_private_addresses(&allowed)
}

/// Limits that a test can wait for.
pub(crate) fn limits() -> Limits {
    Limits {
        connect_max: Duration::from_secs(2),
        silence_max: Duration::from_secs(2),
        total_max: Duration::from_secs(20),
        slow_max: Duration::from_secs(20),
        bytes_per_sec_min: 1024,
        bytes_max: 1024 * 1024,
    }
}

pub(crate) fn fetcher(names: Arc<Names>, limits: Limits) -> Fetcher {
    Fetcher::new(guard(names), limits).unwrap()
}

/// All bytes of a file.
pub(crate) async fn fetch(fetcher: &Fetcher, url: &str) -> Result<Vec<u8>, FetchError> {
    let url = fetcher.guard().parse(url).map_err(FetchError::Redirect)?;
    let mut file = fetcher.fetch(&url).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = file.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
