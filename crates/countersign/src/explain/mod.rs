//! Says why a request is refused: for everybody who ever fought `SignatureDoesNotMatch`.
//!
//! A signature that does not match says nothing of why. Whoever has the secret can find out: there
//! are a few hundred things that clients, proxies, shells and mails do to a request, and for each of
//! them the signature can be computed as it would be without. If one agrees with the signature that
//! was presented, that is no guess but a proof. Without the secret, what the server says it computed
//! does nearly as well, for S3 says it in its answer.
//!
//! [`Explainer::explain`] has an example. It is a tool for whoever owns the key and looks into one
//! request. A server answers with what [`Verifier`](crate::Verifier) says and nothing of this: what
//! is behind a refusal is nobody else's business, and the search costs thousands of hashes.

mod cause;
mod code;
mod draft;
mod explanation;
mod headers;
mod hosts;
mod investigation;
mod keys;
mod normalise;
mod paths;
mod queries;
mod received;
mod redact;
mod render;
mod repair;
mod search;
mod sentence;
mod server;

use core::fmt;

pub use self::{
    cause::{
        Cause, HeaderChange, HostChange, Mangling, ParameterChange, PathChange, SecretFault, Sides,
        StringToSignLine, TokenFault,
    },
    explanation::{Answer, Evidence, Explanation, Finding, SignatureState, Stage, Verdict},
    server::ServerText,
};
use self::{investigation::Investigation, received::Fields};
use crate::{Credentials, Headers, Region, RequestHead, Service, Skew, Timestamp};

/// Explains requests to one server: what it stands for, and what is known beside the request.
///
/// Its `Debug` shows neither credentials nor what the server said.
#[derive(Clone)]
pub struct Explainer<'e> {
    region: Region<'e>,
    service: Service<'e>,
    skew: Skew,
    credentials: Option<&'e Credentials>,
    server: ServerText<'e>,
    hosts: &'e [&'e str],
}

impl<'e> Explainer<'e> {
    /// Explains what a server would say that stands for this region and service, and whose clock is
    /// up to 900 s behind.
    #[must_use]
    pub fn new(region: Region<'e>, service: Service<'e>) -> Self {
        Self {
            region,
            service,
            skew: Skew::default(),
            credentials: None,
            server: ServerText::default(),
            hosts: &[],
        }
    }

    /// Gives the key that the request was, or should have been, signed with.
    #[must_use]
    pub const fn with_credentials(mut self, credentials: &'e Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Gives what the server says it computed.
    #[must_use]
    pub const fn with_server_text(mut self, text: ServerText<'e>) -> Self {
        self.server = text;
        self
    }

    /// Gives other hosts under which the server is known, with their ports. The first 32 are tried.
    #[must_use]
    pub const fn with_hosts(mut self, hosts: &'e [&'e str]) -> Self {
        self.hosts = hosts;
        self
    }

    /// Takes another clock skew.
    #[must_use]
    pub const fn with_skew(mut self, skew: Skew) -> Self {
        self.skew = skew;
        self
    }

    /// Says why a request is refused.
    ///
    /// First it is read, checked and verified as a server does it. Where that fails, each fault
    /// that stands in the request is named, as if those before it were none. Then the signature is
    /// looked at: whether it is right, or would be, had one thing or two been left as they were.
    ///
    /// ```
    /// use countersign::{
    ///     Credentials, Region, RequestHead, SecretKey, Service, Timestamp,
    ///     explain::{Explainer, Evidence},
    /// };
    ///
    /// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
    /// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
    /// let explainer =
    ///     Explainer::new(Region::new("us-east-1")?, Service::S3).with_credentials(&credentials);
    ///
    /// // A proxy sends the port on that the client left out.
    /// let head = RequestHead {
    ///     method: "GET",
    ///     target: "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
    ///         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    ///         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    ///         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    ///     headers: &[("Host", "examplebucket.s3.amazonaws.com:443")],
    /// };
    /// let explanation = explainer.explain(&head, Timestamp::parse("20130524T120000Z")?);
    /// let finding = explanation.findings().first().ok_or("nothing was found")?;
    /// assert_eq!(finding.cause.code(), "host_port");
    /// assert_eq!(finding.evidence, Evidence::Proven);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain<H: Headers + ?Sized>(
        &self,
        head: &RequestHead<'_, H>,
        now: Timestamp,
    ) -> Explanation {
        const HEADERS_MAX: usize = 101;
        // One more than are read, so that too many are still too many.
        let headers = Fields(head.headers.fields().take(HEADERS_MAX).collect());
        let head = RequestHead { method: head.method, target: head.target, headers: &headers };
        Investigation::new(self, now).run(&head)
    }
}

impl fmt::Debug for Explainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explainer")
            .field("region", &self.region)
            .field("service", &self.service)
            .field("skew", &self.skew)
            .finish_non_exhaustive()
    }
}
