#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod folders;
mod policy_file;
mod read;
mod watcher;

pub use cors_core::{Policy, PolicyError, PolicyHandle, Problem};

pub use self::error::FileError;
pub use self::policy_file::{PolicyFile, WatchOptions};
