//! A load test: every response is compared with what the policies and tenants of that moment allow.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use bytes::Bytes;
use cors_axum::{Policy, PolicyError, PolicyHandle};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use crate::{Shop, api, tenant};

/// Clients, each with a connection of its own.
const CLIENTS: u64 = 16;

/// Tenants that come and go.
const GUESTS: u64 = 16;

/// Each policy lists one of these origins.
const ADMINISTRATORS: u64 = 8;

/// How long a policy is in force.
const REPLACED_EVERY: Duration = Duration::from_millis(10);

/// How long it takes until the next tenant comes or goes.
const CHANGED_EVERY: Duration = Duration::from_millis(5);

/// How much more memory the last quarter of the time may need than the second one.
const GROWTH: f64 = 1.1;

type Failure = Box<dyn Error + Send + Sync>;

/// What a load test counted.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Responses that were compared.
    pub responses: u64,
    /// Responses that allowed the page.
    pub allowed: u64,
    /// Responses of origins whose state changed meanwhile, so that both answers are right.
    pub either: u64,
    /// Policies that were in force.
    pub policies: u64,
    /// Tenants that came or went.
    pub changes: u64,
    /// What was wrong, the first of each client.
    pub wrong: Vec<String>,
    /// Panics of any thread.
    pub panics: u64,
    /// The memory of the process in each second, in bytes. It is empty where the system does not tell.
    pub memory: Vec<u64>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Returns whether every response was right, nothing panicked, and the memory did not grow.
    pub fn is_clean(&self) -> bool {
        self.responses > 0 && self.wrong.is_empty() && self.panics == 0 && self.growth() <= GROWTH
    }

    /// The memory of the last quarter of the time in relation to that of the second quarter.
    pub fn growth(&self) -> f64 {
        let quarter = self.memory.len() / 4;
        if quarter == 0 {
            return 1.0;
        }
        let highest = |samples: &[u64]| samples.iter().copied().max().unwrap_or_default();
        let second = highest(&self.memory[quarter..2 * quarter]);
        let last = highest(&self.memory[self.memory.len() - quarter..]);
        // Bytes of a process are far below the 2^52 that a double holds.
        last as f64 / second.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { responses, allowed, either, policies, changes, wrong, panics, memory, elapsed } = self;
        writeln!(formatter, "{responses} responses in {:.1} s: {allowed} allowed", elapsed.as_secs_f64())?;
        writeln!(formatter, "{either} of them while their tenant came or went")?;
        writeln!(formatter, "{policies} policies in force, {changes} tenants came or went")?;
        writeln!(formatter, "{} wrong, {panics} panics", wrong.len())?;
        for wrong in wrong {
            writeln!(formatter, "  {wrong}")?;
        }
        let mebibytes = |bytes: Option<&u64>| bytes.map_or(0, |bytes| bytes >> 20);
        write!(
            formatter,
            "memory: {} MiB at the start, {} MiB at most, {} MiB at the end ({:.2} of the second quarter)",
            mebibytes(memory.first()),
            mebibytes(memory.iter().max()),
            mebibytes(memory.last()),
            self.growth()
        )
    }
}

/// What the clients compare responses with.
struct World {
    /// The newest policy that was in force before a moment, and the newest that can be.
    in_force: AtomicU64,
    replacing: AtomicU64,
    /// By guest: odd while the guest comes or goes. The guest is a tenant if half of it is odd.
    guests: Vec<AtomicU64>,
    tenants: u32,
    ends: AtomicBool,
}

/// Sends requests to the API for some time, while tenants come and go and the policy is replaced.
pub async fn run(shop: &Shop, tenants: u32, time: Duration) -> Result<Report, Failure> {
    let world = Arc::new(World {
        in_force: AtomicU64::new(0),
        replacing: AtomicU64::new(0),
        guests: (0..GUESTS).map(|_| AtomicU64::new(0)).collect(),
        tenants,
        ends: AtomicBool::new(false),
    });
    // A database that outlives the process can have guests of another run.
    for number in 0..GUESTS {
        shop.tenants.remove(&guest(number)).await?;
        shop.lookup.forget(&guest(number));
    }
    let handle = PolicyHandle::new(policy(0, shop)?);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(axum::serve(listener, api(&handle)).into_future());

    let panics = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&panics);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::Relaxed);
        hook(info);
    }));

    let start = Instant::now();
    let replaced = tokio::spawn(replace(Arc::clone(&world), handle, shop.clone()));
    let changed = tokio::spawn(come_and_go(Arc::clone(&world), shop.clone()));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(Arc::clone(&world), address, number));
    }
    let mut report = Report::default();
    while start.elapsed() < time {
        sleep(Duration::from_secs(1).min(time)).await;
        report.memory.extend(memory());
    }
    world.ends.store(true, Ordering::SeqCst);
    while let Some(counts) = clients.join_next().await {
        match counts? {
            Ok(counts) => {
                report.responses += counts.responses;
                report.allowed += counts.allowed;
                report.either += counts.either;
                report.wrong.extend(counts.wrong);
            }
            Err(error) => report.wrong.push(format!("a client failed: {error}")),
        }
    }
    report.policies = replaced.await??;
    report.changes = changed.await??;
    report.elapsed = start.elapsed();
    report.panics = panics.load(Ordering::Relaxed).into();
    server.abort();
    Ok(report)
}

