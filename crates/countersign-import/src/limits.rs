use std::time::Duration;

/// How long a fetch may take, and how much it may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that a name takes to be resolved; and again, that a connection takes to come
    /// about, TLS and all.
    pub connect_max: Duration,
    /// The longest that a server says nothing: before the head of its answer is whole, and between
    /// two pieces of the file.
    pub silence_max: Duration,
    /// The longest that all of it takes, redirects and all.
    pub total_max: Duration,
    /// So long the bytes may come as slowly as they like.
    pub slow_max: Duration,
    /// How many bytes have to come in a second after that, on the average.
    pub bytes_per_sec_min: u64,
    /// The most bytes of a file.
    pub bytes_max: u64,
}

impl Default for Limits {
    /// 5 s, 30 s, 10 min; 1 KiB a second after 30 s; 5 GiB, which is the most of one PUT.
    fn default() -> Self {
        Self {
            connect_max: Duration::from_secs(5),
            silence_max: Duration::from_secs(30),
            total_max: Duration::from_mins(10),
            slow_max: Duration::from_secs(30),
            bytes_per_sec_min: 1024,
            bytes_max: 5 * 1024 * 1024 * 1024,
        }
    }
}
