//! `cargo xtask serve`: one subject, to poke at.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use cors_cli::policy_file::{PolicyFile, to_text};
use cors_conformance::subject::StartError;
use cors_conformance::subject::front::{Certificate, Front, Security};
use cors_subjects::registry;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The subject's name, such as `cors-axum`.
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// The policy, TOML or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The port on 127.0.0.1; 0 is any that is free.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Serve HTTPS, with a certificate for localhost that is made for this start and trusted by nobody.
    #[arg(long)]
    tls: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let subject = registry::find(&arguments.subject)?;
    let file = PolicyFile::read(&arguments.policy);
    let Ok(policy) = &file.outcome else {
        eprint!("{}", to_text(&file));
        return Ok(ExitCode::from(2));
    };
    let security = match arguments.tls {
        true => Security::Tls(Certificate::self_signed()?),
        false => Security::Plain,
    };

    tokio::runtime::Runtime::new()?.block_on(async {
        // Watched from the start on, so that no signal is lost.
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let server = match subject.start(policy).await {
            Ok(server) => server,
            Err(error @ StartError::Inexpressible(_)) => return Err(error.into()),
            Err(error @ StartError::Failed(_)) => {
                eprintln!("error: {} {error}", arguments.subject);
                return Ok(ExitCode::FAILURE);
            }
        };
        let front = Front::start(arguments.port, security, server).await?;
        println!("listening on {}", front.url());
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        front.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}
