//! The requests that clients send.

use fastrand::Rng;
use serde::Serialize;

use crate::policy::{
    ADMINISTRATORS, ALWAYS, HEADER, HOST, LookupOutcome, PARTNER, PUBLIC_HOST, WILD, administrator,
};

/// What a request tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It has no `Origin`.
    Plain,
    /// Its origin is allowed, by all policies or by some.
    Allowed,
    /// Its origin is not allowed.
    Denied,
    /// The lookup decides about its origin.
    Lookup,
    /// A CORS-preflight request.
    Preflight,
    /// Valid HTTP that no browser sends, to be answered as every other request.
    Hostile,
    /// One of several that are sent at once over one connection.
    Pipelined,
    /// Not valid HTTP, or valid HTTP with random changes.
    Malformed,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Allowed,
        Self::Denied,
        Self::Lookup,
        Self::Preflight,
        Self::Hostile,
        Self::Pipelined,
        Self::Malformed,
    ];

    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Lookup => "lookup",
            Self::Preflight => "preflight",
            Self::Hostile => "hostile",
            Self::Pipelined => "pipelined",
            Self::Malformed => "malformed",
        }
    }
}

/// The version of HTTP that a request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1
    Http1,
    /// HTTP/2 with prior knowledge
    Http2,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What it tries.
    pub kind: Kind,
    /// Its method.
    pub method: &'static str,
    /// Its path and query.
    pub path: String,
    /// The host that it is for.
    pub host: &'static str,
    /// Its other header lines, in order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// Its body.
    pub body: &'static [u8],
    /// The status that the application answers with.
    pub status: u16,
    /// A text that the application's body has, so that a response of another request is noticed.
    pub marker: Option<String>,
}

const ORIGIN: &str = "origin";
const REQUEST_METHOD: &str = "access-control-request-method";
const REQUEST_HEADERS: &str = "access-control-request-headers";

impl Asked {
    /// Any request but a malformed one.
    pub fn random(random: &mut Rng, version: Version) -> Self {
        match random.u8(..10) {
            0 => Self::plain(random, version),
            1 | 2 => Self::allowed(random, version),
            3 | 4 => Self::denied(random, version),
            5 => Self::looked_up(random, version),
            6 | 7 => Self::preflight(random),
            _ => Self::hostile(random),
        }
    }

    /// A request without `Origin`.
    pub fn plain(random: &mut Rng, version: Version) -> Self {
        Self::actual(Kind::Plain, random, version)
    }

    /// A request from an origin that all policies allow, or that one of eight allows.
    pub fn allowed(random: &mut Rng, version: Version) -> Self {
        let origin = listed_origin(random);
        Self::actual(Kind::Allowed, random, version).with(ORIGIN, origin)
    }

    /// A request from an origin that no policy with a list allows.
    pub fn denied(random: &mut Rng, version: Version) -> Self {
        let origin = format!("https://stranger-{}.example", random.u32(..));
        Self::actual(Kind::Denied, random, version).with(ORIGIN, origin)
    }

    /// A request from an origin that the lookup decides about.
    pub fn looked_up(random: &mut Rng, version: Version) -> Self {
        let origin = looked_up_origin(random);
        let mut asked = Self::actual(Kind::Lookup, random, version).with(ORIGIN, origin);
        asked.host = HOST;
        asked
    }

    /// A preflight, granted or denied.
    pub fn preflight(random: &mut Rng) -> Self {
        let origin = match random.u8(..4) {
            0 => format!("https://stranger-{}.example", random.u32(..)),
            1 => looked_up_origin(random),
            _ => listed_origin(random),
        };
        let method = random.choice(["PUT", "PATCH", "DELETE", "GET", "put"]).unwrap_or_default();
        let path = random.choice(["/echo", "/item/7", "/private", "/nowhere"]).unwrap_or_default();
        let asked = Self::new(Kind::Preflight, "OPTIONS", path, random, 200);
        let asked = asked.with(ORIGIN, origin).with(REQUEST_METHOD, method);
        match random.u8(..4) {
            0 => asked,
            1 => asked.with(REQUEST_HEADERS, HEADER),
            2 => asked.with(REQUEST_HEADERS, format!("content-type,x-b-{}", random.u8(..5))),
            _ => asked.with(REQUEST_HEADERS, "authorization").with(REQUEST_HEADERS, "X-A"),
        }
    }

