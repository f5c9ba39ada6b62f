//! Conditional requests ([RFC 9110], section 13).
//!
//! [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-13

use std::time::{Duration, SystemTime};

use countersign_storage::{ETag, ObjectInfo};
use http::{HeaderMap, HeaderName, header};

/// The last second that HTTP can write.
const UNIX_SECS_MAX: u64 = 253_402_300_799;

/// What the conditions of a GET or HEAD come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is served.
    Proceed,
    /// 304: the client has it.
    NotModified,
    /// 412: the client means another one.
    Failed,
}

/// What a version of an object is known by.
pub(crate) struct Validators<'a> {
    etag: &'a ETag,
    /// Whole seconds, as HTTP has them.
    modified_unix_secs: u64,
}

impl<'a> Validators<'a> {
    pub(crate) fn of(info: &'a ObjectInfo) -> Self {
        Self { etag: &info.etag, modified_unix_secs: unix_secs(info.last_modified) }
    }

    /// `Last-Modified`
    pub(crate) fn last_modified(&self) -> String {
        let since = Duration::from_secs(self.modified_unix_secs);
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since)
    }

    /// Evaluates the conditions in the order of section 13.2.2.
    pub(crate) fn evaluate(&self, headers: &HeaderMap) -> Outcome {
        if headers.contains_key(header::IF_MATCH) {
            if !self.is_named(headers, &header::IF_MATCH, Comparison::Strong) {
                return Outcome::Failed;
            }
        } else if let Some(date) = date(headers, &header::IF_UNMODIFIED_SINCE)
            && self.modified_unix_secs > date
        {
            return Outcome::Failed;
        }
        if headers.contains_key(header::IF_NONE_MATCH) {
            if self.is_named(headers, &header::IF_NONE_MATCH, Comparison::Weak) {
                return Outcome::NotModified;
            }
        } else if let Some(date) = date(headers, &header::IF_MODIFIED_SINCE)
            && self.modified_unix_secs <= date
        {
            return Outcome::NotModified;
        }
        Outcome::Proceed
    }

    /// Whether a range is still one of the object that the client has the rest of.
    pub(crate) fn is_range_current(&self, headers: &HeaderMap) -> bool {
        if !headers.contains_key(header::IF_RANGE) {
            return true;
        }
        match only(headers, &header::IF_RANGE) {
            Some(text) if text.starts_with(['"', 'W']) && text.contains('"') => {
                text == self.etag.quoted()
            }
            Some(_) => date(headers, &header::IF_RANGE) == Some(self.modified_unix_secs),
            None => false,
        }
    }

    fn is_named(&self, headers: &HeaderMap, name: &HeaderName, comparison: Comparison) -> bool {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(Tags).any(|tag| match tag {
            Tag::Any => true,
            Tag::Weak(_) if comparison == Comparison::Strong => false,
            Tag::Weak(tag) | Tag::Strong(tag) => tag == self.etag.as_str(),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

enum Tag<'a> {
    /// `*`
    Any,
    Weak(&'a str),
    Strong(&'a str),
}

/// The entity tags of a list. S3 takes them without quotes too.
struct Tags<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let text = self.0.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return None;
        }
        let weak = text.strip_prefix("W/\"");
        if let Some(quoted) = weak.or_else(|| text.strip_prefix('"')) {
            let (tag, rest) = quoted.split_once('"')?;
            self.0 = rest;
            return Some(if weak.is_some() { Tag::Weak(tag) } else { Tag::Strong(tag) });
        }
        let (tag, rest) = text.split_once(',').unwrap_or((text, ""));
        self.0 = rest;
        let tag = tag.trim_end();
        Some(if tag == "*" { Tag::Any } else { Tag::Strong(tag) })
    }
}

/// A date that is there once and is one; what is not counts as absent.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let date = httpdate::parse_http_date(only(headers, name)?).ok()?;
    Some(unix_secs(date))
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// Cut to what HTTP can write: a store that says something else must not stop the server.
fn unix_secs(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()).min(UNIX_SECS_MAX)
}

#[cfg(test)]
mod tests {
    use super::{Outcome::*, *};

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sunday, 06-Nov-94 08:49:38 GMT";

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        map
    }

    #[test]
    fn tags_go_before_dates_and_412_before_304() {
        let table: &[(&[(&str, &str)], Outcome)] = &[
            (&[], Proceed),
            (&[("if-match", "\"tag-1\"")], Proceed),
            (&[("if-match", "tag-1")], Proceed),
            (&[("if-match", "*")], Proceed),
            (&[("if-match", "\"a\", \"tag-1\"")], Proceed),
            (&[("if-match", "\"a\""), ("if-match", "\"tag-1\"")], Proceed),
            (&[("if-match", "W/\"tag-1\"")], Failed),
            (&[("if-match", "\"tag-1")], Failed),
            (&[("if-match", "\"other\"")], Failed),
            (&[("if-match", "\"a,tag-1\"")], Failed),
            (&[("if-match", "")], Failed),
            (&[("if-unmodified-since", BEFORE)], Failed),
            (&[("if-unmodified-since", SAME)], Proceed),
            (&[("if-unmodified-since", "yesterday")], Proceed),
            (&[("if-match", "\"tag-1\""), ("if-unmodified-since", BEFORE)], Proceed),
            (&[("if-none-match", "\"tag-1\"")], NotModified),
            (&[("if-none-match", "W/\"tag-1\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"other\"")], Proceed),
            (&[("if-modified-since", BEFORE)], Proceed),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (&[("if-modified-since", AFTER), ("if-modified-since", AFTER)], Proceed),
            (&[("if-none-match", "\"other\""), ("if-modified-since", AFTER)], Proceed),
            (&[("if-match", "\"x\""), ("if-none-match", "\"tag-1\"")], Failed),
            (&[("if-match", "\"tag-1\""), ("if-none-match", "\"tag-1\"")], NotModified),
        ];
        let etag = ETag::parse("tag-1").unwrap();
        let validators = Validators { etag: &etag, modified_unix_secs: 784_111_777 };
        for (headers, expected) in table {
            assert_eq!(validators.evaluate(&map(headers)), *expected, "{headers:?}");
        }
    }

    #[test]
    fn a_range_is_of_the_version_that_is_named() {
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("if-range", "\"tag-1\"")], true),
            (&[("if-range", "W/\"tag-1\"")], false),
            (&[("if-range", "\"other\"")], false),
            (&[("if-range", "tag-1")], false),
            (&[("if-range", SAME)], true),
            (&[("if-range", "Wed, 21 Oct 2015 07:28:00 GMT")], false),
            (&[("if-range", AFTER)], false),
            (&[("if-range", SAME), ("if-range", SAME)], false),
        ];
        let etag = ETag::parse("tag-1").unwrap();
        let validators = Validators { etag: &etag, modified_unix_secs: 784_111_777 };
        for (headers, expected) in table {
            let found = validators.is_range_current(&map(headers));
            assert_eq!(found, *expected, "{headers:?}");
        }
    }

    #[test]
    fn a_time_that_http_cannot_write_stops_nothing() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let etag = ETag::parse("t").unwrap();
        for (time, text) in
            [(far, "Fri, 31 Dec 9999 23:59:59 GMT"), (before, "Thu, 01 Jan 1970 00:00:00 GMT")]
        {
            let modified_unix_secs = unix_secs(time);
            assert_eq!(Validators { etag: &etag, modified_unix_secs }.last_modified(), text);
        }
    }
}
