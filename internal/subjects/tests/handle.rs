//! What a handle changes at run time, on the wire, in every adapter.

use std::collections::BTreeMap;

use cors_actix::Cors as ActixCors;
use cors_axum::CorsLayer;
use cors_conformance::specimen::Hits;
use cors_conformance::subject::{Server, StartError};
use cors_core::{Guard, Policy};
use cors_poem::Cors as PoemCors;
use cors_rocket::Cors as RocketCors;
use cors_subjects::{specimen, subject};
use cors_warp::Cors as WarpCors;
use poem::EndpointExt;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::Layer;
use warp::Filter;

const APP: &str = "https://app.example";

fn policy() -> Policy {
    let policy = Policy::builder().allow_origins(APP).allow_methods("PUT").allow_credentials(true).build();
    policy.expect("a valid policy")
}

/// What a handle does, whatever the type of the framework's header values.
trait Handle {
    fn switch_off(&self);
    fn switch_on(&self);
    fn set_diagnostics(&self, diagnostics: Option<bool>);
    fn set_report_only(&self, report_only: Option<bool>);
    fn replace(&self, policy: Policy);
}

impl<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static> Handle for cors_core::PolicyHandle<V> {
    fn switch_off(&self) {
        self.switch_off();
    }

    fn switch_on(&self) {
        self.switch_on();
    }

    fn set_diagnostics(&self, diagnostics: Option<bool>) {
        self.set_diagnostics(diagnostics);
    }

    fn set_report_only(&self, report_only: Option<bool>) {
        self.set_report_only(report_only);
    }

    fn replace(&self, policy: Policy) {
        self.replace(policy);
    }
}

/// Serves an actix-web application, whose type has no name.
macro_rules! serve_actix {
    ($application:expr) => {
        subject::actix::serve(|listener| {
            let server = actix_web::HttpServer::new($application).workers(1).disable_signals();
            server.listen(listener).map(actix_web::HttpServer::run)
        })
    };
}

#[derive(Clone, Copy)]
enum Framework {
    Actix,
    Axum,
    Poem,
    Rocket,
    Warp,
}

impl Framework {
    /// The specimen with a policy that a handle can change.
    async fn with_cors(self) -> Result<(Box<dyn Handle>, Server), StartError> {
        let hits = Hits::default();
        match self {
            Self::Actix => {
                let handle = cors_actix::PolicyHandle::new(policy());
                let cors = ActixCors::new(&handle);
                let application = move || specimen::actix::application(hits.clone()).wrap(cors.clone());
                let server = serve_actix!(application)?;
                Ok((Box::new(handle), server))
            }
            Self::Axum => {
                let handle = cors_axum::PolicyHandle::new(policy());
                let app = CorsLayer::new(&handle).layer(specimen::axum::router(hits));
                let app = axum::Router::new().fallback_service(app);
                Ok((Box::new(handle), subject::axum::serve(app).await?))
            }
            Self::Poem => {
                let handle = cors_poem::PolicyHandle::new(policy());
                let app = specimen::poem::application(hits).with(PoemCors::new(&handle));
                Ok((Box::new(handle), subject::poem::serve(app).await?))
            }
            Self::Rocket => {
                let handle = cors_rocket::PolicyHandle::new(policy());
                let app = specimen::rocket::build(hits).attach(RocketCors::new(&handle));
                Ok((Box::new(handle), subject::rocket::serve(app).await?))
            }
            Self::Warp => {
                let handle = cors_warp::PolicyHandle::new(policy());
                let app = WarpCors::new(&handle).wrap(specimen::warp::routes(&hits));
                Ok((Box::new(handle), subject::warp::serve(app.boxed()).await?))
            }
        }
    }

    /// The specimen alone.
    async fn without_cors(self) -> Result<Server, StartError> {
        let hits = Hits::default();
        match self {
            Self::Actix => serve_actix!(move || specimen::actix::application(hits.clone())),
            Self::Axum => subject::axum::serve(specimen::axum::router(hits)).await,
            Self::Poem => subject::poem::serve(specimen::poem::application(hits)).await,
            Self::Rocket => subject::rocket::serve(specimen::rocket::build(hits)).await,
            Self::Warp => subject::warp::serve(specimen::warp::routes(&hits)).await,
        }
    }
}

/// A response: its status line, its headers without those that change by themselves, and its body.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|lines| lines[0].as_str())
    }

    fn cors_headers(&self) -> Vec<&String> {
        self.headers.keys().filter(|name| name.starts_with("access-control-")).collect()
    }
}

async fn ask(server: &Server, request: &Request) -> Answer {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    let (method, path, lines) = request;
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n");
    for (name, value) in *lines {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).await.expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("a response");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header");
        headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
    }
    headers.remove("date");
    Answer { status: status.parse().expect("a status"), headers, body: body.to_owned() }
}

/// Method, path and headers.
type Request = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const ORIGIN: (&str, &str) = ("origin", APP);
const PUT: (&str, &str) = ("access-control-request-method", "PUT");
const PATCH: (&str, &str) = ("access-control-request-method", "PATCH");