    /// A request that no browser sends.
    pub fn hostile(random: &mut Rng) -> Self {
        if random.bool() { Self::hostile_origin(random) } else { Self::hostile_list(random) }
    }

    fn hostile_origin(random: &mut Rng) -> Self {
        let asked = match random.bool() {
            true => Self::new(Kind::Hostile, "OPTIONS", "/echo", random, 200).with(REQUEST_METHOD, "PUT"),
            false => Self::new(Kind::Hostile, "GET", "/echo", random, 200),
        };
        let digits = random.u32(..);
        let origin = match random.u8(..20) {
            0 => return asked.with(ORIGIN, ALWAYS).with(ORIGIN, format!("https://evil-{digits}.example")),
            1 => return asked.with(ORIGIN, ALWAYS).with(ORIGIN, ALWAYS),
            2 => return asked.with(ORIGIN, ALWAYS).with(ORIGIN, b"\xff"),
            3 => return asked.with(ORIGIN, b"https://always.example\xff"),
            4 => return asked.with(ORIGIN, b"\xc3\xa4"),
            5 => format!("{ALWAYS}/"),
            6 => format!("{ALWAYS}:443"),
            7 => format!("{ALWAYS}.evil-{digits}.example"),
            8 => format!("https://evil-{digits}{WILD}"),
            9 => format!("https://{WILD}"),
            10 => format!("https://.{WILD}"),
            11 => format!("https://evil.example#.{WILD}"),
            12 => "HTTPS://always.example".to_owned(),
            13 => format!("{ALWAYS} {PARTNER}"),
            14 => format!("{ALWAYS},{PARTNER}"),
            15 => "null".to_owned(),
            16 => String::new(),
            17 => format!("https://{}.{WILD}", "a.".repeat(4000)),
            18 => format!("https://user@tenant-{digits}.lookup.example"),
            _ => format!("https://tenant-{digits}.lookup.example.evil.example"),
        };
        asked.with(ORIGIN, origin)
    }

    fn hostile_list(random: &mut Rng) -> Self {
        let asked = Self::new(Kind::Hostile, "OPTIONS", "/echo", random, 200).with(ORIGIN, ALWAYS);
        let put = |asked: Self| asked.with(REQUEST_METHOD, "PUT");
        match random.u8(..18) {
            0 => put(asked).with(REQUEST_HEADERS, names(64)),
            1 => put(asked).with(REQUEST_HEADERS, names(65)),
            2 => put(asked).with(REQUEST_HEADERS, padded(4096)),
            3 => put(asked).with(REQUEST_HEADERS, padded(4097)),
            4 => put(asked).with(REQUEST_HEADERS, padded(2000)).with(REQUEST_HEADERS, padded(2000)),
            5 => put(asked).with(REQUEST_HEADERS, padded(4000)).with(REQUEST_HEADERS, padded(4000)),
            6 => put(asked).with(REQUEST_HEADERS, "x".repeat(4096)),
            7 => put(asked).with(REQUEST_HEADERS, ",".repeat(20)),
            8 => put(asked).with(REQUEST_HEADERS, ",".repeat(4000)),
            9 => put(asked).with(REQUEST_HEADERS, b"x-a,\xff"),
            10 => put(asked).with(REQUEST_HEADERS, "x-a,x a"),
            11 => put(asked).with(REQUEST_HEADERS, format!("x-a,x-{}", random.u32(..))),
            12 => (0..70).fold(put(asked), |asked, _| asked.with(REQUEST_HEADERS, HEADER)),
            13 => asked.with(REQUEST_METHOD, ""),
            14 => put(put(asked)),
            15 => asked.with(REQUEST_METHOD, "PUT,DELETE"),
            16 => asked.with(REQUEST_METHOD, "A".repeat(300)),
            _ => asked.with(REQUEST_METHOD, b"PUT\xff"),
        }
    }

