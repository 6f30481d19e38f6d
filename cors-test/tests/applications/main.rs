//! Pages in front of applications of every framework.

mod actix;
mod caches;
mod checks;
mod guide;
mod kit;
mod poem;
mod rocket;
mod tower;
mod warp;
