//! The body of an error, as S3 writes it.

use std::fmt::Write;

use percent_encoding::percent_decode_str;
use quick_xml::escape::escape;

use crate::wire::Wire;

/// More of a path is not repeated to whoever sent it.
const RESOURCE_LEN_MAX: usize = 4096;

/// Writes an error about a resource: a path as it was received.
pub(crate) fn error(wire: &Wire, path: &str, request_id: &str) -> String {
    let path = path.split_at(path.floor_char_boundary(RESOURCE_LEN_MAX)).0;
    let resource = percent_decode_str(path).decode_utf8_lossy();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    put(&mut xml, "Code", wire.code);
    put(&mut xml, "Message", wire.message);
    for (name, value) in &wire.details {
        put(&mut xml, name, value);
    }
    put(&mut xml, "Resource", &resource);
    put(&mut xml, "RequestId", request_id);
    xml.push_str("</Error>");
    xml
}

fn put(xml: &mut String, name: &str, text: &str) {
    let text: String =
        text.chars().map(|c| if is_xml(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    // Writing to a string cannot fail.
    write!(xml, "<{name}>{}</{name}>", escape(text)).unwrap_or_default();
}

/// What XML 1.0 can hold, escaped or not ([Char](https://www.w3.org/TR/xml/#NT-Char)).
const fn is_xml(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\0'..=' ' => c == ' ',
        '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::escape::unescape;

    use super::*;
    use crate::fault::Fault;

    fn written(text: &str) -> String {
        let mut xml = String::new();
        put(&mut xml, "A", text);
        xml
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(written("a<b>&\"'"), "<A>a&lt;b&gt;&amp;&quot;&apos;</A>");
        assert_eq!(
            written("\0\u{1}\u{b}\u{1f}\u{fffe}"),
            format!("<A>{}</A>", "\u{fffd}".repeat(5))
        );
        assert_eq!(written("\t\n\r "), "<A>\t\n&#13; </A>");
    }

    #[test]
    fn the_resource_is_decoded_and_cut() {
        let wire = Wire::of(&Fault::NotImplemented("a<b".into()));
        let xml = error(&wire, "/s3/b/%3Cscript%3E%00%ff", "ID");
        assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NotImplemented</Code><Message>"));
        let end = "<ArgumentName>a&lt;b</ArgumentName>\
            <Resource>/s3/b/&lt;script&gt;\u{fffd}\u{fffd}</Resource><RequestId>ID</RequestId></Error>";
        assert!(xml.ends_with(end), "{xml}");
        assert!(error(&wire, &"/é".repeat(10_000), "ID").len() < 5000);
    }

    proptest! {
        #[test]
        fn any_text_stays_inside_its_element(text in any::<String>()) {
            let xml = written(&text);
            let inner = xml.strip_prefix("<A>").and_then(|xml| xml.strip_suffix("</A>")).unwrap();
            prop_assert!(!inner.contains('<') && inner.chars().all(is_xml));
            let back = unescape(inner).unwrap();
            let is_kept = |(a, b): (char, char)| a == b || b == char::REPLACEMENT_CHARACTER;
            prop_assert!(text.chars().zip(back.chars()).all(is_kept));
        }
    }
}