    /// A request for a random route that is not a preflight.
    fn actual(kind: Kind, random: &mut Rng, version: Version) -> Self {
        let marker = format!("m{}", random.u64(..));
        let echo = format!("/echo?marker={marker}");
        let item = format!("/item/{marker}");
        let (method, path, status) = match random.u8(..16) {
            0 => ("GET", "/status/404", 404),
            1 => ("GET", "/nowhere", 404),
            2 => ("GET", "/own-cors", 200),
            3 => ("GET", "/error", 500),
            4 => ("GET", "/vary?v=Accept", 200),
            5 => ("GET", "/private", 401),
            6 => ("OPTIONS", "/options", 200),
            7 => ("PATCH", "/item/7", 405),
            8 if random.u8(..4) == 0 => ("GET", "/panic", 500),
            9 if random.u8(..4) == 0 => ("GET", "/stream", 200),
            // warp and Poem send bodies with HEAD over HTTP/2.
            10 if version == Version::Http1 => ("HEAD", "/status/200", 200),
            11 | 12 => ("PUT", &*item, 200),
            13 => ("POST", &*echo, 200),
            _ => ("GET", &*echo, 200),
        };
        let mut asked = Self::new(kind, method, path, random, status);
        asked.marker = (path == echo || path == item).then_some(marker);
        if method == "POST" {
            asked.body = &[b'b'; 700];
        }
        asked
    }

    fn new(kind: Kind, method: &'static str, path: &str, random: &mut Rng, status: u16) -> Self {
        let host = if random.u8(..5) == 0 { PUBLIC_HOST } else { HOST };
        Self {
            kind,
            method,
            path: path.to_owned(),
            host,
            headers: Vec::new(),
            body: &[],
            status,
            marker: None,
        }
    }

    fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    /// The requests that have to be answered right after a fault: a plain, an allowed, a denied and a looked-up one, and preflights.
    pub fn probes() -> Vec<Self> {
        let mut random = Rng::new();
        let mut get = |kind| Self { host: HOST, ..Self::new(kind, "GET", "/echo", &mut random, 200) };
        let allowed = get(Kind::Allowed).with(ORIGIN, ALWAYS);
        let denied = get(Kind::Denied).with(ORIGIN, "https://stranger.example");
        let tenant = get(Kind::Lookup).with(ORIGIN, "https://tenant-1.lookup.example");
        let preflight = Self { method: "OPTIONS", ..get(Kind::Preflight) }.with(REQUEST_METHOD, "PUT");
        let refused = preflight.clone().with(ORIGIN, "https://stranger.example");
        vec![get(Kind::Plain), allowed, denied, tenant, preflight.with(ORIGIN, ALWAYS), refused]
    }

    /// The request as the bytes of HTTP/1.1.
    pub fn to_bytes(&self, is_last: bool) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, self.host).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if !self.body.is_empty() {
            bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        if is_last {
            bytes.extend_from_slice(b"connection: close\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body);
        bytes
    }
}

fn listed_origin(random: &mut Rng) -> String {
    match random.u8(..5) {
        0 => ALWAYS.to_owned(),
        1 => PARTNER.to_owned(),
        2 => format!("https://{}.b.{WILD}", random.u32(..)),
        _ => administrator(random.u64(..ADMINISTRATORS)),
    }
}

fn looked_up_origin(random: &mut Rng) -> String {
    let (mut name, outcome) = LookupOutcome::ALL[random.usize(..LookupOutcome::ALL.len())];
    // Each of these holds its client up.
    if outcome == LookupOutcome::IsLate && random.u8(..8) > 0 {
        name = "random";
    }
    format!("https://{name}-{}.lookup.example", random.u16(..500))
}

/// A list of this many names that are allowed.
fn names(count: usize) -> String {
    vec![HEADER; count].join(",")
}

/// A list of two names, with white space between them, of this many bytes.
fn padded(length: usize) -> String {
    format!("{HEADER},{}{HEADER}", " ".repeat(length - 2 * HEADER.len() - 1))
}
