//! A server that uses more and more memory is found. It is alone in its process, because the memory is that of the process.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use axum::Router;
use cors_axum::CorsLayer;
use cors_conformance::specimen::Hits;
use cors_conformance::subject::Server;
use cors_load::expectation::Quirks;
use cors_load::process::Target;
use cors_load::server::{Handles, Policies};
use cors_load::{Failure, run};
use cors_subjects::{specimen, subject};
use futures_util::future::BoxFuture;
use http::HeaderValue;
use tower::Layer;

struct Leaking {
    server: Server,
    handles: Handles<HeaderValue>,
}

impl Target for Leaking {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn replace(&mut self, number: u64) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(self.handles.replace(number)))
    }

    fn panics(&mut self) -> BoxFuture<'_, Result<(u64, Vec<String>), Failure>> {
        Box::pin(std::future::ready(Ok((0, Vec::new()))))
    }

    fn process(&self) -> u32 {
        std::process::id()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leak_is_found() {
    let handles = Handles::new().unwrap();
    let routes = CorsLayer::new(handles.source().unwrap()).layer(specimen::axum::router(Hits::default()));
    let server = subject::axum::serve(Router::new().fallback_service(routes)).await.unwrap();
    // It ends with the process.
    thread::spawn(|| {
        // Two GiB at most. Every page is written, so that it is in memory.
        for _ in 0..500 {
            Box::leak(vec![1_u8; 4 << 20].into_boxed_slice());
            thread::sleep(Duration::from_millis(10));
        }
    });
    let target = Box::new(Leaking { server, handles });
    let report = run::run(target, Quirks::default(), Duration::from_millis(1500), |_| {}).await.unwrap();
    assert!(!report.memory.unwrap().is_flat() && !report.is_clean(), "{:?}", report.memory);
    assert_eq!(report.wrong, 0, "{:#?}", report.examples);
}
