use crate::fields::Reason;

/// A media type, as `text/csv` or `text/csv; charset=utf-8`: what an upload's `Content-Type` must
/// be, to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType(Box<str>);

impl MediaType {
    const LEN_MAX: usize = 255;

    pub(crate) fn parse(text: &str) -> Result<Self, Reason> {
        const WRONG: Reason = Reason::Rule("a media type looks like text/csv");
        if text.chars().count() > Self::LEN_MAX {
            return Err(Reason::TooLong { chars_max: Self::LEN_MAX });
        }
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let (kind, subtype) = essence.split_once('/').ok_or(WRONG)?;
        // Runs of spaces are folded before they are signed, so no two spellings may differ in them.
        let is_visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let is_folded = !text.contains("  ") && text.trim() == text;
        if !is_token(kind) || !is_token(subtype) || !is_visible || !is_folded {
            return Err(WRONG);
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_one_header_value() {
        for wrong in [
            "",
            "text",
            "text/",
            "/csv",
            "text/csv\r\nX: y",
            "te xt/csv",
            "text/csv ",
            "a/ü",
            "a/b/c",
        ] {
            assert!(MediaType::parse(wrong).is_err(), "{wrong:?}");
        }
        for right in ["text/csv", "text/csv; charset=utf-8", "application/vnd.ms-excel", "*/*"] {
            assert!(MediaType::parse(right).is_ok(), "{right:?}");
        }
    }
}
