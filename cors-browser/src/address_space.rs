//! Local Network Access, "IP address space", and the user's answers to its prompts.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::code::codes;

codes! {
    /// Local Network Access, "IP address space": from where the address of a server can be reached.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    AddressSpace {
        /// Only from the device itself.
        Loopback = "loopback",
        /// Only from the local network.
        Local = "local",
        /// From everywhere.
        Public = "public",
    }
}

impl AddressSpace {
    /// The address space that the host of `url` shows: that of an IP address, of `localhost` or of a `.local` name.
    ///
    /// Every other name counts as public, although it can have any address.
    pub fn of(url: &Url) -> Self {
        match url.host() {
            Some(Host::Ipv4(address)) => Self::of_ipv4(address),
            Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
                Some(address) => Self::of_ipv4(address),
                None => Self::of_ipv6(address),
            },
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                match name.rsplit('.').next() {
                    Some("localhost") => Self::Loopback,
                    Some("local") if name != "local" => Self::Local,
                    _ => Self::Public,
                }
            }
            None => Self::Public,
        }
    }

    /// "IP address block", the table of IPv4 addresses.
    fn of_ipv4(address: Ipv4Addr) -> Self {
        let is_carrier_grade_nat = matches!(address.octets(), [100, 64..=127, ..]);
        match () {
            () if address.is_loopback() => Self::Loopback,
            () if address.is_private() || address.is_link_local() || is_carrier_grade_nat => Self::Local,
            () => Self::Public,
        }
    }

    /// "IP address block", the table of IPv6 addresses: `fc00::/7` and `fe80::/10` are local.
    fn of_ipv6(address: Ipv6Addr) -> Self {
        let first = address.segments()[0];
        match () {
            () if address.is_loopback() => Self::Loopback,
            () if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 => Self::Local,
            () => Self::Public,
        }
    }
}

codes! {
    /// What a user has answered when the browser asked whether a page may use a network.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    Permission {
        /// Yes.
        Granted = "granted",
        /// No.
        Denied = "denied",
        /// Nothing: the user closed the prompt.
        Dismissed = "dismissed",
    }
}

/// Local Network Access, "Permissions": what a page is allowed to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkPermissions {
    /// The permission `local-network`.
    pub local: Permission,
    /// The permission `loopback-network`.
    pub loopback: Permission,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1", AddressSpace::Loopback)]
    #[case("http://127.8.9.1:3000", AddressSpace::Loopback)]
    #[case("http://[::1]", AddressSpace::Loopback)]
    #[case("http://[::ffff:127.0.0.1]", AddressSpace::Loopback)]
    #[case("http://localhost", AddressSpace::Loopback)]
    #[case("http://app.localhost.", AddressSpace::Loopback)]
    #[case("http://10.0.0.1", AddressSpace::Local)]
    #[case("http://172.16.0.1", AddressSpace::Local)]
    #[case("http://172.31.255.255", AddressSpace::Local)]
    #[case("http://192.168.1.1", AddressSpace::Local)]
    #[case("http://169.254.1.1", AddressSpace::Local)]
    #[case("http://100.64.0.1", AddressSpace::Local)]
    #[case("http://[fd00::1]", AddressSpace::Local)]
    #[case("http://[fe80::1]", AddressSpace::Local)]
    #[case("http://[::ffff:10.0.0.1]", AddressSpace::Local)]
    #[case("http://printer.local", AddressSpace::Local)]
    #[case("http://172.32.0.1", AddressSpace::Public)]
    #[case("http://192.169.1.1", AddressSpace::Public)]
    #[case("http://100.128.0.1", AddressSpace::Public)]
    #[case("http://[2001:db8::1]", AddressSpace::Public)]
    #[case("http://[fec0::1]", AddressSpace::Public)]
    #[case("http://local", AddressSpace::Public)]
    #[case("http://notlocalhost", AddressSpace::Public)]
    #[case("http://localhost.example", AddressSpace::Public)]
    #[case("https://api.example", AddressSpace::Public)]
    #[case("data:,x", AddressSpace::Public)]
    fn address_spaces(#[case] url: &str, #[case] expected: AddressSpace) {
        assert_eq!(AddressSpace::of(&Url::parse(url).unwrap()), expected);
    }
}
