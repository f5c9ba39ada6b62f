//! A server in a temporary folder, and a client for it that knows no more than HTTP/1.1.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

pub(crate) fn countersign() -> Command {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
}

/// A server that is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) origin: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Server {
    /// Starts a server on the folder, and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = countersign()
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let origin = line.trim().strip_prefix("Countersign is ready at ");
        let origin = origin.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, stdout, origin }
    }

    /// The key that a new installation prints.
    pub(crate) fn first_key(&mut self) -> String {
        let mut line = String::new();
        while !line.contains("csk_") {
            line.clear();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "no key was printed");
        }
        line.trim().rsplit(' ').next().unwrap().to_owned()
    }

    /// Ends the server as a power cut would end a process.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to end; the rest of what it printed.
    pub(crate) fn terminate(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Sends one request; `url` is whole, or a path of the API.
    pub(crate) fn send(
        &self,
        method: &str,
        url: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let target = url.strip_prefix(self.origin.as_str()).unwrap_or(url);
        let authority = self.origin.strip_prefix("http://").unwrap();
        let fields: String =
            fields.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
             Content-Length: {}\r\n{fields}\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(authority).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses the head need not wait for the body.
        let _refused_early = stream.write_all(body);
        read_answer(stream)
    }

    /// Calls the API.
    pub(crate) fn call(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[("X-API-Key", key)], body.as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

fn read_answer(mut stream: TcpStream) -> Answer {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = all.split_off(end + 4);
    let head = String::from_utf8(all).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body }
}
