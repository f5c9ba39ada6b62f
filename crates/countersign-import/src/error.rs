//! Every reason for which nothing is fetched, as typed values. None of them has a URL in it, or what
//! a server said.

use std::{error::Error, io, time::Duration};

/// Why a URL is not fetched, as far as it alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// It has more bytes than any URL has to have.
    #[error("it is longer than {len_max} bytes")]
    TooLong {
        /// What it may have.
        len_max: usize,
    },
    /// It is no URL, or one that is read differently by different readers.
    #[error("it is no url")]
    Malformed,
    /// It is of another scheme than `https` and, where that is allowed, `http`.
    #[error("it does not begin with https://")]
    Scheme,
    /// It has a user name or a password.
    #[error("it has a user name or a password")]
    Userinfo,
    /// It has another port than that of its scheme.
    #[error("it has a port that is not its scheme's own")]
    Port,
    /// It leads to the server that is to fetch it.
    #[error("it leads to this server")]
    OwnHost,
    /// Its host is an address that is not public.
    #[error("its host has no public address")]
    NotPublic,
}

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The name of the host is unknown, or not all of its addresses are public: whoever asks does not
    /// learn which, for names are a network's own, too.
    #[error("the host has no public address")]
    NotPublic,
    /// No connection came about.
    #[error("the server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// The server is not known to be the one that was meant.
    #[error("the server has no certificate that is trusted")]
    Untrusted(#[source] io::Error),
    /// The server said nothing for a long time.
    #[error("the server said nothing for {} s", .waited.as_secs())]
    Silent {
        /// For how long.
        waited: Duration,
    },
    /// The bytes come slower than a client's have to.
    #[error("the server sends fewer than {bytes_per_sec_min} bytes a second")]
    TooSlow {
        /// What it has to send.
        bytes_per_sec_min: u64,
    },
    /// The whole of it took too long.
    #[error("it was not there after {} s", .total_max.as_secs())]
    TooLate {
        /// How long it may take.
        total_max: Duration,
    },
    /// What came is no HTTP, or has a longer head than any answer has to have.
    #[error("the server does not answer as it has to")]
    Malformed(#[source] Box<dyn Error + Send + Sync>),
    /// The server did not answer with a file.
    #[error("the server answered with status {status}")]
    Status {
        /// With what instead.
        status: u16,
    },
    /// The server sent us elsewhere, to a URL that is not fetched.
    #[error("the server redirects to a url that is not fetched: {0}")]
    Redirect(UrlFault),
    /// The server sent us from `https` to `http`.
    #[error("the server redirects from https to http")]
    Downgrade,
    /// The server sent us elsewhere once too often.
    #[error("there are more than {redirects_max} redirects")]
    TooManyRedirects {
        /// How many are followed.
        redirects_max: u32,
    },
    /// The bytes are packed, though it was asked for plain ones.
    #[error("the server sends an encoded file, though it was asked for a plain one")]
    Encoded,
    /// Nobody could tell a file that broke off from a whole one.
    #[error("the server does not say how long the file is")]
    NoLength,
    /// The file has more bytes than are taken.
    #[error("the file has more than {bytes_max} bytes")]
    TooLarge {
        /// How many are taken.
        bytes_max: u64,
    },
    /// The bytes ended before the file did.
    #[error("the file broke off")]
    BrokenOff(#[source] Box<dyn Error + Send + Sync>),
}

/// Why nothing can be fetched at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The certificates that are to be trusted are none.
    #[error("the certificates to trust are none in PEM")]
    RootCertificates,
    /// What is to be our own host is no URL with a host.
    #[error("what is to be our own is no url with a host")]
    OwnHost,
}
