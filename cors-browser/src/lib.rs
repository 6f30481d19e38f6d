#![doc = include_str!("../README.md")]

mod action;
mod address_space;
mod authentication;
mod blocked;
mod browser;
mod clock;
mod code;
mod console;
mod cookie;
// For the catalogue of errors and the comparison with real browsers in this repository. It may change at any time.
#[doc(hidden)]
pub mod examples;
mod failure;
mod fault;
mod fetch;
mod header;
mod html;
mod method;
mod origin;
mod page;
mod port;
mod preflight_cache;
mod profile;
mod request;
mod response;
mod site;
mod steps;
#[cfg(test)]
mod tests;
mod websocket;
mod wire;

pub use self::action::{
    CrossOrigin, Element, ElementRequest, Enctype, EventSourceRequest, Form, FormMethod, Navigation,
    PageAction, WebSocketRequest, XhrRequest,
};
pub use self::address_space::{AddressSpace, NetworkPermissions, Permission};
pub use self::blocked::{BlockReason, Blocked};
pub use self::browser::Browser;
pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::cookie::{SecurityError, ThirdPartyCookies};
pub use self::failure::FailureKind;
pub use self::fault::Fault;
pub use self::fetch::ReferrerPolicy;
pub use self::origin::Origin;
pub use self::page::{OpaqueKind, Page, User};
pub use self::profile::{Engine, Profile, Rule};
pub use self::request::{Credentials, FetchRequest, Mode, Redirect};
pub use self::response::{Fetched, Loaded, Navigated, Opened, Outcome, PageResponse, ResponseType};
pub use self::wire::{
    Exchange, ExchangeKind, Network, NetworkError, NetworkFuture, WireRequest, WireResponse,
};
