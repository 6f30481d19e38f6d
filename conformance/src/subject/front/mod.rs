//! A door in front of a running server: a port of one's choice, and TLS if wished.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Server;

pub use certificate::{Authority, Certificate};

mod certificate;

/// Whether a front speaks TLS.
#[derive(Debug)]
pub enum Security {
    /// Bytes are passed on as they come.
    Plain,
    /// TLS ends here.
    Tls(Certificate),
}

/// A server behind a port of one's choice.
pub struct Front {
    address: SocketAddr,
    is_secure: bool,
    door: Option<JoinSet<()>>,
    server: Server,
}

impl Front {
    /// Puts a front before `server`; with port 0 and without TLS, the server's own port will do.
    pub async fn start(port: u16, security: Security, server: Server) -> io::Result<Self> {
        let acceptor = match security {
            Security::Plain => None,
            Security::Tls(certificate) => Some(certificate.acceptor().map_err(io::Error::other)?),
        };
        let is_secure = acceptor.is_some();
        if port == 0 && !is_secure {
            return Ok(Self { address: server.address(), is_secure, door: None, server });
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))?;
        let address = listener.local_addr()?;
        let mut door = JoinSet::new();
        door.spawn(accept(listener, acceptor, server.address()));
        Ok(Self { address, is_secure, door: Some(door), server })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The socket that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
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
