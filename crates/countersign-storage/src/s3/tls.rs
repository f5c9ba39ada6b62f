//! The HTTP client: with ring, without redirects, without what the environment says.

use std::{sync::Arc, time::Duration};

use reqwest::redirect::Policy;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;

use super::settings::S3SettingsError;

/// The longest that a connection takes to come about.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A client for requests to this origin, which are signed already.
pub(super) fn client(
    origin: &str,
    root_certificates: Option<&[u8]>,
    silence_max: Duration,
) -> Result<reqwest::Client, S3SettingsError> {
    let built = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(origin, root_certificates)?)
        .connect_timeout(CONNECT_MAX.min(silence_max))
        // A signature is for one host: whoever sends it elsewhere gets it.
        .redirect(Policy::none())
        .no_proxy()
        // S3 has no HTTP/2.
        .http1_only()
        .build();
    built.map_err(|error| S3SettingsError::Client(error.into()))
}

fn tls(origin: &str, root_certificates: Option<&[u8]>) -> Result<ClientConfig, S3SettingsError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| S3SettingsError::Client(error.into()))?;
    if root_certificates.is_none() && !origin.starts_with("https:") {
        // A system without certificates is no obstacle to who needs none.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let Some(pem) = root_certificates else {
        let verified = builder.with_platform_verifier();
        let builder = verified.map_err(|error| S3SettingsError::Client(error.into()))?;
        return Ok(builder.with_no_client_auth());
    };
    Ok(builder.with_root_certificates(roots(pem)?).with_no_client_auth())
}

fn roots(pem: &[u8]) -> Result<RootCertStore, S3SettingsError> {
    let wrong = |reason: String| S3SettingsError::RootCertificates { reason: reason.into() };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong(String::from("there are none")));
    }
    Ok(roots)
}
