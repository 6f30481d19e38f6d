//! Hostile origins, derived from the page and from the server.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use cors_browser::Origin;
use url::Url;

use super::Severity;

/// Hosting services on which anyone can have a host, from the public suffix list.
const HOSTING: [&str; 4] = ["github.io", "netlify.app", "pages.dev", "vercel.app"];

/// Characters that URL parsers accept in a host, and that a pattern may take for the end of one.
const SPECIAL: [&str; 4] = ["_", "!", "{", "`"];

/// The most dots of a host that are replaced, one at a time.
const DOTS: usize = 2;

/// The kind of a hostile origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A site that has nothing to do with the page or the server.
    Reflection,
    /// `null`, the origin of a sandboxed frame.
    Null,
    /// A host that begins with a trusted one.
    Prefix,
    /// A host that ends in a trusted one, without a dot before it. Anyone can register it.
    Suffix,
    /// A host with a trusted one in the middle.
    Substring,
    /// A trusted host with another character in place of a dot. Anyone can register it.
    Dot,
    /// A host that begins with a trusted one, followed by a character that is rare in hosts.
    SpecialCharacter,
    /// A host at a hosting service.
    Hosting,
    /// A subdomain of a trusted host.
    Subdomain,
    /// Another subdomain of the trusted host's registrable domain.
    Sibling,
    /// A trusted host over HTTP, if it is trusted over HTTPS.
    HttpTwin,
    /// Another port of a trusted host.
    Port,
    /// The user's own machine.
    Localhost,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Reflection,
        Self::Null,
        Self::Prefix,
        Self::Suffix,
        Self::Substring,
        Self::Dot,
        Self::SpecialCharacter,
        Self::Hosting,
        Self::Subdomain,
        Self::Sibling,
        Self::HttpTwin,
        Self::Port,
        Self::Localhost,
    ];

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reflection => "reflection",
            Self::Null => "null",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Substring => "substring",
            Self::Dot => "dot",
            Self::SpecialCharacter => "special-character",
            Self::Hosting => "hosting",
            Self::Subdomain => "subdomain",
            Self::Sibling => "sibling",
            Self::HttpTwin => "http-twin",
            Self::Port => "port",
            Self::Localhost => "localhost",
        }
    }

    /// How bad it is if a page of such an origin can read responses with cookies.
    pub fn severity(self) -> Severity {
        match self {
            Self::Reflection
            | Self::Null
            | Self::Prefix
            | Self::Suffix
            | Self::Substring
            | Self::Dot
            | Self::SpecialCharacter
            | Self::Hosting => Severity::High,
            Self::HttpTwin => Severity::Medium,
            Self::Subdomain | Self::Sibling | Self::Port | Self::Localhost => Severity::Low,
        }
    }

    /// What the server probably does, for a rule of SARIF.
    pub fn mistake(self) -> &'static str {
        match self {
            Self::Reflection => "The server allows every origin that asks.",
            Self::Null => "The server allows the origin `null`.",
            Self::Prefix => "The server compares only the beginning of an origin.",
            Self::Suffix => "The server compares only the end of an origin.",
            Self::Substring => "The server looks for a trusted host anywhere in an origin.",
            Self::Dot => "The server has a pattern whose dots match any character.",
            Self::SpecialCharacter => "The server takes a special character for the end of a host.",
            Self::Hosting => "The server allows hosts of a hosting service.",
            Self::Subdomain => "The server allows every subdomain.",
            Self::Sibling => "The server allows every subdomain of the registrable domain.",
            Self::HttpTwin => "The server allows an origin without TLS.",
            Self::Port => "The server does not compare the port.",
            Self::Localhost => "The server allows pages of the user's own machine.",
        }
    }

    /// Who can have pages of `origin`, as the beginning of a sentence about what they can read.
    pub(super) fn who(self, origin: &Origin) -> String {
        let host = origin.host().unwrap_or_default();
        let domain = psl::domain_str(host).unwrap_or(host);
        match self {
            Self::Reflection => "Any page on the web".to_owned(),
            Self::Null => "Any page on the web, through a sandboxed frame,".to_owned(),
            Self::Prefix | Self::Substring | Self::SpecialCharacter => {
                format!("Anyone who has a domain can give it a subdomain such as `{host}`, and its pages")
            }
            Self::Suffix | Self::Dot => format!("Anyone can register `{domain}`, and its pages"),
            Self::Hosting => {
                let suffix = psl::suffix_str(host).unwrap_or(host);
                format!("Anyone with an account at `{suffix}`")
            }
            Self::Subdomain | Self::Sibling => {
                let (_, parent) = host.split_once('.').unwrap_or(("", host));
                format!(
                    "A page of any subdomain of `{parent}` (only the owner of the domain has them, or an attacker who takes one \
                     over or finds a way to run a script in one)"
                )
            }
            Self::HttpTwin => {
                format!(
                    "An attacker in the user's network, who can answer in the name of `{host}` without TLS,"
                )
            }
            Self::Port => format!("A page of any other program on the host `{host}`"),
            Self::Localhost => "A page of any program that serves pages on the user's own machine".to_owned(),
        }
    }
}

