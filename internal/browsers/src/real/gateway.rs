//! Servers that Chromium reaches without a proxy, so that it knows in which address space they are.
//!
//! Local Network Access depends on the address of a connection. A browser that uses a proxy does not know it. So for scenarios about
//! Local Network Access, Chromium connects directly: it is told to resolve every name to a port of the gateway, and in which address
//! space each of these ports is.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::task::JoinSet;

use super::certificates::Certificates;
use super::proxy::{Context, accept_direct};
use super::record::Record;
use cors_browser::{AddressSpace, Network};
use cors_conformance::network::LAN;

/// The hosts in each address space, as patterns of Chromium. The first pattern that matches counts. A `?` is one character or none: the
/// proxies of other scenarios have ports of five digits.
const HOSTS: &[(&str, AddressSpace)] = &[
    ("localhost", AddressSpace::Loopback),
    ("*.localhost", AddressSpace::Loopback),
    ("[::1]", AddressSpace::Loopback),
    ("127.0.0.1:????", AddressSpace::Loopback),
    ("10.*", AddressSpace::Local),
    ("192.168.*", AddressSpace::Local),
    ("*.local", AddressSpace::Local),
    (LAN, AddressSpace::Local),
    (LAN_NAMES, AddressSpace::Local),
    ("*.example", AddressSpace::Public),
];

/// The pattern of names below [`LAN`].
const LAN_NAMES: &str = "*.lan.example";

/// The servers of one scenario at a time.
pub(super) struct Gateway {
    /// A port for each address space.
    ports: Vec<(AddressSpace, u16)>,
    certificates: Arc<Certificates>,
    current: Arc<Mutex<Option<Arc<Context>>>>,
    /// Whose turn it is. Connections do not show to which scenario they belong.
    turn: Arc<AsyncMutex<()>>,
    _tasks: JoinSet<()>,
}

impl Gateway {
    pub(super) async fn start(certificates: Arc<Certificates>) -> io::Result<Self> {
        let current = Arc::<Mutex<Option<Arc<Context>>>>::default();
        let (mut ports, mut tasks) = (Vec::new(), JoinSet::new());
        for &space in AddressSpace::ALL {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            ports.push((space, listener.local_addr()?.port()));
            tasks.spawn(accept_direct(listener, current.clone()));
        }
        Ok(Self { ports, certificates, current, turn: Arc::default(), _tasks: tasks })
    }

    /// Arguments for Chromium: where the gateway is, and in which address space its ports are.
    pub(super) fn arguments(&self) -> [String; 2] {
        let address = |space: AddressSpace| {
            let port = self.ports.iter().find(|(other, _)| *other == space).map_or(0, |(_, port)| *port);
            SocketAddr::from((Ipv4Addr::LOCALHOST, port))
        };
        let rules = HOSTS.iter().map(|&(host, space)| format!("MAP {host} {}", address(space)));
        let spaces = AddressSpace::ALL.iter().map(|&space| format!("{}={space}", address(space)));
        [
            format!("--host-resolver-rules={}", rules.collect::<Vec<_>>().join(",")),
            format!("--ip-address-space-overrides={}", spaces.collect::<Vec<_>>().join(",")),
        ]
    }

    /// Waits for its turn, and then serves the scenario whose servers are behind `network`.
    pub(super) async fn visit(&self, network: Arc<dyn Network>) -> Visit {
        let turn = self.turn.clone().lock_owned().await;
        let record = Arc::<Record>::default();
        let context = Context::new(network, self.certificates.clone(), record.clone());
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(context));
        Visit { record, current: self.current.clone(), _turn: turn }
    }
}

/// The turn of one scenario; it ends when this value is dropped.
pub(super) struct Visit {
    /// The exchanges of the scenario.
    pub(super) record: Arc<Record>,
    current: Arc<Mutex<Option<Arc<Context>>>>,
    _turn: OwnedMutexGuard<()>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_local_network_are_below_its_domain() {
        assert_eq!(LAN_NAMES, format!("*.{LAN}"));
    }

    #[tokio::test]
    async fn chromium_is_told_the_ports_and_their_address_spaces() {
        let gateway = Gateway::start(Arc::new(Certificates::new().unwrap())).await.unwrap();
        let [hosts, spaces] = gateway.arguments();
        for (space, port) in &gateway.ports {
            assert!(spaces.contains(&format!("127.0.0.1:{port}={space}")), "{spaces}");
            assert!(hosts.contains(&format!(" 127.0.0.1:{port}")), "{hosts}");
        }
    }

    #[tokio::test]
    async fn one_scenario_after_the_other_is_served() {
        use std::time::Duration;

        use cors_conformance::network::LoopbackNetwork;
        use cors_conformance::scenario::HttpVersion;
        use tokio::time::timeout;

        let gateway = Gateway::start(Arc::new(Certificates::new().unwrap())).await.unwrap();
        let network = || Arc::new(LoopbackNetwork::new(HttpVersion::Http11));
        let first = gateway.visit(network()).await;
        assert!(timeout(Duration::from_millis(20), gateway.visit(network())).await.is_err());
        drop(first);
        assert!(timeout(Duration::from_secs(5), gateway.visit(network())).await.is_ok());
    }
}
