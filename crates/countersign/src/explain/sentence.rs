//! The causes in plain words.

use core::fmt;

use super::cause::{
    Cause, HeaderChange, HostChange, Mangling, ParameterChange, PathChange, SecretFault,
    StringToSignLine, TokenFault,
};

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "{error}"),
            Self::CutOff { signature_digits: None } => {
                f.write_str("the URL ends before its signature")
            }
            Self::CutOff { signature_digits: Some(digits) } => {
                write!(f, "the URL ends within its signature: {digits} of 64 digits")
            }
            Self::SignedAhead { secs } => {
                write!(f, "it is signed {} ahead of this clock", Span(*secs))
            }
            Self::SignedBehind { secs } => {
                write!(f, "it is signed {} behind this clock", Span(*secs))
            }
            Self::Expired { secs } => write!(f, "it expired {} ago", Span(*secs)),
            Self::LifetimeTooLong { secs } => {
                write!(f, "X-Amz-Expires is {secs} s, and 604800 s are the most")
            }
            Self::Region { expected, got } => {
                write!(f, "it is signed for the region `{got}`, the server is in `{expected}`")
            }
            Self::Service { expected, got } => {
                write!(f, "it is signed for the service `{got}`, the server is `{expected}`")
            }
            Self::Day { credential, signed_at } => {
                write!(f, "the credential is of {credential}, X-Amz-Date of {signed_at}")
            }
            Self::HeaderNotSigned { name } => {
                write!(f, "the header `{name}` is in the request and not signed")
            }
            Self::AccessKeyId { expected, got } => {
                write!(f, "the access key id is `{got}`, the secret given here is of `{expected}`")
            }
            Self::Parameter { how, name, .. } => how.write(name, f),
            Self::Header { how, name, .. } => how.write(name, f),
            other => f.write_str(other.fixed_words()),
        }
    }
}

/// Seconds as a reader has them.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0;
        write!(f, "{secs} s")?;
        match secs {
            0..120 => Ok(()),
            120..7200 => write!(f, " ({} min)", secs / 60),
            7200..172_800 => write!(f, " ({} h)", secs / 3600),
            _ => write!(f, " ({} days)", secs / 86_400),
        }
    }
}

impl Cause {
    const fn fixed_words(&self) -> &'static str {
        match self {
            Self::Anonymous => "the request is not signed at all",
            Self::SignatureV2 => "it is signed with Signature Version 2, which is retired",
            Self::TwoMechanisms => "it is signed twice: in its query and in its header",
            Self::Mangled(mangling) => mangling.words(),
            Self::Terminator => "the credential does not end in aws4_request",
            Self::HostNotSigned => "the host is not among the signed headers",
            Self::SecretAsAccessKeyId => "the secret stands where the access key id belongs",
            Self::Token(fault) => fault.words(),
            Self::Secret(fault) => fault.words(),
            Self::Method(_) => "it was signed for another method",
            Self::Host { how, .. } => how.words(),
            Self::Path { how, .. } => how.words(),
            Self::QueryAsReceived => "the query was signed unsorted or not encoded anew",
            Self::SignedHeaders(_) => "other headers are listed as signed",
            Self::Payload(_) => "something else was signed of the body",
            Self::StringToSign { line, .. } => line.words(),
            Self::ServerTextTooLong => "what the server says is too long, and was passed over",
            _ => "nothing that was tried makes the signature right",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Anonymous => "Sign it, or see whether something dropped the query.",
            Self::SignatureV2 => "Have the client sign with version 4 (`s3v4`).",
            Self::TwoMechanisms => {
                "Send no Authorization header with a presigned URL: some clients keep adding one."
            }
            Self::Mangled(mangling) => mangling.advice(),
            Self::CutOff { .. } => {
                "Quote the URL in a shell, where `&` ends a command; copy it whole."
            }
            Self::Unreadable(_) => "See the parameter or header that it names.",
            Self::SignedAhead { .. } => "Set the clock of the signer.",
            Self::SignedBehind { .. } => {
                "Set the clock of the signer, or send at once what is signed."
            }
            Self::Expired { .. } => "Sign anew, or for longer; compare the clocks.",
            Self::LifetimeTooLong { .. } => "Sign for seven days or less.",
            Self::Region { .. } | Self::Service { .. } => {
                "Sign for what the server stands for, or ask the right server."
            }
            Self::Terminator | Self::Day { .. } => "Take both from one clock, in UTC.",
            Self::HostNotSigned => "Sign `host`: every signer has to.",
            Self::HeaderNotSigned { .. } => "Sign it when presigning, or do not send it.",
            Self::AccessKeyId { .. } => "Look with the key that signed, or sign with this one.",
            Self::SecretAsAccessKeyId => {
                "The secret was sent in the clear. Replace the key, then mend the signer."
            }
            Self::Token(fault) => fault.advice(),
            Self::Secret(fault) => fault.advice(),
            Self::Method(_) => "Sign for the method that is sent: HEAD is not GET.",
            Self::Host { how, .. } => how.advice(),
            Self::Path { how, .. } => how.advice(),
            Self::Parameter { how, .. } => how.advice(),
            Self::QueryAsReceived => "Have the signer encode each value once, then sort.",
            Self::Header { how, .. } => how.advice(),
            Self::SignedHeaders(_) => "Compare X-Amz-SignedHeaders on both sides.",
            Self::Payload(_) => {
                "S3 takes UNSIGNED-PAYLOAD for a presigned URL without x-amz-content-sha256."
            }
            Self::StringToSign { .. } => "Ask the server for its canonical request.",
            Self::ServerTextTooLong => {
                "Give the element alone: 65536 bytes, 200 lines and 200 parameters are the most."
            }
            Self::NotFound => {
                "Either the secret is another one, or more than two things were changed."
            }
        }
    }
}