/// The policy of this number. Its responses tell the number: in a header that is exposed, and in the max-age.
fn policy(number: u64, shop: &Shop) -> Result<Policy, PolicyError> {
    Policy::builder()
        .allow_origins(administrator(number))
        .allow_methods("PUT")
        .expose_headers(format!("x-policy-{number}"))
        .max_age(Duration::from_secs(number % 7200))
        .lookup(&shop.lookup)
        .build()
}

fn administrator(number: u64) -> String {
    format!("https://admin-{}.example", number % ADMINISTRATORS)
}

fn guest(number: u64) -> String {
    format!("https://guest-{number}.example")
}

async fn replace(world: Arc<World>, handle: PolicyHandle, shop: Shop) -> Result<u64, Failure> {
    let mut ticks = interval(REPLACED_EVERY);
    let mut number = 0;
    while !world.ends.load(Ordering::SeqCst) {
        ticks.tick().await;
        number += 1;
        let policy = policy(number, &shop)?;
        world.replacing.store(number, Ordering::SeqCst);
        handle.replace(policy);
        world.in_force.store(number, Ordering::SeqCst);
    }
    Ok(number + 1)
}

async fn come_and_go(world: Arc<World>, shop: Shop) -> Result<u64, Failure> {
    let mut ticks = interval(CHANGED_EVERY);
    let mut random = Random(77);
    let mut changes = 0;
    while !world.ends.load(Ordering::SeqCst) {
        ticks.tick().await;
        let number = random.below(GUESTS);
        let version = &world.guests[usize::try_from(number)?];
        let before = version.fetch_add(1, Ordering::SeqCst);
        let origin = guest(number);
        match is_tenant(before) {
            true => shop.tenants.remove(&origin).await?,
            false => shop.tenants.add(&origin).await?,
        }
        shop.lookup.forget(&origin);
        version.fetch_add(1, Ordering::SeqCst);
        changes += 1;
    }
    Ok(changes)
}

/// Whether a guest with this version is a tenant.
fn is_tenant(version: u64) -> bool {
    version / 2 % 2 == 1
}

#[derive(Default)]
struct Counts {
    responses: u64,
    allowed: u64,
    either: u64,
    wrong: Option<String>,
}

async fn client(world: Arc<World>, address: SocketAddr, number: u64) -> Result<Counts, Failure> {
    let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    tokio::spawn(connection);
    let mut random = Random(number + 1);
    let mut counts = Counts::default();
    while !world.ends.load(Ordering::SeqCst) && counts.wrong.is_none() {
        let page = world.page(&mut random);
        let is_preflight = random.below(4) == 0;
        let version = world.version(&page);
        let oldest = world.in_force.load(Ordering::SeqCst);
        let (status, headers) = ask(&mut sender, &page.origin(), is_preflight).await?;
        let policies = oldest..=world.replacing.load(Ordering::SeqCst);
        let is_stable = version == world.version(&page) && version.is_multiple_of(2);
        counts.responses += 1;
        counts.either += u64::from(!is_stable);
        match judge(&page, is_preflight, &policies, is_stable.then_some(version), status, &headers) {
            Ok(is_allowed) => counts.allowed += u64::from(is_allowed),
            Err(wrong) => {
                counts.wrong = Some(format!("{} under the policies {policies:?}: {wrong}", page.origin()));
            }
        }
    }
    Ok(counts)
}

async fn ask(
    sender: &mut SendRequest<Empty<Bytes>>,
    origin: &str,
    is_preflight: bool,
) -> Result<(StatusCode, HeaderMap), Failure> {
    let mut request = Request::builder().uri("/orders").header("host", "api.example").header(ORIGIN, origin);
    if is_preflight {
        request = request.method(Method::OPTIONS).header(ACCESS_CONTROL_REQUEST_METHOD, "PUT");
    }
    sender.ready().await?;
    let response = sender.send_request(request.body(Empty::new())?).await?;
    let (head, body) = response.into_parts();
    body.collect().await?;
    Ok((head.status, head.headers))
}

/// Whose page asks.
enum Page {
    Tenant(u32),
    Guest(u64),
    Administrator(u64),
    Stranger(u64),
}

impl Page {
    fn origin(&self) -> String {
        match self {
            Self::Tenant(number) => tenant(*number),
            Self::Guest(number) => guest(*number),
            Self::Administrator(number) => administrator(*number),
            Self::Stranger(number) => format!("https://tenant-{number}.example.evil.example"),
        }
    }
}

impl World {
    fn page(&self, random: &mut Random) -> Page {
        match random.below(4) {
            0 => {
                let number = random.below(self.tenants.into());
                u32::try_from(number).map_or(Page::Stranger(number), Page::Tenant)
            }
            1 => Page::Guest(random.below(GUESTS)),
            2 => Page::Administrator(random.below(ADMINISTRATORS)),
            _ => Page::Stranger(random.below(100_000)),
        }
    }

