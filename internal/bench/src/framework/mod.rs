//! The frameworks. Each has one application with one handler: bare, with our adapter, and with other middleware for the framework.

mod actix;
mod axum;
mod poem;
mod rocket;
mod tower_service;
mod warp;

use std::net::TcpListener;
use std::rc::Rc;

use serde::Serialize;
use tokio::runtime::Runtime;

use crate::measure::Measurable;
use crate::sources::Sources;

/// The middleware around an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Middleware {
    /// Without middleware.
    Bare,
    /// Our adapter.
    Adapter,
    /// The middleware that the adapter is compared with.
    Other,
    /// A middleware that does nothing.
    Empty,
}

impl Middleware {
    /// The ones that are compared with each other.
    pub(crate) const COMPARED: [Self; 4] = [Self::Bare, Self::Adapter, Self::Other, Self::Empty];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framework {
    Axum,
    /// axum with our adapter as a layer of the router instead of around it. Measured only on request.
    AxumLayer,
    Actix,
    Rocket,
    Warp,
    /// warp with our filter instead of our service. Measured only on request.
    WarpFilter,
    Poem,
}

impl Framework {
    pub(crate) const ALL: [Self; 5] = [Self::Axum, Self::Actix, Self::Rocket, Self::Warp, Self::Poem];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::AxumLayer => "axum-layer",
            Self::Actix => "actix",
            Self::Rocket => "rocket",
            Self::Warp => "warp",
            Self::WarpFilter => "warp-filter",
            Self::Poem => "poem",
        }
    }

    /// The middleware that the adapter is compared with.
    pub(crate) fn other_middleware(self) -> &'static str {
        match self {
            Self::Axum | Self::AxumLayer => "tower-http",
            Self::Actix => "actix-cors",
            Self::Rocket => "rocket_cors",
            Self::Warp | Self::WarpFilter => "warp::cors",
            Self::Poem => "poem Cors",
        }
    }

    /// The application, to be called in this thread. Our adapter has its policy from `sources`.
    pub(crate) fn application(
        self,
        middleware: Middleware,
        sources: &Sources,
        runtime: &Rc<Runtime>,
    ) -> Box<dyn Measurable> {
        match self {
            Self::Axum => axum::application(middleware, sources, runtime),
            Self::AxumLayer => axum::layer_application(middleware, sources, runtime),
            Self::Actix => actix::application(middleware, sources, runtime),
            Self::Rocket => rocket::application(middleware, sources, runtime),
            Self::Warp => warp::application(middleware, sources, runtime),
            Self::WarpFilter => warp::filter_application(middleware, sources, runtime),
            Self::Poem => poem::application(middleware, sources, runtime),
        }
    }

    /// Serves the application with one thread until the process ends.
    pub(crate) fn serve(self, middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Axum => runtime.block_on(axum::serve(middleware, listener)),
            Self::AxumLayer => runtime.block_on(axum::serve_layer(middleware, listener)),
            Self::Actix => actix::serve(middleware, listener),
            Self::Rocket => runtime.block_on(rocket::serve(middleware, listener)),
            Self::Warp => runtime.block_on(warp::serve(middleware, listener)),
            Self::WarpFilter => runtime.block_on(warp::serve_filter(middleware, listener)),
            Self::Poem => runtime.block_on(poem::serve(middleware, listener)),
        }
    }
}

/// The frameworks to measure: the chosen ones, each once, or all of them.
pub(crate) fn selected(chosen: &[Framework]) -> Vec<Framework> {
    let mut frameworks = Vec::new();
    for &framework in if chosen.is_empty() { &Framework::ALL } else { chosen } {
        if !frameworks.contains(&framework) {
            frameworks.push(framework);
        }
    }
    frameworks
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all(&[], &Framework::ALL)]
    #[case::twice(&[Framework::Warp, Framework::Axum, Framework::Warp], &[Framework::Warp, Framework::Axum])]
    fn each_framework_is_measured_once(#[case] chosen: &[Framework], #[case] expected: &[Framework]) {
        assert_eq!(selected(chosen), expected);
    }
}
