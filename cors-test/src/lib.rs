#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod answer;
mod app;
mod cache;
mod explain;
mod origin;
mod page;
mod request;
mod servers;
mod tab;

pub use self::answer::Answer;
#[cfg(feature = "tower")]
pub use self::app::TowerBody;
pub use self::app::{App, kind};
pub use self::cache::{CacheReport, SharedCache, caches};
pub use self::origin::InvalidOrigin;
pub use self::page::Page;
pub use self::request::Request;
pub use self::servers::Servers;

pub use cors_browser::{
    BlockReason, Credentials, FailureKind, FetchRequest, Mode, NetworkError, PageAction, Profile, Redirect,
    ThirdPartyCookies, WireRequest, WireResponse,
};
