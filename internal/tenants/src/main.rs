//! Serves an API for the tenants of a database, or tests it under load.

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cors_axum::{Policy, PolicyHandle};
use cors_tenants_example::{Shop, Tenants, administration, api, load, lookup};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpListener;

/// Serve an API for the tenants of a database
#[derive(Debug, Parser)]
struct Arguments {
    /// The database: SQLite in a temporary folder, or `sqlite:FILE?mode=rwc`, or `postgres://…`
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How many tenants there are at the start
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    tenants: u32,
    /// Where the API listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: String,
    /// Where the administration listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3001")]
    listen_administration: String,
    /// Send requests for this many seconds, compare all responses, and exit
    #[arg(long, value_name = "SECONDS")]
    load: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let url = match arguments.database {
        Some(url) => url,
        None => format!("sqlite:{}?mode=rwc", folder.path().join("tenants.db").display()),
    };
    let tenants = Tenants::connect(&url).await?;
    let style = ProgressStyle::with_template("{pos} of {len} tenants {wide_bar}")?;
    let bar = ProgressBar::new(arguments.tenants.into()).with_style(style);
    tenants.fill(arguments.tenants, |count| bar.set_position(count.into())).await?;
    bar.finish();
    let shop = Shop { lookup: lookup(&tenants), tenants };
    if let Some(seconds) = arguments.load {
        let report = load::run(&shop, arguments.tenants, Duration::from_secs(seconds)).await?;
        println!("{report}");
        return Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let policy = Policy::builder().allow_origins("https://admin.example").lookup(&shop.lookup).build()?;
    let policy = PolicyHandle::new(policy);
    let listener = TcpListener::bind(&arguments.listen).await?;
    let administrators = TcpListener::bind(&arguments.listen_administration).await?;
    println!("The API listens on http://{}", listener.local_addr()?);
    println!("The administration listens on http://{}", administrators.local_addr()?);
    let served: io::Result<((), ())> =
        tokio::try_join!(async { axum::serve(listener, api(&policy)).await }, async {
            axum::serve(administrators, administration(shop)).await
        },);
    served?;
    Ok(ExitCode::SUCCESS)
}