/// A hostile origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hostile {
    pub(super) kind: Kind,
    pub(super) origin: Origin,
}

/// The hostile origins for a page that is trusted and a server, without the two themselves.
pub(super) fn hostile_origins(page: &Origin, server: &Url) -> Vec<Hostile> {
    let random = format!("{:08x}", RandomState::new().hash_one(page) as u32);
    let server = Origin::of(server);
    // A page over HTTPS can only fetch over HTTPS; a page over HTTP can fetch both.
    let scheme = if server.is_potentially_trustworthy() { "https" } else { "http" };
    let mut origins = Origins { found: Vec::new(), seen: HashSet::new(), random };
    origins.seen.extend([page.to_string(), server.to_string()]);

    let evil = origins.evil();
    origins.add(Kind::Reflection, format!("{scheme}://{evil}"));
    origins.add(Kind::Null, "null".to_owned());
    origins.around(page, true);
    origins.around(&server, false);
    for suffix in HOSTING {
        origins.hosting(scheme, suffix);
    }
    origins.add(Kind::Localhost, format!("{scheme}://localhost"));
    origins.found
}

struct Origins {
    found: Vec<Hostile>,
    seen: HashSet<String>,
    random: String,
}

impl Origins {
    /// A host that does not exist.
    fn evil(&self) -> String {
        format!("check-{}.example", self.random)
    }

    /// Adds an origin, unless it is not valid or known already.
    fn add(&mut self, kind: Kind, origin: String) {
        let Some(parsed) = Origin::parse(&origin) else { return };
        if self.seen.insert(origin) {
            self.found.push(Hostile { kind, origin: parsed });
        }
    }

    fn hosting(&mut self, scheme: &str, suffix: &str) {
        self.add(Kind::Hosting, format!("{scheme}://check-{}.{suffix}", self.random));
    }

    /// Adds the origins that a careless comparison takes for `trusted`.
    fn around(&mut self, trusted: &Origin, with_special: bool) {
        let Origin::Tuple { scheme, host, port } = trusted else { return };
        let (random, evil) = (self.random.clone(), self.evil());
        let end = port.map(|port| format!(":{port}")).unwrap_or_default();
        self.add(Kind::Prefix, format!("{scheme}://{host}.{evil}"));
        // An IP address has no subdomains, and its dots cannot be replaced.
        let is_name = Url::parse(&format!("https://{host}")).is_ok_and(|url| url.domain().is_some());
        if is_name {
            self.add(Kind::Substring, format!("{scheme}://check-{host}.{evil}{end}"));
            if with_special {
                for character in SPECIAL {
                    self.add(Kind::SpecialCharacter, format!("{scheme}://{host}{character}.{evil}"));
                }
            }
            self.add(Kind::Subdomain, format!("{scheme}://check-{random}.{host}{end}"));
        }
        if let Some(domain) = psl::domain_str(host).filter(|_| is_name) {
            self.add(Kind::Suffix, format!("{scheme}://check{random}{domain}{end}"));
            let replaced: Vec<_> = registrable_without_a_dot(host, domain).take(DOTS).collect();
            for host in replaced {
                self.add(Kind::Dot, format!("{scheme}://{host}{end}"));
            }
            if domain != host {
                self.add(Kind::Sibling, format!("{scheme}://check-{random}.{domain}{end}"));
            }
            let suffix = psl::suffix(host.as_bytes());
            let is_hosting = suffix.is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private));
            if let Some(suffix) = psl::suffix_str(host).filter(|_| is_hosting) {
                self.hosting(scheme, suffix);
            }
        }
        if scheme == "https" {
            self.add(Kind::HttpTwin, format!("http://{host}{end}"));
        }
        self.add(Kind::Port, format!("{scheme}://{host}:4443"));
    }
}

