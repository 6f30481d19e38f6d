//! TLS for the requests of the commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file with certificates cannot be read.
    #[error("{path}: {reason}; write the path of a PEM file with at least one certificate")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library rejects its configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// A configuration that trusts the system's certificates and those in `authorities`, a PEM file.
pub(crate) fn config(authorities: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let roots = roots(authorities)?;
    // The provider is named because another crate in the same program may bring a second one.
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// A configuration that accepts every certificate. Those that [`config`] does not trust are recorded in `ignored`.
pub(crate) fn config_without_verification(
    authorities: Option<&Path>,
    ignored: Arc<IgnoredCertificates>,
) -> Result<ClientConfig, TlsError> {
    let roots = Arc::new(roots(authorities)?);
    // Without a root certificate this is `None`, and no certificate is trusted.
    let strict = WebPkiServerVerifier::builder_with_provider(roots, provider()).build().ok();
    let schemes = provider().signature_verification_algorithms.supported_schemes();
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Lenient { strict, schemes, ignored }))
        .with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // A system without certificates, or with an invalid one among them, can still reach servers without TLS.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = authorities {
        add_certificates(&mut roots, path)
            .map_err(|reason| TlsError::Certificates { path: path.to_owned(), reason })?;
    }
    Ok(roots)
}

/// The certificates that were accepted although they are not trusted: host names, and what is wrong with their certificates.
#[derive(Debug, Default)]
pub(crate) struct IgnoredCertificates {
    problems: Mutex<BTreeMap<String, String>>,
}

impl IgnoredCertificates {
    /// The host names, each with what is wrong with its certificate.
    pub(crate) fn problems(&self) -> BTreeMap<String, String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, host: &ServerName<'_>, problem: String) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(host.to_str().into_owned(), problem);
    }
}

/// Accepts every certificate, and records those that the strict verifier does not trust.
#[derive(Debug)]
struct Lenient {
    strict: Option<Arc<WebPkiServerVerifier>>,
    schemes: Vec<SignatureScheme>,
    ignored: Arc<IgnoredCertificates>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = match &self.strict {
            Some(strict) => {
                strict.verify_server_cert(certificate, intermediates, host, ocsp_response, now).map(drop)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        if let Err(error) = verified {
            self.ignored.add(host, problem(&error));
        }
        Ok(ServerCertVerified::assertion())
    }

    // The certificate is not trusted, so a signature made with its key proves nothing.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// What is wrong with a certificate, as the end of a sentence about it.
fn problem(error: &rustls::Error) -> String {
    use CertificateError as E;
    match error {
        rustls::Error::InvalidCertificate(E::UnknownIssuer) => {
            "does not come from a CA that this machine trusts".to_owned()
        }
        rustls::Error::InvalidCertificate(E::NotValidForName | E::NotValidForNameContext { .. }) => {
            "is for another host name".to_owned()
        }
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => "has expired".to_owned(),
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            "is not valid yet".to_owned()
        }
        other => format!("is not valid ({other})"),
    }
}

fn add_certificates(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let mut count = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        count += 1;
    }
    if count == 0 { Err("the file has no certificate".to_owned()) } else { Ok(()) }
}
