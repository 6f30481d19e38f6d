//! The frameworks: each has one application with one handler, bare, behind our adapter, and behind the middleware that its users
//! have had so far.

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

use crate::measure::Subject;

/// What stands in front of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Middleware {
    Bare,
    Ours,
    Theirs,
    /// The framework's own hook for middleware with nothing in it: what every middleware pays.
    Hook,
}

impl Middleware {
    /// Those that are compared.
    pub(crate) const COMPARED: [Self; 3] = [Self::Bare, Self::Ours, Self::Theirs];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framework {
    Axum,
    Actix,
    Rocket,
    Warp,
    /// warp again, with our filter in place of our service. Not one of the twenty cells.
    WarpFilter,
    Poem,
}

impl Framework {
    pub(crate) const ALL: [Self; 5] = [Self::Axum, Self::Actix, Self::Rocket, Self::Warp, Self::Poem];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
            Self::Rocket => "rocket",
            Self::Warp => "warp",
            Self::WarpFilter => "warp-filter",
            Self::Poem => "poem",
        }
    }

    /// The middleware that the adapter is compared with.
    pub(crate) fn existing(self) -> &'static str {
        match self {
            Self::Axum => "tower-http",
            Self::Actix => "actix-cors",
            Self::Rocket => "rocket_cors",
            Self::Warp | Self::WarpFilter => "warp::cors",
            Self::Poem => "poem Cors",
        }
    }

    /// The application, to be called in this thread.
    pub(crate) fn subject(self, middleware: Middleware, runtime: &Rc<Runtime>) -> Box<dyn Subject> {
        match self {
            Self::Axum => axum::subject(middleware, runtime),
            Self::Actix => actix::subject(middleware, runtime),
            Self::Rocket => rocket::subject(middleware, runtime),
            Self::Warp => warp::subject(middleware, runtime),
            Self::WarpFilter => warp::filter_subject(middleware, runtime),
            Self::Poem => poem::subject(middleware, runtime),
        }
    }

    /// Serves the application with one thread until the process ends.
    pub(crate) fn serve(self, middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Axum => runtime.block_on(axum::serve(middleware, listener)),
            Self::Actix => actix::serve(middleware, listener),
            Self::Rocket => runtime.block_on(rocket::serve(middleware, listener)),
            Self::Warp => runtime.block_on(warp::serve(middleware, listener)),
            Self::WarpFilter => runtime.block_on(warp::serve_filter(middleware, listener)),
            Self::Poem => runtime.block_on(poem::serve(middleware, listener)),
        }
    }
}