impl Mangling {
    const fn words(self) -> &'static str {
        match self {
            Self::HtmlEscaped => "the URL is escaped for HTML: `&amp;` stands for `&`",
            Self::JsonEscaped => "the URL is escaped for JSON: `\\u0026` stands for `&`",
            Self::QuotedPrintable => "the URL comes out of the source of a mail: `=3D` for `=`",
            Self::EncodedTwice => "the URL is encoded twice",
            Self::WhiteSpace => "the URL has spaces or line breaks in it",
            Self::Appended => "something stands behind the signature",
            Self::Fragment => "the URL has a `#`, from which on nothing is sent",
            Self::UpperCaseSignature => "the signature is in upper case",
            Self::ParameterNames => "names of parameters are in another case than they have to be",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::HtmlEscaped | Self::JsonEscaped | Self::QuotedPrintable => {
                "Take the URL from where it is shown, not from the source."
            }
            Self::EncodedTwice => "Pass the URL on as it is: it is encoded already.",
            Self::WhiteSpace => "Copy the URL as one line; write a space in a key as `%20`.",
            Self::Appended => "Cut off what a sentence or a quote left behind the URL.",
            Self::Fragment => "Write a `#` in a key as `%23`.",
            Self::UpperCaseSignature | Self::ParameterNames => "Change no letter of the query.",
        }
    }
}

impl TokenFault {
    const fn words(self) -> &'static str {
        match self {
            Self::Absent => "the key is temporary, and the request has no session token",
            Self::Unexpected => "the request has a session token, the key given here has none",
            Self::Changed => "the request has another session token than the key",
            Self::NotSigned => "the session token was added after signing",
            Self::Removed => "the session token was taken away after signing",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Absent => "Give the signer all three: id, secret and session token.",
            Self::Unexpected => {
                "Set AWS_SESSION_TOKEN to that of the key, or unset it for the signer."
            }
            Self::Changed => "Id, secret and token belong together: take them at one time.",
            Self::NotSigned => "The token is signed with everything else: give it to the signer.",
            Self::Removed => "Send X-Amz-Security-Token as the signer wrote it.",
        }
    }
}

impl SecretFault {
    const fn words(self) -> &'static str {
        match self {
            Self::WhiteSpace => "the secrets differ in white space at their ends",
            Self::Quoted => "the secrets differ in quotes around them",
            Self::Encoded => "one of the secrets is percent-encoded",
            Self::Other => "both sign the same text, so the secrets differ",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::WhiteSpace => "Look for a line break where the secret is kept.",
            Self::Quoted => "Look for quotes where the secret is kept.",
            Self::Encoded => "Take the secret as it was issued, with its `/` and `+`.",
            Self::Other => "Look at the secret on both sides, and whose key id it is.",
        }
    }
}

