//! TLS, with ring.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::SetUpError;

/// Trusts the certificates of the system, or these alone, in PEM.
pub(crate) fn config(root_certificates: Option<&[u8]>) -> Result<Arc<ClientConfig>, SetUpError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SetUpError::Tls)?;
    let builder = match root_certificates {
        Some(pem) => builder.with_root_certificates(roots(pem)?),
        None => builder.with_platform_verifier().map_err(SetUpError::Tls)?,
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A session that is taken up again would tie two fetches together.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, SetUpError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| SetUpError::RootCertificates)?;
        roots.add(certificate).map_err(|_| SetUpError::RootCertificates)?;
    }
    if roots.is_empty() { Err(SetUpError::RootCertificates) } else { Ok(roots) }
}
