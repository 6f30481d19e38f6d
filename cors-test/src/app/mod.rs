//! Applications that pages send requests to.

#[cfg(feature = "actix")]
mod actix;
#[cfg(any(feature = "actix", feature = "poem", feature = "rocket", feature = "tower"))]
mod body;
#[cfg(any(feature = "poem", feature = "tower"))]
mod convert;
#[cfg(feature = "poem")]
mod poem;
#[cfg(feature = "rocket")]
mod rocket;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "warp")]
mod warp;

use cors_browser::{NetworkError, WireRequest, WireResponse};
use url::Url;

#[cfg(feature = "tower")]
pub use self::tower::TowerBody;

/// An application that answers requests in process.
///
/// What implements it depends on the features:
///
/// | feature | application |
/// |---|---|
/// | | a function from [`WireRequest`] to a future of [`WireResponse`], for every other framework; [`Servers`](crate::Servers) |
/// | `tower` | a tower service that is `Clone` and takes `http::Request<TowerBody>`, such as a `Router` of axum |
/// | `actix` | what `actix_web::test::init_service` returns |
/// | `rocket` | `rocket::local::asynchronous::Client` |
/// | `warp` | a filter that is `Clone` |
/// | `poem` | an `Endpoint` |
///
/// The parameter `K` is the [`kind`] of the application. The compiler finds it.
///
/// ```
/// use cors_test::{Page, WireRequest, WireResponse};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = async |_: WireRequest| WireResponse::new(200).with_header("access-control-allow-origin", "*");
/// Page::at("https://app.example.com").fetch(&app, "https://api.example.com/").await.assert_readable();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an application that `cors-test` can send requests to",
    label = "not an application",
    note = "enable the feature of your framework: `tower` (axum and others), `actix`, `rocket`, `warp` or `poem`",
    note = "tower services must be `Clone` and take `http::Request<cors_test::TowerBody>`; actix-web needs `test::init_service(…)`; \
            Rocket needs `local::asynchronous::Client`"
)]
pub trait App<K = kind::Own> {
    /// Answers one request as the server of the framework would.
    ///
    /// The request has a `Host` header. An error means that no response comes: the server closes the connection.
    fn respond(&self, request: WireRequest) -> impl Future<Output = Result<WireResponse, NetworkError>>;

    /// Whether the application is the server of `url`, which a redirect may lead to, if a page requests `first`.
    ///
    /// The default compares the hosts.
    fn serves(&self, url: &Url, first: &Url) -> bool {
        url.host() == first.host()
    }
}

/// A function, for frameworks that have no feature.
impl<F> App<kind::Function> for F
where
    F: AsyncFn(WireRequest) -> WireResponse,
{
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        Ok(self(request).await)
    }
}

/// The kinds of applications, by which the compiler tells the implementations of [`App`] apart.
pub mod kind {
    /// An implementation of [`App`](super::App) of your own.
    #[derive(Debug)]
    pub enum Own {}

    /// A function from [`WireRequest`](crate::WireRequest) to [`WireResponse`](crate::WireResponse).
    #[derive(Debug)]
    pub enum Function {}

    /// A service of actix-web.
    #[cfg(feature = "actix")]
    #[cfg_attr(docsrs, doc(cfg(feature = "actix")))]
    #[derive(Debug)]
    pub enum Actix {}

    /// An endpoint of Poem.
    #[cfg(feature = "poem")]
    #[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
    #[derive(Debug)]
    pub enum Poem {}

    /// A client of Rocket.
    #[cfg(feature = "rocket")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
    #[derive(Debug)]
    pub enum Rocket {}

    /// A tower service.
    #[cfg(feature = "tower")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
    #[derive(Debug)]
    pub enum Tower {}

    /// A filter of warp.
    #[cfg(feature = "warp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
    #[derive(Debug)]
    pub enum Warp {}
}

/// The path and the query of a request, as HTTP/1.1 writes them.
#[cfg(any(feature = "actix", feature = "poem", feature = "rocket", feature = "tower"))]
fn target(request: &WireRequest) -> String {
    let url = &request.url;
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// The error for a request that cannot be written as HTTP.
#[cfg(any(feature = "actix", feature = "poem", feature = "tower"))]
fn unsendable(problem: impl std::fmt::Display) -> NetworkError {
    let detail = format!("the request cannot be sent: {problem}");
    NetworkError::new(cors_browser::FailureKind::Unsendable, detail)
}
