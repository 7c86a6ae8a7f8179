//! Which address a report comes from.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use http::{HeaderMap, header};

/// A network, such as `10.0.0.0/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is one of this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let rest = 32 - u32::from(self.prefix);
                let differing = u32::from(network) ^ u32::from(address);
                differing.checked_shr(rest).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let rest = 128 - u32::from(self.prefix);
                let differing = u128::from(network) ^ u128::from(address);
                differing.checked_shr(rest).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let wrong = || format!("{text:?} is no network: write 10.0.0.0/8, fd00::/8 or an address");
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| wrong())?;
        if prefix > bits {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Address(IpAddr),
    Unix,
}

/// Which proxies are believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trust<'a> {
    pub(crate) proxies: &'a [Network],
    pub(crate) unix: bool,
}

/// The address of the client: that of the peer, or what trusted proxies say of theirs.
///
/// `Forwarded` (RFC 7239) wins over `X-Forwarded-For`. Both are read from the end, where the nearest proxy writes,
/// up to the first address that is not trusted: what stands before it may be a client's own invention.
pub(crate) fn client_address(peer: Peer, headers: &HeaderMap, trust: Trust<'_>) -> Option<IpAddr> {
    let trusted = |address: IpAddr| trust.proxies.iter().any(|proxy| proxy.contains(address));
    let mut nearest = match peer {
        Peer::Address(address) => Some(address.to_canonical()),
        Peer::Unix => None,
    };
    if !nearest.map_or(trust.unix, trusted) {
        return nearest;
    }
    for hop in hops(headers).into_iter().rev() {
        let Some(address) = hop else {
            // Obfuscated or damaged; nothing before it can be believed.
            return nearest;
        };
        nearest = Some(address);
        if !trusted(address) {
            break;
        }
    }
    nearest
}

/// The addresses that proxies noted, the nearest last; `None` for those that are none.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let all = |name| {
        let values = headers.get_all(name).into_iter();
        values.flat_map(|value| value.to_str().unwrap_or("?").split(','))
    };
    if headers.contains_key(header::FORWARDED) {
        let of = |element: &str| {
            let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let node = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
            parse_node(node.1.trim().trim_matches('"'))
        };
        return all("forwarded").map(of).collect();
    }
    all("x-forwarded-for")
        .map(|hop| parse_node(hop.trim()))
        .collect()
}

/// An address, perhaps with a port; one of IPv6 perhaps in brackets.
fn parse_node(node: &str) -> Option<IpAddr> {
    if let Some(rest) = node.strip_prefix('[') {
        let (address, _port) = rest.split_once(']')?;
        return Some(IpAddr::V6(address.parse().ok()?).to_canonical());
    }
    let address = node.parse().ok().or_else(|| {
        let (address, _port) = node.split_once(':')?;
        address.parse().ok()
    });
    address.map(|address: IpAddr| address.to_canonical())
}

/// What counts as one client: an address of IPv4, or the network of 64 bits that a customer has of IPv6.
pub(crate) fn rate_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let network = u128::from(v6) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, name: &'static str, value: &str) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let trust = Trust {
            proxies: &proxies,
            unix: false,
        };
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let peer = Peer::Address(peer.parse().unwrap());
        client_address(peer, &headers, trust).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forwarded = "x-forwarded-for";
        assert_eq!(client("192.0.2.1", forwarded, "198.51.100.7"), "192.0.2.1");
        assert_eq!(
            client("10.1.1.1", forwarded, "198.51.100.7"),
            "198.51.100.7"
        );
        assert_eq!(
            client("::ffff:10.1.1.1", forwarded, "198.51.100.7"),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.1.1.1", forwarded, "1.1.1.1, 198.51.100.7, 10.2.2.2"),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.1.1.1", forwarded, "1.1.1.1, unknown"),
            "10.1.1.1"
        );
    }

    #[test]
    fn forwarded_has_ports_and_brackets() {
        let value = "for=1.1.1.1, for=\"[2001:db8::7]:4711\";proto=https";
        assert_eq!(client("fd00::1", "forwarded", value), "2001:db8::7");
        assert_eq!(
            client("10.1.1.1", "forwarded", "For=192.0.2.9:80"),
            "192.0.2.9"
        );
        assert_eq!(client("10.1.1.1", "forwarded", "for=_hidden"), "10.1.1.1");
    }

    #[test]
    fn networks_contain_their_addresses() {
        for (network, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("::1", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()));
            assert!(!network.contains(outside.parse().unwrap()));
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.1".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn neighbours_of_ipv6_count_as_one() {
        let key = |text: &str| rate_key(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    }
}
