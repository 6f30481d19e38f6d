//! Certificates for tests, made when they are needed and never written to disk.

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
    /// Its own certificate, then that of the issuer.
    chain: Vec<CertificateDer<'static>>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificate {
    /// A self-signed certificate for `localhost` and `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Key generation or signing failed.
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
    /// The TLS library does not accept the certificate or key.
    pub fn acceptor(self) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
        // Named explicitly, because another crate in the same program may bring a second provider.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key.into())?;
        // The server behind the front gets plain text, and not every framework speaks HTTP/2 without TLS.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// A self-signed test CA.
#[derive(Debug)]
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new CA with a key of its own, which no client trusts yet.
    ///
    /// # Errors
    ///
    /// Key generation or signing failed.
    pub fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.distinguished_name = DistinguishedName::new();
        // A unique name: a client that mixed up two CAs of the same name would report a bad signature.
        let sign: String =
            key.public_key_raw().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect();
        parameters.distinguished_name.push(DnType::CommonName, format!("CORS conformance {sign}"));
        let certificate = parameters.self_signed(&key)?.der().clone();
        Ok(Self { certificate, issuer: Issuer::new(parameters, key) })
    }

    /// Its own certificate in DER, for clients that are to trust it.
    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// Its public key: a `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1).
    pub fn public_key(&self) -> Vec<u8> {
        rcgen::PublicKeyData::subject_public_key_info(self.issuer.key())
    }

    /// Issues a certificate for `host`, written as in a URL.
    ///
    /// # Errors
    ///
    /// `host` cannot be in a certificate, or signing failed.
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
