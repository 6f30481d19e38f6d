//! The lines of the protocol: JSON objects, one a line.

use serde::{Deserialize, Serialize};

use super::policy::PolicyMessage;
use crate::specimen::Level;
use crate::subject::{Dispute, KnownDeviation, KnownLimit};

/// The version of the protocol that the suite speaks.
pub(super) const VERSION: u32 = 1;

/// What the suite says.
#[derive(Debug, Serialize)]
#[serde(tag = "cmd", rename_all = "lowercase")]
pub(super) enum Command<'a> {
    Hello {
        protocol: u32,
    },
    Serve {
        id: u64,
        #[serde(flatten)]
        what: Configuration<'a>,
    },
    Stop {
        id: u64,
    },
}

/// What a server is configured with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Configuration<'a> {
    /// A policy.
    Policy(Box<PolicyMessage<'a>>),
    /// The name of a configuration that no policy can have.
    Unsafe(&'a str),
}

/// What a harness answers. Fields that the suite does not know are ignored.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    Hello(Box<Hello>),
    Ready {
        id: u64,
        port: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        configuration: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warning: Option<String>,
    },
    Cannot {
        id: u64,
        field: String,
        reason: String,
    },
    Refused {
        id: u64,
        reason: String,
    },
    Failed {
        id: u64,
        reason: String,
    },
    Stopped {
        id: u64,
    },
}

/// What a harness says about itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Hello {
    /// The version of the protocol that it speaks, which is 1.
    pub protocol: u32,
    /// A short name, such as `express-cors`.
    pub name: String,
    /// The name for people, such as `Express cors`.
    #[serde(default)]
    pub title: Option<String>,
    /// The programming language, such as `JavaScript`.
    #[serde(default)]
    pub language: Option<String>,
    /// The framework and its version, such as `express 5.3.0`.
    pub framework: String,
    /// The middleware and its version, such as `cors 2.8.6`.
    pub middleware: String,
    /// The page of the middleware.
    #[serde(default)]
    pub homepage: Option<String>,
    /// The routes of its specimen.
    #[serde(default)]
    pub level: Level,
    /// Whether its servers speak HTTP/2 without TLS.
    #[serde(default)]
    pub http2: bool,
    /// The unsafe configurations that it can be asked for.
    #[serde(default, rename = "unsafe")]
    pub unsafe_configurations: Vec<String>,
    /// The scenarios that it is known to fail.
    #[serde(default)]
    pub limits: Vec<KnownLimit>,
    /// The scenarios about which the maintainers of the middleware have another view.
    #[serde(default)]
    pub disputes: Vec<Dispute>,
    /// The requests that its specimen is known to answer otherwise than the others.
    #[serde(default)]
    pub deviations: Vec<KnownDeviation>,
}

/// What an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Hello,
    Serve(u64),
    Stop(u64),
}

impl Answer {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Hello(_) => Key::Hello,
            Self::Ready { id, .. }
            | Self::Cannot { id, .. }
            | Self::Refused { id, .. }
            | Self::Failed { id, .. } => Key::Serve(*id),
            Self::Stopped { id } => Key::Stop(*id),
        }
    }
}

/// What the suite says, as a harness in Rust reads it.
#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "lowercase")]
pub(super) enum Request {
    Hello {},
    Serve {
        id: u64,
        /// Not there in a request for an unsafe configuration.
        policy: Option<serde_json::Value>,
    },
    Stop {
        id: u64,
    },
}

impl Command<'_> {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Hello { .. } => Key::Hello,
            Self::Serve { id, .. } => Key::Serve(*id),
            Self::Stop { id } => Key::Stop(*id),
        }
    }

    /// The word that messages use.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Serve { .. } => "serve",
            Self::Stop { .. } => "stop",
        }
    }
}
