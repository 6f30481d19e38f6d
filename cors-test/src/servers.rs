//! Several applications.

use std::fmt;

use cors_browser::{FailureKind, NetworkError, Origin, WireRequest, WireResponse};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use url::Url;

use crate::{App, origin};

type Respond<'a> = Box<dyn Fn(WireRequest) -> LocalBoxFuture<'a, Result<WireResponse, NetworkError>> + 'a>;

/// Several applications at their origins, for redirects from one to another.
///
/// A page that fetches from a single application reaches it at every URL with the host of the request, and nothing else.
///
/// ```
/// use cors_test::{Page, Servers, WireRequest, WireResponse};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let old = async |_: WireRequest| {
///     WireResponse::new(308)
///         .with_header("location", "https://api.example.com/items")
///         .with_header("access-control-allow-origin", "*")
/// };
/// let new = async |_: WireRequest| WireResponse::new(200).with_header("access-control-allow-origin", "*");
/// let servers = Servers::new().at("https://old.example.com", &old).at("https://api.example.com", &new);
///
/// let answer = Page::at("https://app.example.com").fetch(&servers, "https://old.example.com/items").await;
/// answer.assert_readable().assert_status(200);
/// # }
/// ```
#[derive(Default)]
pub struct Servers<'a> {
    servers: Vec<(Origin, Respond<'a>)>,
}

impl<'a> Servers<'a> {
    /// Creates an Internet without servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an application at an origin.
    ///
    /// # Panics
    ///
    /// If `origin` is not an origin.
    #[track_caller]
    #[must_use]
    pub fn at<K: 'a, A: App<K>>(mut self, origin: &str, app: &'a A) -> Self {
        let origin = match origin::parse(origin) {
            Ok(origin) => origin,
            Err(error) => panic!("{error}"),
        };
        let respond = move |request| app.respond(request).boxed_local();
        self.servers.push((origin, Box::new(respond)));
        self
    }
}

impl App for Servers<'_> {
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let origin = Origin::of(&request.url);
        match self.servers.iter().find(|(other, _)| *other == origin) {
            Some((_, respond)) => respond(request).await,
            None => Err(NetworkError::new(
                FailureKind::Unresolved,
                format!("no application of this test is at {origin}"),
            )),
        }
    }

    fn serves(&self, _: &Url, _: &Url) -> bool {
        true
    }
}

impl fmt::Debug for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.servers.iter().map(|(origin, _)| origin.to_string())).finish()
    }
}