/// The hosts with a letter in place of one dot that do not belong to the owner of `domain`, and that can be registered.
fn registrable_without_a_dot<'a>(host: &'a str, domain: &'a str) -> impl Iterator<Item = String> + 'a {
    let replaced = host.match_indices('.').map(|(dot, _)| format!("{}x{}", &host[..dot], &host[dot + 1..]));
    replaced.filter(move |other| {
        let is_known = psl::suffix(other.as_bytes()).is_some_and(|suffix| suffix.is_known());
        let is_real = is_known || psl::suffix_str(other) == psl::suffix_str(host);
        is_real && psl::domain_str(other).is_some_and(|other| other != domain)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::REQUEST_LIMIT;
    use super::*;

    fn origins(page: &str, server: &str) -> Vec<(Kind, String)> {
        let page = Origin::parse(page).unwrap();
        let hostile = hostile_origins(&page, &Url::parse(server).unwrap());
        hostile.into_iter().map(|hostile| (hostile.kind, hostile.origin.to_string())).collect()
    }

    fn has(origins: &[(Kind, String)], kind: Kind, part: &str) -> bool {
        origins.iter().any(|(other, origin)| *other == kind && origin.contains(part))
    }

    #[rstest]
    #[case("https://www.app.example.co.uk", "https://api.v1.other.co.jp/")]
    #[case("https://a.b.github.io:8443", "https://c.d.vercel.app:444/")]
    #[case("http://localhost:3000", "http://[::1]:3000/")]
    #[case("null", "http://127.0.0.1/")]
    fn they_are_few_and_different(#[case] page: &str, #[case] server: &str) {
        let origins = origins(page, server);
        let different: HashSet<_> = origins.iter().map(|(_, origin)| origin).collect();
        assert_eq!(different.len(), origins.len(), "{origins:?}");
        // The page, the page by a preflight, and the server itself are asked as well.
        assert!(origins.len() + 3 <= REQUEST_LIMIT, "{}: {origins:?}", origins.len());
        assert!(!different.contains(&page.to_owned()));
    }

    #[test]
    fn they_come_from_the_page_and_from_the_server() {
        let origins = origins("https://www.app.com", "https://api.shop.co.uk/items");
        for (kind, part) in [
            (Kind::Prefix, "https://www.app.com.check-"),
            (Kind::Prefix, "https://api.shop.co.uk.check-"),
            (Kind::Substring, "https://check-www.app.com.check-"),
            (Kind::Subdomain, ".www.app.com"),
            (Kind::Sibling, ".shop.co.uk"),
            (Kind::Dot, "https://wwwxapp.com"),
            (Kind::Dot, "https://apixshop.co.uk"),
            (Kind::Dot, "https://api.shopxco.uk"),
            (Kind::HttpTwin, "http://www.app.com"),
            (Kind::Port, "https://api.shop.co.uk:4443"),
            (Kind::SpecialCharacter, "https://www.app.com_."),
            (Kind::SpecialCharacter, "https://www.app.com!."),
            (Kind::SpecialCharacter, "https://www.app.com{."),
            (Kind::SpecialCharacter, "https://www.app.com`."),
            (Kind::Hosting, ".github.io"),
            (Kind::Localhost, "https://localhost"),
        ] {
            assert!(has(&origins, kind, part), "{kind:?} {part}: {origins:#?}");
        }
    }

    /// A name under a domain that has an owner cannot be registered.
    #[test]
    fn a_suffix_is_a_name_that_can_be_registered() {
        for (_, origin) in origins("https://www.app.com", "https://api.shop.co.uk/")
            .iter()
            .filter(|(kind, _)| *kind == Kind::Suffix)
        {
            let host = origin.strip_prefix("https://").unwrap();
            assert_eq!(psl::domain_str(host), Some(host));
        }
    }

    #[test]
    fn a_page_at_a_hosting_service_has_neighbours() {
        assert!(has(&origins("https://shop.web.app", "https://api.com/"), Kind::Hosting, ".web.app"));
    }

    #[test]
    fn hosting_services_are_on_the_public_suffix_list() {
        for name in HOSTING {
            let suffix = psl::suffix(name.as_bytes()).unwrap();
            assert_eq!((suffix.as_bytes(), suffix.typ()), (name.as_bytes(), Some(psl::Type::Private)));
        }
    }

    #[test]
    fn codes_are_those_of_the_json() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
