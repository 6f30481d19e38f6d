//! A door in front of a running server: a port of one's choice, and TLS if wished.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::Server;

/// Whether a front speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Bytes are passed on as they come.
    Plain,
    /// TLS ends here, with a certificate for `localhost` that is made for this start.
    Tls,
}

/// A server behind a port of one's choice.
pub struct Front {
    address: SocketAddr,
    security: Security,
    certificate: Option<Vec<u8>>,
    door: Option<JoinSet<()>>,
    server: Server,
}

impl Front {
    /// Puts a front before `server`; with port 0 and without TLS, the server's own port will do.
    pub async fn start(port: u16, security: Security, server: Server) -> io::Result<Self> {
        if port == 0 && security == Security::Plain {
            return Ok(Self { address: server.address(), security, certificate: None, door: None, server });
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))?;
        let address = listener.local_addr()?;
        let (acceptor, certificate) = match security {
            Security::Plain => (None, None),
            Security::Tls => {
                let (acceptor, certificate) = tls().map_err(io::Error::other)?;
                (Some(acceptor), Some(certificate))
            }
        };
        let mut door = JoinSet::new();
        door.spawn(accept(listener, acceptor, server.address()));
        Ok(Self { address, security, certificate, door: Some(door), server })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        let scheme = match self.security {
            Security::Plain => "http",
            Security::Tls => "https",
        };
        format!("{scheme}://{}", self.address)
    }

    /// Its certificate in DER, for clients that shall trust it.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// Closes the door, then stops the server.
    pub async fn stop(self) {
        if let Some(mut door) = self.door {
            door.shutdown().await;
        }
        self.server.stop().await;
    }
}

/// Serves until it is dropped, and every connection with it.
async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, server: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it was accepted concerns nobody.
                if let Ok((client, _)) = accepted {
                    let acceptor = acceptor.clone();
                    connections.spawn(async move {
                        // Whoever breaks off a connection knows it.
                        let _ = forward(client, acceptor, server).await;
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn forward(mut client: TcpStream, acceptor: Option<TlsAcceptor>, server: SocketAddr) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    match acceptor {
        None => tokio::io::copy_bidirectional(&mut client, &mut server).await?,
        Some(acceptor) => {
            let mut client = acceptor.accept(client).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await?
        }
    };
    Ok(())
}

/// The TLS side of a front, and its certificate in DER.
fn tls() -> Result<(TlsAcceptor, Vec<u8>), Box<dyn std::error::Error + Send + Sync>> {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    // The provider is named, because another crate in the same program may have brought a second one.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    // Not every framework answers HTTP/2 without TLS, which is what arrives behind this front.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), cert.der().to_vec()))
}

#[cfg(test)]
mod tests;
