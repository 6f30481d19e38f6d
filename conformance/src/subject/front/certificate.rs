//! Certificates, made when they are needed and never written down.

use std::error::Error;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, generate_simple_self_signed,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// A certificate and its key: what a server needs to speak TLS.
#[derive(Debug)]
pub struct Certificate {
    /// Its own, and those of who vouches for it.
    chain: Vec<CertificateDer<'static>>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificate {
    /// One for `localhost` that vouches for itself.
    pub fn self_signed() -> Result<Self, rcgen::Error> {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
        Ok(Self { chain: vec![cert.der().clone()], key: signing_key.serialize_der().into() })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.chain[0]
    }

    /// A TLS acceptor that presents this certificate.
    ///
    /// # Errors
    ///
    /// Those of the TLS library.
    pub fn acceptor(self) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
        // The provider is named, because another crate in the same program may have brought a second one.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key.into())?;
        // Not every framework answers HTTP/2 without TLS, which is what arrives behind this front.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Somebody who issues certificates, trusted by whoever chooses to.
#[derive(Debug)]
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, whom nobody knows.
    pub fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.distinguished_name = DistinguishedName::new();
        // Its own name, or clients would take one for the other and blame the signature.
        let sign: String =
            key.public_key_raw().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect();
        parameters.distinguished_name.push(DnType::CommonName, format!("CORS conformance {sign}"));
        let certificate = parameters.self_signed(&key)?.der().clone();
        Ok(Self { certificate, issuer: Issuer::new(parameters, key) })
    }

    /// Its own certificate in DER, for clients that shall trust it.
    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// Its public key: a `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1).
    pub fn public_key(&self) -> Vec<u8> {
        rcgen::PublicKeyData::subject_public_key_info(self.issuer.key())
    }

    /// A certificate for `host`, written as in a URL.
    pub fn issue(&self, host: &str) -> Result<Certificate, rcgen::Error> {
        let key = KeyPair::generate()?;
        // RFC 5280, section 4.2.1.6: an address has no brackets, a name no dot at its end.
        let name = host.trim_matches(['[', ']']).trim_end_matches('.');
        let mut parameters = CertificateParams::new([name.to_owned()])?;
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, host);
        let certificate = parameters.signed_by(&key, &self.issuer)?.der().clone();
        Ok(Certificate {
            chain: vec![certificate, self.certificate.clone()],
            key: key.serialize_der().into(),
        })
    }
}
