use alloc::boxed::Box;

use crate::{Date, ParseError};

/// Why a request is refused, as far as it can be told.
///
/// No text in it has the secret, a session token or a signature: they are cut out before a cause is
/// made.
///
/// ```
/// use countersign::explain::Cause;
///
/// assert_eq!(Cause::Expired { secs: 5 }.code(), "expired");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The request is not signed at all.
    Anonymous,
    /// It is signed with Signature Version 2.
    SignatureV2,
    /// It is signed in its header and its query.
    TwoMechanisms,
    /// The URL was changed as a text: by a page, a mail, a shell.
    Mangled(Mangling),
    /// The URL ends too early.
    CutOff {
        /// How many digits of the signature there are; `None` where there is no signature.
        signature_digits: Option<usize>,
    },
    /// The claim cannot be read.
    Unreadable(ParseError),
    /// It is signed for a time to come.
    SignedAhead {
        /// How far the clock of the signer is ahead.
        secs: u64,
    },
    /// It is signed in its header, and that too long ago.
    SignedBehind {
        /// How long ago it was signed.
        secs: u64,
    },
    /// Its time is over.
    Expired {
        /// For how long it is.
        secs: u64,
    },
    /// `X-Amz-Expires` is over the maximum.
    LifetimeTooLong {
        /// What it says.
        secs: u64,
    },
    /// It is signed for another region.
    Region {
        /// What the server stands for.
        expected: Box<str>,
        /// What the credential says.
        got: Box<str>,
    },
    /// It is signed for another service.
    Service {
        /// What the server stands for.
        expected: Box<str>,
        /// What the credential says.
        got: Box<str>,
    },
    /// The credential does not end in `aws4_request`.
    Terminator,
    /// The day of the credential is not that of the signing time.
    Day {
        /// The day of the credential.
        credential: Date,
        /// The day of the signing time.
        signed_at: Date,
    },
    /// The list of signed headers lacks `host`.
    HostNotSigned,
    /// A header is there that has to be signed, and is not.
    HeaderNotSigned {
        /// Its name.
        name: Box<str>,
    },
    /// It is signed with another key than the one that was given.
    AccessKeyId {
        /// That of the given key.
        expected: Box<str>,
        /// What the credential says.
        got: Box<str>,
    },
    /// The secret stands where the access key id belongs, and so in the URL.
    SecretAsAccessKeyId,
    /// Something about the session token.
    Token(TokenFault),
    /// Another secret than the one that was given.
    Secret(SecretFault),
    /// Another method.
    Method(Sides),
    /// Another host or port.
    Host {
        /// How they differ.
        how: HostChange,
        /// The two hosts.
        sides: Sides,
    },
    /// Another path, or another spelling of it.
    Path {
        /// How they differ.
        how: PathChange,
        /// The two paths.
        sides: Sides,
    },
    /// Another query parameter, or another spelling of it.
    Parameter {
        /// How they differ.
        how: ParameterChange,
        /// Its name.
        name: Box<str>,
        /// The two values.
        sides: Sides,
    },
    /// The parameters were signed as they stand, neither sorted nor encoded anew.
    QueryAsReceived,
    /// Another value of a signed header.
    Header {
        /// How they differ.
        how: HeaderChange,
        /// Its name.
        name: Box<str>,
        /// The two values.
        sides: Sides,
    },
    /// Other headers are signed than the request lists.
    SignedHeaders(Sides),
    /// Another rule of what is signed of the body.
    Payload(Sides),
    /// A line of the string to sign, where the canonical request is not known.
    StringToSign {
        /// Which one.
        line: StringToSignLine,
        /// The two lines.
        sides: Sides,
    },
    /// What the server says is longer than is read, and was passed over.
    ServerTextTooLong,
    /// Nothing that was tried makes the signature right; nothing is tried where the headers have
    /// more than 8,192 bytes.
    NotFound,
}

/// What was signed, and what was received in its place. `None` where there is no such thing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sides {
    /// What the signature covers.
    pub signed: Option<Box<str>>,
    /// What the request has.
    pub received: Option<Box<str>>,
}

/// How the text of a URL gets spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mangling {
    /// `&amp;` for `&`, as in the source of a page.
    HtmlEscaped,
    /// `\u0026` for `&`, as in a JSON text.
    JsonEscaped,
    /// `=3D` for `=`, as in the source of a mail.
    QuotedPrintable,
    /// `%252F` for `%2F`, or `%3F` for `?`.
    EncodedTwice,
    /// Spaces or line breaks within.
    WhiteSpace,
    /// Something behind the signature.
    Appended,
    /// A `#`, from which on a client sends nothing.
    Fragment,
    /// The digits of the signature in upper case.
    UpperCaseSignature,
    /// The names of the parameters in another case.
    ParameterNames,
}

