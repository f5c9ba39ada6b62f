//! What every peer is given.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// Of AWS's documentation, as the secret.
pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Of AWS's documentation.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// The region.
pub(crate) const REGION: &str = "us-east-1";
/// The bucket, which is the first label of the host.
pub(crate) const BUCKET: &str = "examplebucket";
/// The endpoint without the bucket.
pub(crate) const ENDPOINT: &str = "https://s3.amazonaws.com";
/// Scheme and host of the URLs.
pub(crate) const ORIGIN: &str = "https://examplebucket.s3.amazonaws.com";
/// The host of the URLs.
pub(crate) const HOST: &str = "examplebucket.s3.amazonaws.com";
/// How long a URL works.
pub(crate) const LIFETIME: Duration = Duration::from_hours(24);
/// The signing time, `20130524T000000Z`.
pub(crate) const SIGNED_AT_SECS: u32 = 1_369_353_600;

/// What is said to be in the files that are uploaded.
pub(crate) const CONTENT_TYPE: &str = "text/csv";
/// The least that a form lets in.
pub(crate) const FILE_BYTES_MIN: u64 = 1;
/// The most that a form lets in.
pub(crate) const FILE_BYTES_MAX: u64 = 10 << 20;

/// The host of the requests to Oracle Cloud.
pub(crate) const OCI_HOST: &str = "objectstorage.eu-frankfurt-1.oraclecloud.com";
/// The object of these requests, as a target.
pub(crate) const OCI_TARGET: &str = "/n/namespace/b/examplebucket/o/datasets%2Fds-1%2Ftest.csv";
/// The tenancy of the key, as long as Oracle's.
pub(crate) const OCI_TENANCY: &str =
    "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq";
/// The user of the key.
pub(crate) const OCI_USER: &str =
    "ocid1.user.oc1..aaaaaaaat5nvwcna5j6aqzjcaty5eqbb6qt2jvpkanghtgdaqedqw3rynjq";
/// The fingerprint of the key.
pub(crate) const OCI_FINGERPRINT: &str = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
/// A key of 2,048 bits, which is the one of the tests.
pub(crate) const OCI_KEY_PEM: &str =
    include_str!("../../crates/countersign/tests/data/oci-keys/pkcs8.pem");
/// The body of the requests that have one.
pub(crate) const OCI_BODY: &[u8] = b"id,name\n1,first\n2,second\n";

/// A usual key.
pub(crate) const SHORT_KEY: &str = "datasets/ds-1/test.csv";
/// A key with accents, Japanese and punctuation: 171 bytes.
pub(crate) const AWKWARD_KEY: &str = "données/日本語/étude numéro 7 — été & hiver (2025)/a+b=c%@'[];,#?:!$*~/très long nom \
     de fichier, avec des accents: àâçèéêëîïôùûü/résumé final.csv";

/// The upload whose parts are presigned.
pub(crate) const UPLOAD: Upload<'static> = Upload {
    key: SHORT_KEY,
    // As long as one of Amazon's, of characters that stand for themselves in a URL.
    id: "PtYgjmUh-Bel31iEl2hpChYgCfrL1spNxnyVmihA_2O76UMFxFkM_R5Kjp~1vRt.\
         1fjORS_6ilI8ihN5KXSc7Tvo_hBKqFYY_kv5ZJr3J1TWDtkwtDDb.xHKas1VOq~g",
    parts: 1000,
};

/// One multipart upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upload<'a> {
    /// The key of the object.
    pub(crate) key: &'a str,
    /// The upload id.
    pub(crate) id: &'a str,
    /// How many parts it has; the first is number 1.
    pub(crate) parts: u16,
}

/// What a URL is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task<'a> {
    /// To GET the object of a key.
    Get(&'a str),
    /// To PUT the part of that number.
    Part(Upload<'a>, u16),
}

impl<'a> Task<'a> {
    /// The tasks of an upload, in the order of its parts.
    pub(crate) fn parts(upload: Upload<'a>) -> impl Iterator<Item = Self> {
        (1..=upload.parts).map(move |number| Self::Part(upload, number))
    }

    /// The method of the request.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Get(_) => "GET",
            Self::Part(..) => "PUT",
        }
    }

    /// The URL before it is signed, for peers that want it encoded.
    pub(crate) fn uri(self) -> String {
        match self {
            Self::Get(key) => format!("{ORIGIN}/{}", path(key)),
            Self::Part(Upload { key, id, .. }, number) => {
                format!("{ORIGIN}/{}?partNumber={number}&uploadId={}", path(key), query(id))
            }
        }
    }
}

/// What a request to Oracle Cloud is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OciTask {
    /// To GET the object.
    Get,
    /// To PUT the object, with the headers of its body signed.
    Put,
}

impl OciTask {
    /// The method of the request.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
        }
    }
}

/// What stands in the place of the signature of a URL, which is its last parameter in all of them.
pub(crate) fn signature(url: &str) -> &str {
    url.rsplit_once("&X-Amz-Signature=").unwrap_or_default().1
}

/// A URL without its origin.
pub(crate) fn target(url: &str) -> &str {
    url.strip_prefix(ORIGIN).unwrap_or_default()
}

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

fn path(key: &str) -> PercentEncode<'_> {
    utf8_percent_encode(key, PATH)
}

fn query(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, QUERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upload_id_has_128_characters_that_stand_for_themselves() {
        assert_eq!(UPLOAD.id.len(), 128);
        assert_eq!(query(UPLOAD.id).to_string(), UPLOAD.id);
    }
}
