//! Which media types a browser runs.

/// Subtypes of any top-level type that are scripts, or made of them.
const SCRIPTS: [&str; 5] = ["ecmascript", "javascript", "jscript", "livescript", "vbscript"];

/// Whether a browser might run, or take apart, what has this media type; also where it is not
/// surely another one. Such an object is only ever saved, never shown.
///
/// A comma makes two types of one for the reader that takes the last
/// ([Fetch](https://fetch.spec.whatwg.org/#concept-header-extract-mime-type)).
pub(crate) fn is_active(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((top, sub)) = essence.split_once('/') else { return true };
    let is_plain = is_token(top) && is_token(sub) && !media_type.contains(',');
    !is_plain
        || matches!(top, "multipart" | "message" | "x-content" | "*")
        || matches!(sub, "xml" | "xsl" | "xslt" | "hta" | "mhtml" | "x-mimearchive" | "*")
        || matches!(sub, "cache-manifest" | "x-shockwave-flash" | "x-component")
        || sub.ends_with("+xml")
        || sub.starts_with("xml-")
        || sub.contains("html")
        || SCRIPTS.iter().any(|script| sub.contains(script))
}

/// [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2), section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_runs_is_active() {
        for active in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            " text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "application/xml-dtd",
            "application/rss+xml",
            "text/xsl",
            "text/javascript",
            "text/javascript1.5",
            "application/x-javascript",
            "application/ecmascript",
            "text/jscript",
            "text/vbscript",
            "multipart/related",
            "multipart/x-mixed-replace",
            "message/rfc822",
            "application/x-mimearchive",
            "text/cache-manifest",
            "text/plain, text/html",
            "text/plain;a=,text/html",
            "text",
            "",
            "/",
            "*/*",
            "text /html",
        ] {
            assert!(is_active(active), "{active:?}");
        }
    }

    #[test]
    fn what_it_shows_or_saves_is_not() {
        for passive in [
            "text/plain",
            "text/csv; charset=utf-8",
            "text/css",
            "image/png",
            "application/pdf",
            "application/json",
            "application/octet-stream",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "video/mp4; codecs=\"avc1\"",
        ] {
            assert!(!is_active(passive), "{passive:?}");
        }
    }
}
