//! Connections: who is slow or silent does not keep one.

use std::{
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use anyhow::ensure;
use axum::{Router, http::Request};
use countersign_api::Client;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::client::TrustedProxies;

/// How long a client may take for the head of a request, from when it could have begun.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may send nothing, or take nothing of what is sent to it.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests that are under way may still take once the server is told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections at one time. The next ones wait in the queue of the system.
const CONNECTIONS_MAX: usize = 4_096;

/// Files that are open beside those of the connections: the catalog, folders, logs.
const FILES_RESERVED: u64 = 128;

const HEADERS_MAX: usize = 100;

/// In bytes: the longest head that is read.
const HEAD_LEN_MAX: usize = 32 * 1024;

/// Serves until a signal says to stop, and then until what is under way is done.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    proxies: TrustedProxies,
    stop: Stop,
) -> anyhow::Result<()> {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(connections_max()?));
    let (protocol, proxies) = (protocol(), Arc::new(proxies));
    let mut stop = pin!(stop.asked());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let proxies = Arc::clone(&proxies);
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            let client = proxies.client(peer, request.headers());
            request.extensions_mut().insert(Client(client));
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = protocol.serve_connection(impatient(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that went away or was given up is no news.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(slot);
        });
    }
    drop(listener);
    if timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
    Ok(())
}

/// How many connections the system has files for: each may need one for itself and one for its
/// object. Else strangers who say nothing could keep an upload from opening its file.
fn connections_max() -> anyhow::Result<usize> {
    let limit = getrlimit(Resource::Nofile);
    // Raised as far as it may be: the low default is for programs that use `select`.
    let raised = Rlimit { current: limit.maximum, ..limit };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    let files = limit.current.unwrap_or(u64::MAX).saturating_sub(FILES_RESERVED);
    let connections = usize::try_from(files / 2).unwrap_or(CONNECTIONS_MAX).min(CONNECTIONS_MAX);
    ensure!(connections > 0, "the limit of open files has to be over {FILES_RESERVED} (ulimit -n)");
    Ok(connections)
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer.ip(), slot)),
        Err(error) => {
            // Too many open files, mostly: it passes, and asking again at once does not help.
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(Duration::from_secs(1)).await;
            None
        }
    }
}

/// HTTP/1.1, with an end to patience.
fn protocol() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Else a read waits beside every answer, to learn whether the client is there still, and its
        // patience would cut off whatever takes longer than that to answer.
        .half_close(true)
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_LEN_MAX);
    builder
}

/// A stream that ends when nothing moves.
fn impatient(stream: TcpStream) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    // Answers are small, or come in large pieces: there is nothing to gather.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection gathers what it sends");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(READ_TIMEOUT));
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    TokioIo::new(Box::pin(stream))
}

/// The signals that ask for the end. Caught from when it is made: before that, they kill.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(super) fn catch() -> io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    /// Ends with the first of them.
    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