impl HostChange {
    const fn words(self) -> &'static str {
        match self {
            Self::Port => "the host was signed with another port",
            Self::Case => "the host was signed in lower case",
            Self::Forwarded => "a proxy replaced the host that was signed",
            Self::Addressing => "the bucket is in the host on one side, in the path on the other",
            Self::Alias => "the host was signed under another name of it",
            Self::Other => "another host was signed",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Port => "Sign for the host as clients send it: without :443, :80 by default.",
            Self::Case => "Write the host in lower case in the request.",
            Self::Forwarded => {
                "Have the proxy pass Host on (nginx: proxy_set_header Host $http_host)."
            }
            Self::Addressing => "Choose one addressing style for signer and client.",
            Self::Alias | Self::Other => "Sign for the name under which the server is asked.",
        }
    }
}

impl PathChange {
    const fn words(self) -> &'static str {
        match self {
            Self::EncodedTwice => "the path was encoded once more after signing",
            Self::SignedTwice => "the path was signed encoded twice, which S3 does not do",
            Self::Plus => "a `+` in the path stands for a space, or a space for a `+`",
            Self::DotSegments => "dot segments were taken out of the path, on one side",
            Self::Slashes => "slashes in the path were merged or added",
            Self::TrailingSlash => "the slash at the end of the path was added or dropped",
            Self::PrefixCut => "the start of the path was cut off",
            Self::PrefixAdded => "something was put before the path",
            Self::Encoding => "other characters of the path were encoded when it was signed",
            Self::Normalisation => "the key has composed characters on one side, not on the other",
            Self::Other => "another path was signed",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::EncodedTwice => "Send the URL as it is: some HTTP clients encode `%` again.",
            Self::SignedTwice => "Switch double encoding off: it is for other services than S3.",
            Self::Plus => "In a path a space is `%20` and a plus `%2B`; `+` is for forms.",
            Self::DotSegments => "Send dot segments as they are (curl: --path-as-is).",
            Self::Slashes => "Have the proxy leave slashes alone (nginx: merge_slashes off).",
            Self::TrailingSlash => "Have client and proxy leave the end of the path alone.",
            Self::PrefixCut | Self::PrefixAdded => {
                "Sign for the path that the server receives, or have the proxy leave it."
            }
            Self::Encoding => "Encode all but A-Z a-z 0-9 - _ . ~ / when signing, once.",
            Self::Normalisation => {
                "Choose one form (NFC) where keys are made; macOS has the other."
            }
            Self::Other => "Compare the key and the bucket on both sides.",
        }
    }
}

impl ParameterChange {
    fn write(self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added => write!(f, "the parameter `{name}` was added after signing"),
            Self::Removed => write!(f, "the parameter `{name}` was taken away after signing"),
            Self::Changed => write!(f, "the parameter `{name}` was signed with another value"),
            Self::Encoding => write!(f, "the parameter `{name}` was signed in another encoding"),
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Added => "Sign it with the rest, or keep it from being added.",
            Self::Removed => "Send every parameter that the signer wrote.",
            Self::Changed => "Sign anew for another value: each is part of what is signed.",
            Self::Encoding => "Encode each value once: a space is `%20`, a plus `%2B`.",
        }
    }
}

impl HeaderChange {
    fn write(self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "the header `{name}` is signed and not sent"),
            Self::Changed => write!(f, "the header `{name}` was signed with another value"),
            Self::Folded => write!(f, "the header `{name}` was written anew on the way"),
            Self::Added => write!(f, "the header `{name}` was not there when it was signed"),
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Absent => "Send it with the value that was signed, or do not sign it.",
            Self::Changed => "Send what was signed; sign no header that clients or proxies change.",
            Self::Folded => "Write lists and spaces as proxies do, or do not sign it.",
            Self::Added => "Leave it out, or sign it with its value.",
        }
    }
}

