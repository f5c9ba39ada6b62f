//! Secrets that are looked for in all that is said.

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use countersign_storage::StoreError;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::server::SECRET;

pub(crate) const TOKEN: &str = "CANARYTOKENCANARYTOKEN";

/// What nobody says: the secret, the token, what a signed header is made of, an address.
const UNSAID: [&str; 6] =
    [SECRET, TOKEN, "Signature=", "X-Amz-Signature", "AWS4-HMAC-SHA256", "http://127"];

/// An error, and all that caused it, in both of the ways in which it may be written.
pub(crate) fn assert_says_nothing(error: &StoreError, case: &str) {
    let mut texts = vec![format!("{error:?}")];
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    for text in &texts {
        for unsaid in UNSAID {
            assert!(!text.contains(unsaid), "{case}: {unsaid} in {text}");
        }
    }
}

/// All that was logged since the first call, by anybody in this process.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<Vec<u8>>>);

pub(crate) fn logs() -> Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    let logs = LOGS.get_or_init(|| {
        let logs = Logs::default();
        // The store in this process logs what it receives, and is not what is tested.
        let targets = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_targets([("s3s", LevelFilter::OFF), ("s3s_fs", LevelFilter::OFF)]);
        let layer = fmt::layer().with_ansi(false).with_writer(logs.clone());
        tracing_subscriber::registry().with(layer.with_filter(targets)).init();
        logs
    });
    logs.clone()
}

impl Logs {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn assert_say_nothing(&self) {
        let text = String::from_utf8_lossy(&self.bytes()).into_owned();
        assert!(text.contains("a request to the store failed in passing"), "nothing was logged");
        for line in text.lines().filter(|line| line.contains("countersign_storage")) {
            for unsaid in UNSAID {
                assert!(!line.contains(unsaid), "{unsaid} in {line}");
            }
        }
        // Whatever others log of a request, it is not what it is signed with.
        for unsaid in [SECRET, TOKEN] {
            let line = text.lines().find(|line| line.contains(unsaid));
            assert_eq!(line, None, "{unsaid} was logged");
        }
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logs {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
