//! One suite of CORS scenarios, run against any server by a browser model written from the Fetch standard.
//!
//! A [scenario] says what a page does and what must come of it; a [user agent](user_agent) plays the page's side, a
//! [subject] the server's; the [verdict] compares, and a [report] tells. An adapter outside of this
//! workspace is one more subject:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use cors_conformance::{report, run, scenario, subject::Subject, user_agent::{Model, UserAgent}};
//! # async fn example(my_adapter: impl Subject + 'static) -> Result<(), Box<dyn std::error::Error>> {
//! let scenarios = scenario::select(scenario::embedded()?, &[])?;
//! let subjects: [Arc<dyn Subject>; 1] = [Arc::new(my_adapter)];
//! let user_agent: Arc<dyn UserAgent> = Arc::new(Model::default());
//!
//! let run = run::run(&scenarios, &subjects, &user_agent, run::Options::default(), |_, _| {}).await;
//! print!("{}", report::render(&run, report::Format::Table)?);
//! assert!(run.is_clean());
//! # Ok(())
//! # }
//! ```

/// The questions of the CORS FAQ, with the scenarios that answer them, as TOML.
pub const FAQ: &str = include_str!("../faq.toml");

pub mod network;
pub mod pattern;
pub mod process;
pub mod report;
pub mod run;
pub mod scenario;
pub mod specimen;
pub mod subject;
pub mod user_agent;
pub mod verdict;
