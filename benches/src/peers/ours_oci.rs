use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Method, RequestHead, Timestamp,
    oci::{
        Claim, Content, ContentRule, KeyId, Request, RsaKey, RsaPublicKey, SignedRequest,
        SigningString, Target, Verifier, VerifyError,
    },
};

use crate::input::{
    CONTENT_TYPE, OCI_BODY, OCI_FINGERPRINT, OCI_HOST, OCI_KEY_PEM, OCI_TARGET, OCI_TENANCY,
    OCI_USER, OciTask, SIGNED_AT_SECS,
};

/// Countersign with what a client of Oracle Cloud keeps, and what a server does: the key, its id,
/// the verifier. A body is digested before.
#[derive(Debug)]
pub(crate) struct OursOci {
    key: RsaKey,
    public_key: RsaPublicKey,
    key_id: KeyId,
    content: Content<'static>,
    verifier: Verifier,
    now: Timestamp,
}

impl OursOci {
    /// At the second of the comparison.
    pub(crate) fn new() -> Self {
        Self::at(Timestamp::from_unix_secs(SIGNED_AT_SECS.into()).unwrap())
    }

    /// At another second.
    pub(crate) fn at(now: Timestamp) -> Self {
        let key = RsaKey::from_pem(OCI_KEY_PEM).unwrap();
        let key_id = format!("{OCI_TENANCY}/{OCI_USER}/{OCI_FINGERPRINT}");
        Self {
            public_key: key.public_key(),
            key,
            key_id: KeyId::parse(key_id).unwrap(),
            content: Content::of(OCI_BODY, CONTENT_TYPE),
            verifier: Verifier::new(),
            now,
        }
    }

    /// The second at which it signs and verifies.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Signs a request.
    pub(crate) fn sign(&self, task: OciTask) -> SignedRequest {
        let method = Method::new(task.method()).unwrap();
        let target = Target::new(OCI_TARGET).unwrap();
        let mut request = Request::new(method, target, OCI_HOST, ContentRule::Signed);
        if task == OciTask::Put {
            request = request.with_content(self.content);
        }
        request.sign(&self.key_id, &self.key, self.now).unwrap()
    }

    /// The text that the signature of a request is of.
    pub(crate) fn signing_string(&self, task: OciTask) -> String {
        let signed = self.sign(task);
        let sent = SentToOci::new(task, signed.headers());
        let names = signed.authorization().signed_headers();
        let list: Vec<_> = names.map(|name| (name, sent.value(name))).collect();
        let method = Method::new(task.method()).unwrap();
        let target = Target::new(OCI_TARGET).unwrap();
        let text = SigningString::new(method, target, &list, ContentRule::Signed).unwrap();
        text.as_str().to_owned()
    }

    /// The bytes of the signature of a request.
    pub(crate) fn signature(&self, task: OciTask) -> Vec<u8> {
        STANDARD.decode(self.sign(task).authorization().signature()).unwrap()
    }

    /// Verifies a request at a second, with a look-up of the key by its id.
    ///
    /// # Errors
    ///
    /// When the request does not hold.
    pub(crate) fn verify(&self, sent: &SentToOci, now: Timestamp) -> Result<(), VerifyError> {
        let headers = sent.headers.as_slice();
        let head = RequestHead { method: sent.task.method(), target: sent.target, headers };
        let claim = Claim::parse(&head)?;
        let checked = self.verifier.check(&claim, now)?;
        let is_known = checked.key_id().as_str() == self.key_id.as_str();
        let key = Some(&self.public_key).filter(|_| is_known);
        checked.verify(key).map(|_| ())
    }
}

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct SentToOci {
    pub(crate) task: OciTask,
    pub(crate) target: &'static str,
    pub(crate) headers: Vec<(String, String)>,
}

impl SentToOci {
    /// Takes what a signer says is to be added.
    pub(crate) fn new<'a>(
        task: OciTask,
        added: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let headers = [("host", OCI_HOST)].into_iter().chain(added).map(owned);
        Self { task, target: OCI_TARGET, headers: headers.collect() }
    }

    /// The value of a header, or nothing.
    pub(crate) fn value(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// With another value of a header that is there.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let header = self.headers.iter_mut().find(|(other, _)| other == name);
        value.clone_into(&mut header.unwrap().1);
        self
    }
}
