#![doc = include_str!("../README.md")]

mod database;
pub mod load;
mod server;

pub use self::database::{Tenants, tenant};
pub use self::server::{Shop, administration, api, lookup};