    fn version(&self, page: &Page) -> u64 {
        match page {
            Page::Guest(number) => usize::try_from(*number)
                .ok()
                .and_then(|number| self.guests.get(number))
                .map_or(0, |version| version.load(Ordering::SeqCst)),
            _ => 0,
        }
    }
}

/// Compares a response with the policies that were in force while it was made. `version` is that of a guest, unless it changed
/// meanwhile. Returns whether the page is allowed.
fn judge(
    page: &Page,
    is_preflight: bool,
    policies: &RangeInclusive<u64>,
    version: Option<u64>,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<bool, String> {
    let origin = page.origin();
    // Whether this policy allows the page, or `None` if both are right.
    let allows = |policy: u64| match page {
        Page::Tenant(_) => Some(true),
        Page::Stranger(_) => Some(false),
        Page::Guest(_) => version.map(is_tenant),
        Page::Administrator(number) => Some(policy % ADMINISTRATORS == *number),
    };
    let text =
        |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !text(&VARY).to_ascii_lowercase().starts_with("origin") {
        return Err(format!("`Vary` is `{}`", text(&VARY)));
    }
    let allowed = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed.is_some_and(|allowed| allowed != origin.as_str()) {
        return Err(format!("it allows {allowed:?}"));
    }
    let expected = match (is_preflight, allowed.is_some()) {
        (true, true) => StatusCode::NO_CONTENT,
        (true, false) => StatusCode::FORBIDDEN,
        (false, _) => StatusCode::OK,
    };
    if status != expected {
        return Err(format!("it has the status {status} instead of {expected}"));
    }
    if allowed.is_none() {
        let denies = policies.clone().any(|policy| allows(policy) != Some(true));
        return if denies { Ok(false) } else { Err("it denies".to_owned()) };
    }
    let made_by = policies.clone().find(|policy| match is_preflight {
        true => text(&ACCESS_CONTROL_MAX_AGE) == (policy % 7200).to_string(),
        false => text(&ACCESS_CONTROL_EXPOSE_HEADERS) == format!("x-policy-{policy}"),
    });
    match made_by {
        None => Err(format!("it was made by another policy: {headers:?}")),
        Some(policy) if allows(policy) == Some(false) => Err(format!("policy {policy} does not allow it")),
        Some(_) => Ok(true),
    }
}

/// The memory that the process uses, in bytes.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Numbers that look random (a linear congruential generator). The same seed gives the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: u64 = 3;

    fn judge_of(page: &Page, version: Option<u64>, headers: &[(HeaderName, &str)]) -> Result<bool, String> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        judge(page, false, &(POLICY..=POLICY), version, StatusCode::OK, &headers.collect())
    }

    #[test]
    fn wrong_responses_are_found() {
        let (admin, other) = (Page::Administrator(POLICY), Page::Administrator(POLICY + 1));
        let vary = (VARY, "Origin");
        let allow = (ACCESS_CONTROL_ALLOW_ORIGIN, "https://admin-3.example");
        let made_by = (ACCESS_CONTROL_EXPOSE_HEADERS, "x-policy-3");
        assert_eq!(judge_of(&admin, None, &[vary.clone(), allow.clone(), made_by.clone()]), Ok(true));
        assert_eq!(judge_of(&other, None, std::slice::from_ref(&vary)), Ok(false));
        let guest = Page::Guest(0);
        let allow_guest = (ACCESS_CONTROL_ALLOW_ORIGIN, "https://guest-0.example");
        for version in [None, Some(2)] {
            let headers = [vary.clone(), allow_guest.clone(), made_by.clone()];
            assert_eq!(judge_of(&guest, version, &headers), Ok(true));
        }
        for (page, version, headers) in [
            (&admin, None, vec![vary.clone()]),
            (&admin, None, vec![allow.clone(), made_by.clone()]),
            (&admin, None, vec![vary.clone(), allow.clone()]),
            (&admin, None, vec![vary.clone(), allow.clone(), (ACCESS_CONTROL_EXPOSE_HEADERS, "x-policy-4")]),
            (&other, None, vec![vary.clone(), allow, made_by.clone()]),
            (&guest, Some(0), vec![vary.clone(), allow_guest, made_by]),
            (&guest, Some(2), vec![vary.clone()]),
            (&Page::Tenant(0), None, vec![vary]),
        ] {
            assert!(judge_of(page, version, &headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn memory_that_grows_is_not_clean() {
        let clean = Report { responses: 1, memory: vec![50, 100, 105, 103], ..Report::default() };
        assert!(clean.is_clean());
        assert!(!Report { memory: vec![50, 100, 150, 200], ..clean.clone() }.is_clean());
        assert!(!Report { panics: 1, ..clean.clone() }.is_clean());
        assert!(!Report { wrong: vec![String::new()], ..clean }.is_clean());
    }
}
