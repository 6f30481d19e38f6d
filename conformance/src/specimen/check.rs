//! Whether a server is the specimen.

use std::collections::BTreeMap;
use std::fmt;

use cors_browser::{Network, NetworkError, WireRequest, WireResponse};
use cors_core::Policy;
use serde_json::Value;
use url::Url;

use super::Level;
use super::probes::{Body, COUNTED, Probe, adapter_probes, probes};
use crate::network::LoopbackNetwork;
use crate::scenario::HttpVersion;
use crate::subject::{StartError, Subject, SubjectKind};
use crate::text::{SHOWN, printable};

/// An answer that is not the specimen's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The request, such as `GET /slash`.
    pub request: String,
    /// What the server answered, such as `301`.
    pub seen: String,
    /// What a specimen answers, such as `308`.
    pub expected: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} answered {}, expected {}", self.request, self.seen, self.expected)
    }
}

/// Why scenarios cannot be played with a subject.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecimenError {
    /// The subject does not start with the simplest policy.
    #[error("the subject {0}. `Subject::start` has to return a running server for every policy")]
    Start(#[from] StartError),
    /// The server does not have the specimen's first routes.
    #[error(
        "the server is not the specimen: {0}. Serve the routes that the documentation of `cors_conformance::specimen` lists"
    )]
    NotASpecimen(Deviation),
    /// The server is a specimen, and some of its answers are wrong.
    #[error("{}", wrong(.0))]
    Wrong(Vec<Deviation>),
    /// Answers that the subject declares as known deviations are as expected.
    #[error("{}", outdated(.0))]
    Outdated(Vec<String>),
}

fn wrong(deviations: &[Deviation]) -> String {
    let lines: Vec<_> =
        deviations.iter().map(|deviation| format!("the specimen is wrong: {deviation}")).collect();
    lines.join("\n")
}

fn outdated(requests: &[String]) -> String {
    let line = |request| format!("{request} no longer deviates: remove it from the subject's `deviations`");
    requests.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Plays one request for each route of the specimen, and compares the answers.
///
/// The requests have no `Origin`, so that the middleware under test should leave them alone. Requests that some middlewares answer
/// or change nevertheless, such as every `OPTIONS`, are made only of an [adapter](SubjectKind::Adapter).
///
/// # Errors
///
/// The subject does not start, or some answers are not the specimen's. All of them are reported at once.
pub async fn check(subject: &dyn Subject) -> Result<(), SpecimenError> {
    let policy = Policy::builder()
        .allow_origins("https://app.example")
        .build()
        .map_err(|error| StartError::Failed(error.to_string()))?;
    let server = subject.start(&policy).await?;
    let specimen = Specimen::new(server.address());
    let outcome = specimen.check(subject).await;
    // Servers wait for open connections to end.
    drop(specimen);
    server.stop().await;
    outcome
}

struct Specimen {
    origin: Url,
    network: LoopbackNetwork,
}

impl Specimen {
    fn new(address: std::net::SocketAddr) -> Self {
        // A URL of fixed text is valid.
        #[expect(clippy::unwrap_used, reason = "the text is fixed")]
        let origin = Url::parse("https://api.example").unwrap();
        let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&origin, address);
        Self { origin, network }
    }

    async fn check(&self, subject: &dyn Subject) -> Result<(), SpecimenError> {
        let first = probe_of("/hits").json(&[("", "{}")]);
        if let Some(deviation) = self.deviation(&first).await {
            return Err(SpecimenError::NotASpecimen(deviation));
        }
        let level = subject.level();
        let mut found: Vec<_> = self.count(level).await.into_iter().collect();
        let more = match subject.kind() {
            SubjectKind::Adapter => adapter_probes(),
            SubjectKind::Middleware | SubjectKind::External => Vec::new(),
        };
        let mut outdated = Vec::new();
        for probe in probes().into_iter().chain(more).filter(|probe| Level::of(probe.path) <= level) {
            let known = subject
                .deviations()
                .iter()
                .find(|known| known.method == probe.method && known.path == probe.path);
            match known {
                None => found.extend(self.deviation(&probe).await),
                Some(known) => {
                    let probe =
                        Probe { status: known.status..=known.status, lines: &[], answer: Body::Any, ..probe };
                    if self.deviation(&probe).await.is_some() {
                        outdated.push(format!("{} {}", probe.method, probe.path));
                    }
                }
            }
        }
        if !found.is_empty() {
            return Err(SpecimenError::Wrong(found));
        }
        if outdated.is_empty() { Ok(()) } else { Err(SpecimenError::Outdated(outdated)) }
    }

    /// The first way in which an answer deviates.
    async fn deviation(&self, probe: &Probe) -> Option<Deviation> {
        let answer = self.answer(probe.method, probe.path, probe.headers, probe.body).await;
        let (seen, expected) = match answer {
            Err(error) => (format!("nothing ({error})"), status_text(probe)),
            Ok(response) => difference(probe, &response)?,
        };
        Some(Deviation { request: format!("{} {}", probe.method, probe.path), seen, expected })
    }

    /// Whether `/hits` counts the handlers that run, and no others.
    async fn count(&self, level: Level) -> Option<Deviation> {
        let mut expected = BTreeMap::<&str, u64>::new();
        let counted: Vec<_> = COUNTED.into_iter().filter(|(_, path, _)| Level::of(path) <= level).collect();
        for &(method, path, route) in &counted {
            // An answer that is missing is reported by the probe of its route.
            let _ = self.answer(method, path, &[], "").await;
            if let Some(route) = route {
                *expected.entry(route).or_default() += 1;
            }
        }
        let response = self.answer("GET", "/hits", &[], "").await;
        let seen = response.map_or_else(|error| error.to_string(), |response| text(&response));
        let counts: Option<BTreeMap<&str, u64>> = serde_json::from_str(&seen).ok();
        if counts.as_ref() == Some(&expected) {
            return None;
        }
        let requests: Vec<_> = counted.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        Some(Deviation {
            request: format!("GET /hits, after {},", requests.join(", ")),
            seen: format!("`{}`", printable(seen.as_bytes(), SHOWN)),
            expected: format!("`{}`", serde_json::to_string(&expected).unwrap_or_default()),
        })
    }

    async fn answer(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<WireResponse, NetworkError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let mut url = self.origin.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        let body = (!body.is_empty()).then(|| body.as_bytes().to_vec());
        self.network
            .send(WireRequest { method: method.to_owned(), url, headers: headers.collect(), body })
            .await
    }
}

