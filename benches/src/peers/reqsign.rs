use http::request::Parts;
use reqsign_aws_v4::{Credential, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer};

use super::{Presign, ready};
use crate::input::{ACCESS_KEY_ID, LIFETIME, REGION, SECRET, Task};

/// reqsign: it takes the head of a request whose URI is encoded, and edits it. It reads the clock.
#[derive(Debug)]
pub(crate) struct Reqsign {
    signer: Signer<Credential>,
}

impl Reqsign {
    /// With credentials that are there, and no way to fetch others.
    pub(crate) fn new() -> Self {
        let provider = StaticCredentialProvider::new(ACCESS_KEY_ID, SECRET);
        Self { signer: Signer::new(Context::new(), provider, RequestSigner::new("s3", REGION)) }
    }
}

impl Presign for Reqsign {
    const NAME: &'static str = "reqsign-aws-v4 3.3";

    type Url = Parts;

    fn presign(&self, task: Task<'_>) -> Parts {
        let request = http::Request::builder().method(task.method()).uri(task.uri()).body(());
        let (mut parts, ()) = request.unwrap().into_parts();
        ready(self.signer.sign(&mut parts, Some(LIFETIME))).unwrap();
        parts
    }

    fn text(url: &Parts) -> String {
        url.uri.to_string()
    }
}
