//! The claim's own parameters in a query.

use crate::{
    ParseError,
    encode::{Part, Wire},
    error::Field,
    names::AUTH_PARAMETERS,
    signing_key::ALGORITHM,
};

/// Their values, in the order of [`AUTH_PARAMETERS`]. Beside the query, for they are needed only
/// until the claim is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthParameters<'a>([Option<Wire<'a>>; AUTH_PARAMETERS.len()]);

impl<'a> AuthParameters<'a> {
    /// Reads them where they stand first, in order, spelled as signers spell them; or is `None`
    /// where anything is unusual, and then nothing is read. The signature may stand behind them, or
    /// anywhere else.
    ///
    /// So nearly all queries begin. To ask for each name where it should be takes a third of the
    /// time that it takes to find out which one is there.
    pub(crate) fn read_usual(&mut self, text: &'a str) -> Option<UsualStart<'a>> {
        let (algorithm, rest) = text.strip_prefix("X-Amz-Algorithm=")?.split_at_checked(16)?;
        let rest = rest.strip_prefix("&X-Amz-Credential=").filter(|_| algorithm == ALGORITHM)?;
        let (credential, rest) = canonical(rest)?;
        let (date, rest) = canonical(rest.strip_prefix("&X-Amz-Date=")?)?;
        let (expires, rest) = canonical(rest.strip_prefix("&X-Amz-Expires=")?)?;
        let (token, rest) = match rest.strip_prefix("&X-Amz-Security-Token=") {
            Some(rest) => canonical(rest).map(|(token, rest)| (Some(token), rest))?,
            None => (None, rest),
        };
        let (signed_headers, unsigned) = canonical(rest.strip_prefix("&X-Amz-SignedHeaders=")?)?;
        let (signature, rest) = match unsigned.strip_prefix("&X-Amz-Signature=") {
            Some(rest) => canonical(rest).map(|(signature, rest)| (Some(signature), rest))?,
            None => (None, unsigned),
        };
        self.0 = [
            Some(Wire::plain(algorithm, Part::Query)),
            Some(credential),
            Some(date),
            Some(expires),
            token,
            signature,
            Some(signed_headers),
        ];
        Some(UsualStart {
            count: [token, signature].iter().flatten().count().saturating_add(5),
            rest,
            signature: signature.map(|_| {
                let end = text.len().saturating_sub(rest.len());
                [text.len().saturating_sub(unsigned.len()).saturating_add(1), end]
            }),
        })
    }

    pub(crate) fn set(&mut self, field: Field, value: Wire<'a>) -> Result<(), ParseError> {
        let slot = auth_slot(field).and_then(|slot| self.0.get_mut(slot));
        match slot.map(|place| place.replace(value)) {
            Some(None) => Ok(()),
            _ => Err(ParseError::Duplicate(field)),
        }
    }

    #[inline]
    pub(crate) fn value(&self, field: Field) -> Option<&Wire<'a>> {
        self.0.get(auth_slot(field)?)?.as_ref()
    }
}

/// The first of a query's parameters, all canonical, and in order but for the signature.
#[derive(Clone, Copy)]
pub(crate) struct UsualStart<'a> {
    pub(crate) count: usize,
    /// Where that of the signature begins and ends in the text, if it is one of them.
    pub(crate) signature: Option<[usize; 2]>,
    pub(crate) rest: &'a str,
}

impl UsualStart<'_> {
    /// The name of the last of them but the signature.
    pub(crate) const LAST: Field = Field::SignedHeaders;
}

/// Reads a value that is spelled in the canonical way, and gives what follows.
fn canonical(text: &str) -> Option<(Wire<'_>, &str)> {
    Wire::read(text, Part::Query, Some(b'&')).filter(|(value, _)| value.is_canonical())
}

/// The claim's own parameter of exactly this name.
pub(crate) fn auth_field(name: &str) -> Option<Field> {
    let field = match name.strip_prefix("X-Amz-")? {
        "Algorithm" => Field::Algorithm,
        "Credential" => Field::Credential,
        "Date" => Field::Date,
        "Expires" => Field::Expires,
        "Security-Token" => Field::SecurityToken,
        "Signature" => Field::Signature,
        "SignedHeaders" => Field::SignedHeaders,
        _ => return None,
    };
    Some(field)
}

/// Its place in [`AUTH_PARAMETERS`].
const fn auth_slot(field: Field) -> Option<usize> {
    let slot = match field {
        Field::Algorithm => 0,
        Field::Credential => 1,
        Field::Date => 2,
        Field::Expires => 3,
        Field::SecurityToken => 4,
        Field::Signature => 5,
        Field::SignedHeaders => 6,
        _ => return None,
    };
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_the_claim_are_known_by_their_names() {
        for field in AUTH_PARAMETERS {
            assert_eq!(auth_field(field.as_str()), Some(field));
            assert_eq!(auth_slot(field).map(|slot| AUTH_PARAMETERS[slot]), Some(field));
            assert_eq!(auth_field(&field.as_str().to_ascii_lowercase()), None);
        }
        assert_eq!(auth_field("X-Amz-"), None);
    }

    #[test]
    fn only_what_is_usual_in_every_way_is_read_at_once() {
        let credential = "AKIA%2F20130524%2Fus-east-1%2Fs3%2Faws4_request";
        let start = alloc::format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=60"
        );
        for (text, count, rest) in [
            ("&X-Amz-SignedHeaders=host", 5, ""),
            ("&X-Amz-SignedHeaders=a%3Bhost&X-Amz-Signature=0&a", 6, "&a"),
            ("&X-Amz-SignedHeaders=host&a=1&X-Amz-Signature=0", 5, "&a=1&X-Amz-Signature=0"),
            ("&X-Amz-Security-Token=a%2B&X-Amz-SignedHeaders=host&a&b", 6, "&a&b"),
            ("&X-Amz-Security-Token=a&X-Amz-SignedHeaders=host&X-Amz-Signature=0", 7, ""),
        ] {
            let text = start.clone() + text;
            let mut parameters = AuthParameters::default();
            let usual = parameters.read_usual(&text).expect(&text);
            assert_eq!((usual.count, usual.rest), (count, rest));
            let read = AUTH_PARAMETERS.iter().filter(|field| parameters.value(**field).is_some());
            assert_eq!(read.count(), count);
            let credential_read =
                parameters.value(Field::Credential).map(|value| value.as_received());
            assert_eq!(credential_read, Some(credential));
        }
        for wrong in [
            "",
            "X-Amz-Algorithm=AWS4-HMAC-SHA512&X-Amz-Credential=a",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            &start,
            &alloc::format!("{start}&X-Amz-SignedHeaders"),
            &alloc::format!("{start}&X-Amz-SignedHeaders=a;host"),
            &alloc::format!("{start}&X-Amz-SignedHeaders=a%3bhost"),
            &alloc::format!("{start}&X-Amz-SignedHeaders=%"),
            &alloc::format!("{start}&X-Amz-Signature=0&X-Amz-SignedHeaders=host"),
            &alloc::format!("a=1&{start}&X-Amz-SignedHeaders=host"),
        ] {
            let mut parameters = AuthParameters::default();
            assert!(parameters.read_usual(wrong).is_none(), "{wrong}");
            assert_eq!(parameters, AuthParameters::default(), "{wrong}");
        }
    }
}