fn probe_of(path: &'static str) -> Probe {
    Probe { method: "GET", path, headers: &[], body: "", status: 200..=200, lines: &[], answer: Body::Any }
}

fn status_text(probe: &Probe) -> String {
    let (first, last) = (probe.status.start(), probe.status.end());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn text(response: &WireResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// The host and path that a `Location` leads to. The scheme is left out: the suite ends TLS, so the server does not know it.
fn target(location: &str) -> Option<(String, String)> {
    let url = Url::parse("https://api.example").ok()?.join(location).ok()?;
    Some((url.host_str()?.to_owned(), url.path().to_owned()))
}

/// What was seen and what was expected, if they differ.
fn difference(probe: &Probe, response: &WireResponse) -> Option<(String, String)> {
    if !probe.status.contains(&response.status) {
        return Some((response.status.to_string(), status_text(probe)));
    }
    for (name, expected) in probe.lines {
        let seen: Vec<_> = response.lines(name).map(|value| printable(value, SHOWN)).collect();
        let differs = match *name {
            "vary" => {
                let members: Vec<_> = seen.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
                !expected.iter().all(|member| members.contains(member))
            }
            // Some frameworks make the target of a redirect absolute, which is as good (RFC 9110, section 10.2.2).
            "location" if probe.path == "/slash" => {
                seen.iter().map(|line| target(line)).ne(expected.iter().map(|line| target(line)))
            }
            _ => seen != *expected,
        };
        if differs {
            let header = |values: Vec<&str>| match values.as_slice() {
                [] => format!("no `{name}`"),
                values => format!("`{name}: {}`", values.join("` and `")),
            };
            return Some((header(seen.iter().map(String::as_str).collect()), header(expected.to_vec())));
        }
    }
    let shown = || format!("the body `{}`", printable(&response.body, SHOWN));
    match probe.answer {
        Body::Any => None,
        Body::Text(expected) => {
            (response.body != expected.as_bytes()).then(|| (shown(), format!("the body `{expected}`")))
        }
        Body::Json(values) => {
            let json: Option<Value> = serde_json::from_slice(&response.body).ok();
            let is_wrong = |(pointer, expected): &&(&str, &str)| {
                let seen = json.as_ref().and_then(|json| json.pointer(pointer));
                let expected: Option<Value> = serde_json::from_str(expected).ok();
                seen != expected.as_ref() && !(pointer.starts_with("/headers/") && is_joined(seen, expected))
            };
            let (pointer, expected) = values.iter().find(is_wrong)?;
            let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
            Some((shown(), format!("JSON with {expected}{place}")))
        }
    }
}

/// Whether a server has joined the lines of a header into one, as it may (RFC 9110, section 5.3).
fn is_joined(seen: Option<&Value>, lines: Option<Value>) -> bool {
    let (Some([Value::String(seen)]), Some(Value::Array(lines))) =
        (seen.and_then(Value::as_array).map(Vec::as_slice), lines)
    else {
        return false;
    };
    seen.split(',').map(str::trim).eq(lines.iter().filter_map(Value::as_str))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::lines(r#"["1","2"]"#, true)]
    #[case::joined(r#"["1, 2"]"#, true)]
    #[case::joined_without_a_space(r#"["1,2"]"#, true)]
    #[case::one_is_lost(r#"["1"]"#, false)]
    #[case::another_order(r#"["2, 1"]"#, false)]
    fn lines_of_a_header_may_be_joined(#[case] lines: &str, #[case] expected: bool) {
        let probe =
            probes().into_iter().find(|probe| probe.body == "12345").expect("the probe with two lines");
        let mut response = WireResponse::new(200);
        response.body = format!(r#"{{"headers":{{"x-a":{lines}}},"body_length":5}}"#).into_bytes();
        assert_eq!(difference(&probe, &response).is_none(), expected);
    }

    #[rstest]
    #[case::relative("/slash/", true)]
    #[case::absolute("https://api.example/slash/", true)]
    #[case::without_the_tls_of_the_suite("http://api.example/slash/", true)]
    #[case::another_path("/slash", false)]
    #[case::another_host("https://other.example/slash/", false)]
    fn a_redirect_to_the_slash_may_be_absolute(#[case] location: &'static str, #[case] expected: bool) {
        let probe = probes().into_iter().find(|probe| probe.path == "/slash").expect("the probe of `/slash`");
        let response = WireResponse::new(308).with_header("location", location);
        assert_eq!(difference(&probe, &response).is_none(), expected);
    }
}
