//! The names of the causes, for programs. They stay as they are.

use super::{
    Cause,
    cause::{
        HeaderChange, HostChange, Mangling, ParameterChange, PathChange, SecretFault,
        StringToSignLine, TokenFault,
    },
};

impl Cause {
    /// A stable name for programs, such as `host_port`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::SignatureV2 => "signature_v2",
            Self::TwoMechanisms => "two_mechanisms",
            Self::Mangled(mangling) => mangling.code(),
            Self::CutOff { .. } => "cut_off",
            Self::Unreadable(_) => "unreadable",
            Self::SignedAhead { .. } => "signed_ahead",
            Self::SignedBehind { .. } => "signed_behind",
            Self::Expired { .. } => "expired",
            Self::LifetimeTooLong { .. } => "lifetime_too_long",
            Self::Region { .. } => "region",
            Self::Service { .. } => "service",
            Self::Terminator => "terminator",
            Self::Day { .. } => "day",
            Self::HostNotSigned => "host_not_signed",
            Self::HeaderNotSigned { .. } => "header_not_signed",
            Self::AccessKeyId { .. } => "access_key_id",
            Self::SecretAsAccessKeyId => "secret_as_access_key_id",
            Self::Token(fault) => fault.code(),
            Self::Secret(fault) => fault.code(),
            Self::Method(_) => "method",
            Self::Host { how, .. } => how.code(),
            Self::Path { how, .. } => how.code(),
            Self::Parameter { how, .. } => how.code(),
            Self::QueryAsReceived => "query_as_received",
            Self::Header { how, .. } => how.code(),
            Self::SignedHeaders(_) => "signed_headers",
            Self::Payload(_) => "payload",
            Self::StringToSign { line, .. } => line.code(),
            Self::ServerTextTooLong => "server_text",
            Self::NotFound => "not_found",
        }
    }
}

impl Mangling {
    const fn code(self) -> &'static str {
        match self {
            Self::HtmlEscaped => "url_html_escaped",
            Self::JsonEscaped => "url_json_escaped",
            Self::QuotedPrintable => "url_quoted_printable",
            Self::EncodedTwice => "url_encoded_twice",
            Self::WhiteSpace => "url_white_space",
            Self::Appended => "url_appended",
            Self::Fragment => "url_fragment",
            Self::UpperCaseSignature => "url_signature_case",
            Self::ParameterNames => "url_parameter_names",
        }
    }
}

impl TokenFault {
    const fn code(self) -> &'static str {
        match self {
            Self::Absent => "token_absent",
            Self::Unexpected => "token_unexpected",
            Self::Changed => "token_changed",
            Self::NotSigned => "token_not_signed",
            Self::Removed => "token_removed",
        }
    }
}

impl SecretFault {
    const fn code(self) -> &'static str {
        match self {
            Self::WhiteSpace => "secret_white_space",
            Self::Quoted => "secret_quoted",
            Self::Encoded => "secret_encoded",
            Self::Other => "secret",
        }
    }
}

impl HostChange {
    const fn code(self) -> &'static str {
        match self {
            Self::Port => "host_port",
            Self::Case => "host_case",
            Self::Forwarded => "host_forwarded",
            Self::Addressing => "host_addressing",
            Self::Alias => "host_alias",
            Self::Other => "host",
        }
    }
}

impl PathChange {
    const fn code(self) -> &'static str {
        match self {
            Self::EncodedTwice => "path_encoded_twice",
            Self::SignedTwice => "path_signed_twice",
            Self::Plus => "path_plus",
            Self::DotSegments => "path_dot_segments",
            Self::Slashes => "path_slashes",
            Self::TrailingSlash => "path_trailing_slash",
            Self::PrefixCut => "path_prefix_cut",
            Self::PrefixAdded => "path_prefix_added",
            Self::Encoding => "path_encoding",
            Self::Normalisation => "path_normalisation",
            Self::Other => "path",
        }
    }
}

impl ParameterChange {
    const fn code(self) -> &'static str {
        match self {
            Self::Added => "parameter_added",
            Self::Removed => "parameter_removed",
            Self::Changed => "parameter_changed",
            Self::Encoding => "parameter_encoding",
        }
    }
}

impl HeaderChange {
    const fn code(self) -> &'static str {
        match self {
            Self::Absent => "header_absent",
            Self::Changed => "header_changed",
            Self::Folded => "header_folded",
            Self::Added => "header_added",
        }
    }
}

impl StringToSignLine {
    const fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "string_to_sign_algorithm",
            Self::Date => "string_to_sign_date",
            Self::Scope => "string_to_sign_scope",
            Self::Digest => "string_to_sign_digest",
        }
    }
}