impl StringToSignLine {
    const fn words(self) -> &'static str {
        match self {
            Self::Algorithm => "the server signs with another algorithm",
            Self::Date => "the server takes another signing time",
            Self::Scope => "the server takes another scope",
            Self::Digest => "the server computes another canonical request",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;
    use crate::explain::cause::Sides;

    fn sides() -> Sides {
        Sides::new("signed", "received")
    }

    fn of_parameter(how: ParameterChange) -> Cause {
        Cause::Parameter { how, name: "marker".into(), sides: sides() }
    }

    fn of_header(how: HeaderChange) -> Cause {
        Cause::Header { how, name: "range".into(), sides: sides() }
    }

    fn of_line(line: StringToSignLine) -> Cause {
        Cause::StringToSign { line, sides: sides() }
    }

    /// A reader knows the cause by a word, and what to do by another.
    #[test]
    fn every_cause_is_named_and_answered() {
        for (cause, word, what_to_do) in [
            (Cause::Anonymous, "not signed at all", "Sign it"),
            (Cause::SignatureV2, "Version 2", "`s3v4`"),
            (Cause::TwoMechanisms, "twice", "no Authorization header"),
            (Cause::Mangled(Mangling::HtmlEscaped), "`&amp;`", "not from the source"),
            (Cause::Mangled(Mangling::JsonEscaped), "`\\u0026`", "not from the source"),
            (Cause::Mangled(Mangling::QuotedPrintable), "`=3D`", "not from the source"),
            (Cause::Mangled(Mangling::EncodedTwice), "twice", "encoded already"),
            (Cause::Mangled(Mangling::WhiteSpace), "line breaks", "one line"),
            (Cause::Mangled(Mangling::Appended), "behind the signature", "Cut off"),
            (Cause::Mangled(Mangling::Fragment), "`#`", "`%23`"),
            (Cause::Mangled(Mangling::UpperCaseSignature), "upper case", "no letter"),
            (Cause::Mangled(Mangling::ParameterNames), "another case", "no letter"),
            (Cause::Terminator, "aws4_request", "one clock"),
            (Cause::HostNotSigned, "host is not among", "Sign `host`"),
            (Cause::SecretAsAccessKeyId, "the secret stands", "Replace the key"),
            (Cause::Token(TokenFault::Absent), "no session token", "all three"),
            (Cause::Token(TokenFault::Unexpected), "has none", "AWS_SESSION_TOKEN"),
            (Cause::Token(TokenFault::Changed), "another session token", "belong together"),
            (Cause::Token(TokenFault::NotSigned), "added after", "give it to the signer"),
            (Cause::Token(TokenFault::Removed), "taken away", "as the signer wrote it"),
            (Cause::Secret(SecretFault::WhiteSpace), "white space", "line break"),
            (Cause::Secret(SecretFault::Quoted), "quotes", "quotes"),
            (Cause::Secret(SecretFault::Encoded), "percent-encoded", "`/` and `+`"),
            (Cause::Secret(SecretFault::Other), "the secrets differ", "both sides"),
            (Cause::Method(sides()), "another method", "HEAD is not GET"),
            (of_parameter(ParameterChange::Added), "`marker` was added", "from being added"),
            (of_parameter(ParameterChange::Removed), "`marker` was taken", "every parameter"),
            (of_parameter(ParameterChange::Changed), "`marker` was signed with", "Sign anew"),
            (of_parameter(ParameterChange::Encoding), "another encoding", "once"),
            (Cause::QueryAsReceived, "unsorted", "then sort"),
            (of_header(HeaderChange::Absent), "`range` is signed and not sent", "Send it"),
            (of_header(HeaderChange::Changed), "`range` was signed with", "what was signed"),
            (of_header(HeaderChange::Folded), "`range` was written anew", "as proxies do"),
            (of_header(HeaderChange::Added), "`range` was not there", "Leave it out"),
            (Cause::SignedHeaders(sides()), "other headers", "X-Amz-SignedHeaders"),
            (Cause::Payload(sides()), "of the body", "UNSIGNED-PAYLOAD"),
            (of_line(StringToSignLine::Algorithm), "algorithm", "canonical request"),
            (of_line(StringToSignLine::Date), "signing time", "canonical request"),
            (of_line(StringToSignLine::Scope), "another scope", "canonical request"),
            (of_line(StringToSignLine::Digest), "canonical request", "canonical request"),
            (Cause::ServerTextTooLong, "passed over", "65536"),
            (Cause::NotFound, "nothing that was tried", "more than two"),
        ] {
            let sentence = cause.to_string();
            assert!(sentence.contains(word), "{sentence}: {word}");
            let advice = cause.advice();
            assert!(advice.contains(what_to_do), "{advice}: {what_to_do}");
        }
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_a_reader_would_take() {
        for (secs, expected) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "120 s (2 min)"),
            (7199, "7199 s (119 min)"),
            (7200, "7200 s (2 h)"),
            (172_799, "172799 s (47 h)"),
            (172_800, "172800 s (2 days)"),
        ] {
            let sentence = Cause::Expired { secs }.to_string();
            assert_eq!(sentence, format!("it expired {expected} ago"));
        }
    }
}
