//! A proxy that spoils requests to a store: some before the store sees them, some after.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The store is not asked, and this is answered: status, code.
    Refused(u16, &'static str),
    /// The store is not asked, and the connection breaks.
    Reset,
    /// The store is not asked, and nothing is answered.
    Hang,
    /// The store does it, and this is answered: status, code.
    DoneAndRefused(u16, &'static str),
    /// The store does it, and the connection breaks.
    DoneAndReset,
    /// The store does it, and nothing is answered.
    DoneAndHang,
    /// The store does it, and half of the answer comes.
    Truncated,
    /// The store does it, and the answer comes byte by byte, too slowly ever to end.
    Trickle,
    /// The store does it, and the answer comes in pieces, with pauses.
    Slow,
    /// The store does it, and answers that it is done with an error in the body.
    ErrorInside,
    /// The store does it, and answers with another tag.
    WrongTag,
    /// The store does it, and answers with a page of something else.
    Garbage,
    /// The store does it, and what is answered never ends.
    Endless,
    /// The store is not asked, and the client is sent elsewhere.
    Redirect,
    /// The store is not asked, and says that the signature is wrong, with all that was signed.
    Telltale,
    /// The store is not asked, and says what time it is.
    Skewed,
}

/// What is spoilt: the request of this number, from 1, or all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    None,
    Only(u32),
    All,
}

pub(crate) struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

struct State {
    fault: Fault,
    which: Which,
    /// Requests since the last plan: methods and targets.
    seen: Vec<String>,
}

impl Proxy {
    pub(crate) async fn start(store: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fault, which, seen) = (Fault::Reset, Which::None, Vec::new());
        let state = Arc::new(Mutex::new(State { fault, which, seen }));
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (store, state) = (store.clone(), Arc::clone(&shared));
                tokio::spawn(async move { serve(socket, &store, &state).await });
            }
        });
        Self { port, state, accepting }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn plan(&self, fault: Fault, which: Which) {
        *self.state.lock().unwrap() = State { fault, which, seen: Vec::new() };
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request per connection.
async fn serve(mut client: TcpStream, store: &str, state: &Mutex<State>) {
    let Some((head, body)) = request(&mut client).await else { return };
    let fault = {
        let mut state = state.lock().unwrap();
        state.seen.push(head.lines().next().unwrap_or_default().to_owned());
        let number = u32::try_from(state.seen.len()).unwrap();
        let is_spoilt = match state.which {
            Which::None => false,
            Which::Only(only) => only == number,
            Which::All => true,
        };
        is_spoilt.then_some(state.fault)
    };
    let before = match fault {
        Some(Fault::Refused(status, code)) => Some(error(status, code, "")),
        Some(Fault::Redirect) => Some(
            "HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".into(),
        ),
        Some(Fault::Telltale) => Some(error(
            403,
            "SignatureDoesNotMatch",
            &format!("<StringToSign>{head}</StringToSign>"),
        )),
        Some(Fault::Skewed) => Some(error(403, "RequestTimeTooSkewed", "")),
        Some(Fault::Reset) => return reset(&client),
        Some(Fault::Hang) => return sleep(Duration::from_secs(30)).await,
        _ => None,
    };
    if let Some(answer) = before {
        return send(&mut client, answer.as_bytes()).await;
    }
    let answer = asked(store, &head, &body).await;
    let (end, is_head) = (head_end(&answer), head.starts_with("HEAD "));
    match fault {
        None => send(&mut client, &answer).await,
        Some(Fault::DoneAndRefused(status, code)) => {
            send(&mut client, error(status, code, "").as_bytes()).await;
        }
        Some(Fault::DoneAndReset) => reset(&client),
        Some(Fault::DoneAndHang) => sleep(Duration::from_secs(30)).await,
        Some(Fault::Truncated) => {
            let len = if end < answer.len() { usize::midpoint(end, answer.len()) } else { end / 2 };
            send(&mut client, &answer[..len]).await;
        }
        Some(Fault::Trickle) => {
            for byte in answer.chunks(1) {
                send(&mut client, byte).await;
                sleep(Duration::from_millis(100)).await;
            }
        }
        Some(Fault::Slow) => {
            for piece in answer.chunks(answer.len().div_ceil(4)) {
                send(&mut client, piece).await;
                sleep(Duration::from_millis(20)).await;
            }
        }
        Some(Fault::ErrorInside) => {
            let error = error(200, "InternalError", "");
            let error = if is_head {
                error.split_once("\r\n\r\n").unwrap().0.to_owned() + "\r\n\r\n"
            } else {
                error
            };
            send(&mut client, error.as_bytes()).await;
        }
        Some(Fault::WrongTag) => send(&mut client, &with_another_tag(&answer)).await,
        Some(Fault::Garbage) => {
            send(&mut client, b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n<html>no<").await;
        }
        Some(Fault::Endless) => {
            send(&mut client, b"HTTP/1.1 200 x\r\n\r\n<Error>").await;
            while client.write_all(&vec![b' '; 65_536]).await.is_ok() {}
        }
        Some(other) => unreachable!("{other:?}"),
    }
}

async fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    while head_end(&bytes) == bytes.len() {
        let mut more = vec![0; 65_536];
        let len = client.read(&mut more).await.ok().filter(|len| *len > 0)?;
        bytes.extend_from_slice(&more[..len]);
        if head_end(&bytes) < bytes.len() || bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let mut body = bytes.split_off(head_end(&bytes));
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    while body.len() < length.unwrap_or(0) {
        let mut more = vec![0; 65_536];
        let len = client.read(&mut more).await.ok().filter(|len| *len > 0)?;
        body.extend_from_slice(&more[..len]);
    }
    Some((head, body))
}

/// What the store answers, all of it.
async fn asked(store: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut upstream = TcpStream::connect(store.strip_prefix("http://").unwrap()).await.unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap();
    let head = format!("{line}\r\nConnection: close\r\n{rest}");
    upstream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.unwrap();
    answer
}

fn head_end(message: &[u8]) -> usize {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n");
    end.map_or(message.len(), |end| end + 4)
}

fn error(status: u16, code: &str, more: &str) -> String {
    let xml = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code>{more}</Error>");
    let date = "Sun, 22 Nov 2026 00:00:00 GMT";
    let len = xml.len();
    format!(
        "HTTP/1.1 {status} x\r\nDate: {date}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{xml}"
    )
}

fn with_another_tag(answer: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = answer.to_vec();
    let hex = |byte: &u8| byte.is_ascii_hexdigit();
    // Any 32 hex digits in a row are a tag.
    let mut changed = text;
    let mut start = 0;
    while start + 32 <= changed.len() {
        if changed[start..start + 32].iter().all(hex) {
            changed[start..start + 32].fill(b'0');
            start += 32;
        }
        start += 1;
    }
    changed
}

async fn send(client: &mut TcpStream, bytes: &[u8]) {
    // The client may have gone away.
    let _ = client.write_all(bytes).await;
    let _ = client.flush().await;
}

fn reset(client: &TcpStream) {
    // Gone with what was not read, so the other side learns of it at once.
    let _ = client.set_zero_linger();
}
