//! A proxy in front of a running server: a chosen port, and TLS if wanted.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Server;

pub use certificate::{Authority, Certificate};

mod certificate;

/// The pause after `accept` failed. Without it, a process that has no file descriptors left would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether a front speaks TLS.
#[derive(Debug)]
pub enum Security {
    /// Bytes are forwarded as they are.
    Plain,
    /// TLS is terminated with this certificate.
    Tls(Certificate),
}

/// A server behind a chosen port.
pub struct Front {
    address: SocketAddr,
    is_secure: bool,
    proxy: Option<JoinSet<()>>,
    server: Server,
}

impl Front {
    /// Puts a front before `server`. With port 0 and without TLS, the server's own port is used.
    ///
    /// # Errors
    ///
    /// The port cannot be bound, or the TLS library does not accept the certificate.
    pub async fn start(port: u16, security: Security, server: Server) -> io::Result<Self> {
        let acceptor = match security {
            Security::Plain => None,
            Security::Tls(certificate) => Some(certificate.acceptor().map_err(io::Error::other)?),
        };
        let is_secure = acceptor.is_some();
        if port == 0 && !is_secure {
            return Ok(Self { address: server.address(), is_secure, proxy: None, server });
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))?;
        let address = listener.local_addr()?;
        let mut proxy = JoinSet::new();
        proxy.spawn(accept(listener, acceptor, server.address()));
        Ok(Self { address, is_secure, proxy: Some(proxy), server })
    }

    /// The URL of the front, without a path.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and all connections, then stops the server.
    pub async fn stop(self) {
        if let Some(mut proxy) = self.proxy {
            proxy.shutdown().await;
        }
        self.server.stop().await;
    }
}

/// A listener that can be made to fail in tests.
trait Accept {
    async fn accept_one(&mut self) -> io::Result<TcpStream>;
}

impl Accept for TcpListener {
    async fn accept_one(&mut self) -> io::Result<TcpStream> {
        self.accept().await.map(|(client, _)| client)
    }
}

/// Serves connections until it is dropped, which closes them.
async fn accept(mut listener: impl Accept, acceptor: Option<TlsAcceptor>, server: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept_one() => match accepted {
                Ok(client) => {
                    let acceptor = acceptor.clone();
                    connections.spawn(async move {
                        // An error says that the client or the server has disconnected.
                        let _ = forward(client, acceptor, server).await;
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a listener does in a process that has no file descriptors left.
    struct Exhausted(tokio::sync::mpsc::UnboundedSender<()>);

    impl Accept for Exhausted {
        async fn accept_one(&mut self) -> io::Result<TcpStream> {
            self.0.send(()).map_err(io::Error::other)?;
            Err(io::Error::other("too many open files"))
        }
    }

    #[tokio::test]
    async fn an_accept_that_fails_is_not_repeated_at_once() {
        let (sender, mut attempts) = tokio::sync::mpsc::unbounded_channel();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let serving = accept(Exhausted(sender), None, address);
        let ended = tokio::time::timeout(ACCEPT_PAUSE * 3, serving).await;
        assert!(ended.is_err(), "it goes on after an error");
        let mut count = 0;
        while attempts.try_recv().is_ok() {
            count += 1;
        }
        assert!((1..=4).contains(&count), "{count} attempts");
    }
}
