//! Free ports, for programs that cannot choose one themselves.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems assign by themselves, so that none is taken between the check and the use.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A free port on the loopback interface that this function did not return lately.
pub(super) fn free() -> Option<u16> {
    // Several runs at the same time start from different ports.
    let offset = std::process::id() % u32::from(COUNT);
    (0..COUNT).find_map(|_| {
        let number = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from((offset * 7 + number) % u32::from(COUNT)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    })
}