const REQUESTS: [Request; 9] = [
    ("GET", "/echo", &[]),
    ("GET", "/echo", &[ORIGIN]),
    ("GET", "/own-cors", &[ORIGIN]),
    ("GET", "/vary?v=Accept", &[ORIGIN]),
    ("GET", "/nowhere", &[ORIGIN]),
    ("GET", "/error", &[ORIGIN]),
    ("OPTIONS", "/options", &[ORIGIN, PUT]),
    ("OPTIONS", "/echo", &[ORIGIN, PUT]),
    ("OPTIONS", "/nowhere", &[ORIGIN, PUT]),
];

#[rstest]
#[case::actix(Framework::Actix)]
#[case::axum(Framework::Axum)]
#[case::poem(Framework::Poem)]
#[case::rocket(Framework::Rocket)]
#[case::warp(Framework::Warp)]
#[tokio::test(flavor = "multi_thread")]
async fn off_means_as_if_there_were_no_cors(#[case] framework: Framework) {
    let bare = framework.without_cors().await.expect("a server");
    let (handle, server) = framework.with_cors().await.expect("a server");

    handle.switch_off();
    for request in &REQUESTS {
        assert_eq!(ask(&server, request).await, ask(&bare, request).await, "{request:?}");
    }

    // A replaced policy does not switch it on.
    handle.replace(policy());
    let preflight = &("OPTIONS", "/options", [ORIGIN, PUT].as_slice());
    assert_eq!(ask(&server, preflight).await.header("x-handler"), Some("options"));

    handle.switch_on();
    let answer = ask(&server, preflight).await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, Some("PUT")));
    let answer = ask(&server, &("GET", "/own-cors", &[ORIGIN])).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")), "{answer:?}");
    server.stop().await;
    bare.stop().await;
}

#[rstest]
#[case::actix(Framework::Actix)]
#[case::axum(Framework::Axum)]
#[case::poem(Framework::Poem)]
#[case::rocket(Framework::Rocket)]
#[case::warp(Framework::Warp)]
#[tokio::test(flavor = "multi_thread")]
async fn diagnostics_are_switched_without_a_new_policy(#[case] framework: Framework) {
    let (handle, server) = framework.with_cors().await.expect("a server");
    let denied = &("OPTIONS", "/echo", [ORIGIN, PATCH].as_slice());

    assert_eq!(ask(&server, denied).await.status, 403);
    handle.set_diagnostics(Some(true));
    let answer = ask(&server, denied).await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, Some("PUT")));

    handle.set_diagnostics(None);
    let answer = ask(&server, denied).await;
    assert_eq!((answer.status, answer.cors_headers()), (403, Vec::new()));

    handle.replace(policy().to_builder().diagnostics(true).build().expect("a valid policy"));
    assert_eq!(ask(&server, denied).await.status, 204);
    handle.set_diagnostics(Some(false));
    assert_eq!(ask(&server, denied).await.status, 403);
    server.stop().await;
}

#[rstest]
#[case::actix(Framework::Actix)]
#[case::axum(Framework::Axum)]
#[case::poem(Framework::Poem)]
#[case::rocket(Framework::Rocket)]
#[case::warp(Framework::Warp)]
#[tokio::test(flavor = "multi_thread")]
async fn a_guard_comes_and_goes_with_the_policy(#[case] framework: Framework) {
    let (handle, server) = framework.with_cors().await.expect("a server");
    let forged = &("POST", "/echo", [("origin", "https://evil.example")].as_slice());
    let listed = &("POST", "/echo", [ORIGIN].as_slice());
    assert_eq!(ask(&server, forged).await.status, 200);

    handle.replace(policy().to_builder().guard(Guard::builder()).build().expect("a valid policy"));
    let answer = ask(&server, forged).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.cors_headers()), (403, "", Vec::new()));
    assert_eq!(ask(&server, listed).await.status, 200);

    handle.set_report_only(Some(true));
    assert_eq!(ask(&server, forged).await.status, 200);
    handle.set_report_only(None);
    assert_eq!(ask(&server, forged).await.status, 403);

    // CORS is off, and the guard is not.
    handle.switch_off();
    assert_eq!(ask(&server, forged).await.status, 403);
    let answer = ask(&server, listed).await;
    assert_eq!((answer.status, answer.cors_headers()), (200, Vec::new()));
    handle.switch_on();

    handle.replace(policy());
    assert_eq!(ask(&server, forged).await.status, 200);
    server.stop().await;
}

#[rstest]
#[case::actix(Framework::Actix)]
#[case::axum(Framework::Axum)]
#[case::poem(Framework::Poem)]
#[case::rocket(Framework::Rocket)]
#[case::warp(Framework::Warp)]
#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_only_reports_can_be_told_to_deny(#[case] framework: Framework) {
    let (handle, server) = framework.with_cors().await.expect("a server");
    let guard = Guard::builder().allow_hosts("other.example").report_only(true);
    handle.replace(policy().to_builder().guard(guard).build().expect("a valid policy"));
    let misdirected = &("GET", "/echo", [].as_slice());
    assert_eq!(ask(&server, misdirected).await.status, 200);
    handle.set_report_only(Some(false));
    assert_eq!(ask(&server, misdirected).await.status, 421);
    server.stop().await;
}
