//! Filters of warp.

use cors_browser::{NetworkError, WireRequest, WireResponse};
use warp::{Filter, Reply};

use super::{App, kind, tower};

/// A filter of warp. It answers as `warp::serve` does: rejections become responses.
#[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
impl<F, R> App<kind::Warp> for F
where
    F: Filter<Extract = (R,)> + Clone,
    R: Reply,
{
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        tower::respond(warp::service(self.clone()), request).await
    }
}