/// What is wrong with a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// The credentials are temporary, and the request has no token.
    Absent,
    /// The request has a token, and the credentials that were given have none.
    Unexpected,
    /// The request has another token than the credentials.
    Changed,
    /// The token was added after signing.
    NotSigned,
    /// The token was taken away after signing.
    Removed,
}

/// What is wrong with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretFault {
    /// White space around it, on one side.
    WhiteSpace,
    /// Quotes around it, on one side.
    Quoted,
    /// Percent-encoded, on one side.
    Encoded,
    /// It is another one.
    Other,
}

/// How two hosts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostChange {
    /// A port was added, dropped or changed.
    Port,
    /// Upper and lower case.
    Case,
    /// A proxy replaced the host, and says so in another header.
    Forwarded,
    /// The bucket is in the host on one side and in the path on the other.
    Addressing,
    /// Two names of one machine or service.
    Alias,
    /// Another host.
    Other,
}

/// How two paths differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathChange {
    /// Encoded once more after signing.
    EncodedTwice,
    /// Signed with each escape encoded once more, as other services than S3 have it.
    SignedTwice,
    /// `+` on one side, a space on the other.
    Plus,
    /// `.` or `..` taken out.
    DotSegments,
    /// Slashes merged or added.
    Slashes,
    /// A slash at the end added or dropped.
    TrailingSlash,
    /// Segments at the start cut off.
    PrefixCut,
    /// Segments at the start added.
    PrefixAdded,
    /// Other characters encoded than the specification says.
    Encoding,
    /// Composed and decomposed characters: `é` in one code point or in two.
    Normalisation,
    /// Another path.
    Other,
}

/// How two queries differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterChange {
    /// Added after signing.
    Added,
    /// Taken away after signing.
    Removed,
    /// Another value.
    Changed,
    /// The same value, in another encoding.
    Encoding,
}

/// How two header values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderChange {
    /// Signed, and not in the request.
    Absent,
    /// Another value.
    Changed,
    /// White space, or how a list of values is joined.
    Folded,
    /// In the request, and not signed.
    Added,
}

/// A line of the string to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StringToSignLine {
    /// The algorithm.
    Algorithm,
    /// The signing time.
    Date,
    /// The scope.
    Scope,
    /// The digest of the canonical request.
    Digest,
}

impl Sides {
    pub(super) fn new(signed: &str, received: &str) -> Self {
        Self { signed: Some(signed.into()), received: Some(received.into()) }
    }

    pub(super) fn only_received(received: &str) -> Self {
        Self { signed: None, received: Some(received.into()) }
    }

    pub(super) fn only_signed(signed: &str) -> Self {
        Self { signed: Some(signed.into()), received: None }
    }
}

impl Cause {
    /// What was signed and what was received, where there are two such texts.
    #[must_use]
    pub const fn sides(&self) -> Option<&Sides> {
        match self {
            Self::Host { sides, .. }
            | Self::Path { sides, .. }
            | Self::Parameter { sides, .. }
            | Self::Header { sides, .. }
            | Self::StringToSign { sides, .. }
            | Self::Method(sides)
            | Self::SignedHeaders(sides)
            | Self::Payload(sides) => Some(sides),
            _ => None,
        }
    }

    /// The name of the header or the query parameter that it is about.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::HeaderNotSigned { name }
            | Self::Header { name, .. }
            | Self::Parameter { name, .. } => Some(name),
            Self::HostNotSigned | Self::Host { .. } => Some("host"),
            _ => None,
        }
    }

    /// Puts every text that came with the request or the server's answer through a function.
    pub(super) fn map_texts(self, clean: &impl Fn(&str) -> Box<str>) -> Self {
        let both = |Sides { signed, received }: Sides| Sides {
            signed: signed.map(|text| clean(&text)),
            received: received.map(|text| clean(&text)),
        };
        match self {
            Self::Region { expected, got } => {
                Self::Region { expected: clean(&expected), got: clean(&got) }
            }
            Self::Service { expected, got } => {
                Self::Service { expected: clean(&expected), got: clean(&got) }
            }
            Self::AccessKeyId { expected, got } => {
                Self::AccessKeyId { expected: clean(&expected), got: clean(&got) }
            }
            Self::HeaderNotSigned { name } => Self::HeaderNotSigned { name: clean(&name) },
            Self::Host { how, sides } => Self::Host { how, sides: both(sides) },
            Self::Path { how, sides } => Self::Path { how, sides: both(sides) },
            Self::Parameter { how, name, sides } => {
                Self::Parameter { how, name: clean(&name), sides: both(sides) }
            }
            Self::Header { how, name, sides } => {
                Self::Header { how, name: clean(&name), sides: both(sides) }
            }
            Self::StringToSign { line, sides } => Self::StringToSign { line, sides: both(sides) },
            Self::Method(sides) => Self::Method(both(sides)),
            Self::SignedHeaders(sides) => Self::SignedHeaders(both(sides)),
            Self::Payload(sides) => Self::Payload(both(sides)),
            other => other,
        }
    }
}
