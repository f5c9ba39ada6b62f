use core::fmt;

use crate::InvalidValue;

/// An HTTP method, compared byte for byte: `get` is not [`GET`](Method::GET).
///
/// Any token of RFC 9110, section 5.6.2, of 1 to 32 characters, so that a verifier can answer for
/// every request that it may receive.
///
/// ```
/// use countersign::Method;
///
/// assert_eq!(Method::new("PUT")?, Method::PUT);
/// assert!(Method::new("GET\n/").is_err());
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method<'a>(&'a str);

impl<'a> Method<'a> {
    /// `DELETE`
    pub const DELETE: Method<'static> = Method("DELETE");
    /// `GET`
    pub const GET: Method<'static> = Method("GET");
    /// `HEAD`
    pub const HEAD: Method<'static> = Method("HEAD");
    /// `POST`
    pub const POST: Method<'static> = Method("POST");
    /// `PUT`
    pub const PUT: Method<'static> = Method("PUT");

    const LEN_MAX: usize = 32;

    /// Takes a method as it stands in a request line.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Method`], when it is no token, or is over 32 characters.
    pub fn new(method: &'a str) -> Result<Self, InvalidValue> {
        // A line break in a method would let it forge the lines that follow it in the canonical
        // request.
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if method.is_empty() || method.len() > Self::LEN_MAX || !method.bytes().all(is_token) {
            return Err(InvalidValue::Method);
        }
        Ok(Self(method))
    }

    /// The method as it goes on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_method_is_a_token_of_1_to_32_characters() {
        let (long, longer) = ("A".repeat(32), "A".repeat(33));
        for text in ["GET", "get", "M-SEARCH", "!#$%&'*+-.^_`|~", "7", &long] {
            let method = Method::new(text).unwrap();
            assert_eq!((method.as_str(), method.to_string().as_str()), (text, text));
        }
        for text in ["", &longer, "GET ", "A/B", "A\n", "É", "A:", "(A)", "A\0"] {
            assert_eq!(Method::new(text), Err(InvalidValue::Method), "{text}");
        }
    }
}
