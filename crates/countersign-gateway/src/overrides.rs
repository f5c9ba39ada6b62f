//! The headers that a signed query asks a download to have ([GetObject]).
//!
//! [GetObject]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html

use countersign::{Timestamp, Validity};
use countersign_storage::Disposition;
use http::HeaderValue;

use crate::{fault::Fault, media_type, number::plain_number};

/// The start of all their names.
pub(crate) const PREFIX: &str = "response-";

/// The longest media type, here and in an upload, in bytes.
pub(crate) const MEDIA_TYPE_LEN_MAX: usize = 255;

/// What a download is to say instead of what was stored.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) disposition: Option<(Disposition, HeaderValue)>,
    pub(crate) language: Option<HeaderValue>,
    pub(crate) encoding: Option<HeaderValue>,
    pub(crate) cache_control: Option<HeaderValue>,
}

impl Overrides {
    /// Takes a parameter whose name starts with [`PREFIX`].
    pub(crate) fn take(
        &mut self,
        (name, value): (&str, &str),
        validity: Validity,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let invalid = || Fault::InvalidArgument(name.into());
        let header = || header_value(value).ok_or_else(invalid);
        let slot = match name {
            "response-content-type" => {
                if value.len() > MEDIA_TYPE_LEN_MAX || media_type::is_active(value) {
                    return Err(invalid());
                }
                &mut self.content_type
            }
            "response-content-disposition" => {
                let disposition = Disposition::of(value).ok_or_else(invalid)?;
                self.disposition = Some((disposition, header()?));
                return Ok(());
            }
            "response-cache-control" => {
                let left_secs = validity.not_after().unix_secs().saturating_sub(now.unix_secs());
                if !is_bounded(value, u64::try_from(left_secs).unwrap_or_default()) {
                    return Err(invalid());
                }
                &mut self.cache_control
            }
            "response-content-language" => &mut self.language,
            "response-content-encoding" => &mut self.encoding,
            _ => return Err(Fault::NotImplemented(name.into())),
        };
        *slot = Some(header()?);
        Ok(())
    }
}

/// Visible ASCII and spaces, at least one.
fn header_value(text: &str) -> Option<HeaderValue> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain { HeaderValue::from_str(text).ok() } else { None }
}

/// Whether what is cached by this rule is used no longer than the URL itself.
fn is_bounded(cache_control: &str, left_secs: u64) -> bool {
    let mut ends = false;
    for directive in cache_control.split(',') {
        let directive = directive.trim().to_ascii_lowercase();
        ends |= match directive.as_str() {
            "no-store" | "no-cache" => true,
            // Says who, not for how long: a browser would guess.
            "private" => false,
            other => match other.strip_prefix("max-age=").and_then(plain_number) {
                Some(secs) if secs <= left_secs => true,
                _ => return false,
            },
        };
    }
    ends
}

#[cfg(test)]
mod tests {
    use countersign::{Lifetime, Skew};
    use proptest::prelude::*;

    use super::*;

    fn taken(name: &str, value: &str) -> Result<Overrides, Fault> {
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let lifetime = Lifetime::from_secs(60).unwrap();
        let validity = Validity::new(now, lifetime, Skew::ZERO).unwrap();
        let mut overrides = Overrides::default();
        overrides.take((name, value), validity, now).map(|()| overrides)
    }

    #[test]
    fn nothing_is_cached_longer_than_the_url_lives() {
        for cached in [
            "no-store",
            "no-cache",
            "private, no-store",
            "no-store, private",
            "private,max-age=60",
            "Max-Age=0",
            "NO-CACHE",
        ] {
            assert!(taken("response-cache-control", cached).is_ok(), "{cached:?}");
        }
        for cached in [
            "",
            "private",
            "public",
            "max-age=61",
            "max-age=",
            "max-age=-1",
            "max-age=\"5\"",
            "max-age=99999999999999999999",
            "no-store, s-maxage=5",
            "max-age=5, immutable",
            "no-store,",
            "no-store\r\nx: y",
        ] {
            assert!(taken("response-cache-control", cached).is_err(), "{cached:?}");
        }
    }

    #[test]
    fn a_type_that_is_run_is_refused() {
        let taken = |value| taken("response-content-type", value);
        let value = taken("text/csv; charset=utf-8").unwrap().content_type;
        assert_eq!(value.unwrap(), "text/csv; charset=utf-8");
        let long = format!("text/{}", "a".repeat(251));
        for value in ["text/html", "image/svg+xml", "", "text", "text/csv\n", "text/ü", &long] {
            assert!(taken(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for name in ["response-expires", "response-x", "response-"] {
            let refused = taken(name, "x");
            assert!(matches!(refused, Err(Fault::NotImplemented(told)) if *told == *name));
        }
        for name in ["response-content-language", "response-content-encoding"] {
            assert!(taken(name, "de").is_ok());
            for value in ["", "a\r\nb: c", "a\tb", "ü", "\u{7f}"] {
                assert!(taken(name, value).is_err(), "{name} {value:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_disposition_is_one_header_or_refused(value in "(inline|attachment)?.{0,20}") {
            if let Ok(overrides) = taken("response-content-disposition", &value) {
                let (disposition, header) = overrides.disposition.unwrap();
                let text = header.to_str().unwrap();
                prop_assert_eq!(text, &value);
                let is_inline = text.trim_start().to_ascii_lowercase().starts_with("inline");
                prop_assert_eq!(disposition == Disposition::Inline, is_inline);
            }
        }

        #[test]
        fn whatever_the_name_of_a_file_it_can_be_signed(name in any::<String>()) {
            let value = countersign_storage::attachment(&name);
            prop_assert!(taken("response-content-disposition", &value).is_ok());
        }
    }
}
