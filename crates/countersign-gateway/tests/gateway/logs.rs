//! What is logged: a failure of ours once, and never a query. L-02.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use countersign_storage::StoreError;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    broken::{Broken, End},
    client::{Call, Sign},
    world::World,
};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// All that is logged from the first call on, by all tests.
pub(crate) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        // Of a thread of its own it misses what another thread came by first.
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    })
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_query_is_logged() {
    let log = log();
    let why = || StoreError::Backend { source: "the disk is gone".into() };
    let world = World::over(Broken::over(World::new().backend, why, End::Error));
    let put = Sign::new("PUT", "path-canary").query(&[("x-id", "query-canary")]);
    let calls = [
        put.clone().sign().body("abc"),
        put.clone().sign().body("abc").header("authorization", "AWS4-HMAC-SHA256 header-canary"),
        put.clone().sign().body("abc").target(|it| it.replace("/path", "/other-path")),
        put.sign().body("abc").target(|it| it.replace("us-east-1", "a%0Aforged%20line")),
        Call::get("path-canary"),
    ];
    let mut ids = Vec::new();
    for call in &calls {
        ids.push(call.send(&world).await.header("x-amz-request-id").to_owned());
    }

    let text = log.text();
    for id in ids {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(&id)).collect();
        assert!(matches!(&lines[..], [line] if line.contains("path-canary")), "{lines:?}");
    }
    assert_eq!(text.matches("the disk is gone").count(), 2, "{text}");
    for secret in ["query-canary", "header-canary", "X-Amz-", "\nforged"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
