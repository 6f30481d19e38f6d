//! `cargo xtask serve`: serves the specimen application behind one middleware.

use std::path::PathBuf;
use std::process::ExitCode;

use cors_cli::command::CommandResult;
use cors_cli::interrupt::Signals;
use cors_cli::policy_file::{PolicyFile, to_text};
use cors_conformance::subject::StartError;
use cors_conformance::subject::front::{Certificate, Front, Security};
use cors_subjects::registry;

/// The arguments of `cargo xtask serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The name of the middleware, such as `cors-axum`
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// The policy in TOML or JSON; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The port on 127.0.0.1; 0 chooses a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Serve HTTPS with a new self-signed certificate for localhost
    #[arg(long)]
    tls: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let subject = registry::find(&arguments.subject)?;
    let file = PolicyFile::read(&arguments.policy);
    let Ok(policy) = &file.outcome else {
        eprint!("{}", to_text(&file));
        return Ok(ExitCode::from(2));
    };
    let security = if arguments.tls { Security::Tls(Certificate::self_signed()?) } else { Security::Plain };

    tokio::runtime::Runtime::new()?.block_on(async {
        // Before the server starts, so that no signal is lost.
        let signals = Signals::new()?;
        let server = match subject.start(policy).await {
            Ok(server) => server,
            Err(error @ StartError::Failed(_)) => {
                eprintln!("error: {} {error}", arguments.subject);
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(error.into()),
        };
        let front = Front::start(arguments.port, security, server).await?;
        println!("listening on {}", front.url());
        signals.received().await;
        front.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}
