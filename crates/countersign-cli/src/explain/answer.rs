use anyhow::{Context as _, ensure};
use countersign::explain::ServerText;
use quick_xml::{Reader, events::Event};

/// What a server answered, as far as it says what it computed.
#[derive(Default)]
pub(crate) struct ServerAnswer {
    canonical_request: Option<String>,
    string_to_sign: Option<String>,
}

impl ServerAnswer {
    /// Reads the XML of an answer such as [`SignatureDoesNotMatch`][errors].
    ///
    /// [errors]: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    pub(crate) fn parse(xml: &str) -> anyhow::Result<Self> {
        // The bytes are exact, where the text may have been reformatted on the way.
        let text_of = |name: &str| -> anyhow::Result<Option<String>> {
            let bytes = element(xml, &format!("{name}Bytes"))?;
            let bytes = bytes.and_then(|text| of_hex(&text));
            Ok(match bytes {
                Some(text) => Some(text),
                None => element(xml, name)?,
            })
        };
        ensure!(element(xml, "Code")?.is_some(), "the server's answer is no error of S3's");
        Ok(Self {
            canonical_request: text_of("CanonicalRequest")?,
            string_to_sign: text_of("StringToSign")?,
        })
    }

    pub(crate) fn text(&self) -> ServerText<'_> {
        let mut text = ServerText::default();
        if let Some(canonical_request) = &self.canonical_request {
            text = text.with_canonical_request(canonical_request);
        }
        if let Some(string_to_sign) = &self.string_to_sign {
            text = text.with_string_to_sign(string_to_sign);
        }
        text
    }
}

/// The text of the first element of this name, whatever its namespace.
fn element(xml: &str, wanted: &str) -> anyhow::Result<Option<String>> {
    let (mut reader, mut found, mut is_inside) = (Reader::from_str(xml), String::new(), false);
    loop {
        match reader.read_event().context("the server's answer is no XML")? {
            Event::Start(tag) => is_inside |= tag.local_name().as_ref() == wanted,
            Event::End(tag) if tag.local_name().as_ref() == wanted => return Ok(Some(found)),
            Event::Text(text) if is_inside => found.push_str(&text),
            Event::CData(text) if is_inside => found.push_str(&text),
            Event::GeneralRef(reference) if is_inside => {
                let character = match &*reference {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref()?,
                };
                found.extend(character);
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

/// `47 45 54 0a`
fn of_hex(text: &str) -> Option<String> {
    let digits: String = text.split_whitespace().collect();
    String::from_utf8(hex::decode(digits).ok()?).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_taken_out_as_they_were() {
        let xml = "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code>\
            <StringToSign>AWS4-HMAC-SHA256\nnow</StringToSign>\
            <CanonicalRequest>GET\n/k\na=1&amp;b=&lt;&#x26;\n</CanonicalRequest></Error>";
        let answer = ServerAnswer::parse(xml).unwrap();
        assert_eq!(answer.canonical_request.as_deref(), Some("GET\n/k\na=1&b=<&\n"));
        assert_eq!(answer.string_to_sign.as_deref(), Some("AWS4-HMAC-SHA256\nnow"));
    }

    #[test]
    fn the_bytes_go_before_the_text() {
        let xml = "<Error xmlns='x'><Code>c</Code><CanonicalRequest>GET /k</CanonicalRequest>\
            <CanonicalRequestBytes>47 45 54 0a 2f 6b</CanonicalRequestBytes>\
            <StringToSignBytes>zz</StringToSignBytes></Error>";
        let answer = ServerAnswer::parse(xml).unwrap();
        assert_eq!(answer.canonical_request.as_deref(), Some("GET\n/k"));
        assert_eq!(answer.string_to_sign, None);
    }

    #[test]
    fn what_is_no_answer_of_s3_is_refused() {
        for wrong in ["", "<html>no", "{}", "<Error></Code>"] {
            assert!(ServerAnswer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
