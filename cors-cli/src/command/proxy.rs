//! `cors proxy`: a development proxy in front of a server that one cannot change.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::net::TcpListener;

use super::CommandResult;
use crate::interrupt::unless_interrupted;
use crate::policy_file::{PolicyFile, to_text};
use crate::proxy::{Mode, Options, Proxy, Rest, SetupError, Target};
use crate::tls::TlsError;

/// The first line of the help.
pub const ABOUT: &str = "Put a development proxy in front of a server that you cannot change";

/// The help.
pub const LONG_ABOUT: &str = "\
Put a development proxy in front of a server that you cannot change

With `--policy` the proxy adds the headers of a policy, in the place of the server's own CORS headers, and answers preflights. With \
`--same-origin` it serves a page's files (or another server, such as that of a bundler) and puts the server below `/api`, so that the \
page and the server have one origin and need no CORS.

Bodies are streamed, and WebSockets pass. `Location` and the paths of cookies are changed so that they lead back to the proxy. The \
proxy listens on this machine only unless `--listen` says otherwise. It is meant for development: it has no TLS of its own and no limits.

It runs until a signal stops it, and exits with 0 then. It exits with 2 if it cannot start.";

/// The arguments of `cors proxy`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("mode").required(true).args(["policy", "same_origin"]))]
pub struct Arguments {
    /// The server, such as `https://api.example.com`; its path is put before that of every request
    #[arg(long, value_name = "URL")]
    to: Target,
    /// The policy file whose headers to add
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The page: a folder, or the URL of another server
    #[arg(long, value_name = "DIR|URL")]
    same_origin: Option<String>,
    /// The prefix below which the server is; it is removed from the paths that the server gets
    #[arg(long, value_name = "PATH", default_value = "/api", conflicts_with = "policy")]
    prefix: String,
    /// The address to listen at
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A PEM file with certificates to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Remove `Domain`, `Secure` and `SameSite=None` from cookies, so that browsers keep them for this machine
    #[arg(long)]
    local_cookies: bool,
    /// Send the server's own origin as `Origin` for pages that may use it, for servers that refuse others
    #[arg(long)]
    own_origin: bool,
}

/// Runs the command.
///
/// # Errors
///
/// The address is in use, the server is the proxy itself, or a file or folder is wrong.
pub fn run(arguments: Arguments) -> CommandResult {
    let mode = match (arguments.policy, arguments.same_origin) {
        (Some(path), _) => {
            let file = PolicyFile::read(&path);
            let Ok(policy) = file.outcome else {
                eprint!("{}", to_text(&file));
                return Ok(ExitCode::from(2));
            };
            Mode::Policy(policy)
        }
        (None, Some(page)) => {
            let rest = match page.starts_with("http://") || page.starts_with("https://") {
                true => Rest::Server(page.parse()?),
                false => Rest::Folder(page.into()),
            };
            Mode::SameOrigin { prefix: arguments.prefix, rest }
        }
        // The arguments require one of them.
        (None, None) => return Err("write `--policy FILE` or `--same-origin DIR|URL`".into()),
    };
    let is_policy = matches!(mode, Mode::Policy(_));
    let other = match &mode {
        Mode::SameOrigin { rest: Rest::Server(target), .. } => Some(target.clone()),
        _ => None,
    };
    let targets: Vec<Target> = std::iter::once(arguments.to.clone()).chain(other).collect();
    let proxy = Proxy::new(Options {
        to: arguments.to.clone(),
        mode,
        authorities: arguments.cacert,
        local_cookies: arguments.local_cookies,
        own_origin: arguments.own_origin,
    })
    .map_err(|error| match error {
        SetupError::Tls(TlsError::Certificates { .. }) => format!("--cacert {error}"),
        SetupError::NoFolder(_) => format!("--same-origin {error}"),
        SetupError::Prefix(_) => format!("--prefix {error}"),
        _ => error.to_string(),
    })?;
    let served = unless_interrupted(async {
        let listener = TcpListener::bind(arguments.listen)
            .await
            .map_err(|error| format!("--listen {}: {error}", arguments.listen))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        if let Some(target) = targets.iter().find(|target| target.is_at(address)) {
            return Err(format!("{} is the address of the proxy itself", target.origin()));
        }
        if !address.ip().is_loopback() {
            eprintln!(
                "warning: every machine that can reach {address} can use the server through this proxy"
            );
        }
        let what = if is_policy { "with the policy's headers" } else { "and the page under one origin" };
        eprintln!("http://{address} is {}, {what}", targets[0].origin());
        proxy.serve(listener).await.map_err(|error| error.to_string())
    })?;
    match served {
        Some(Err(error)) => Err(error.into()),
        Some(Ok(())) | None => Ok(ExitCode::SUCCESS),
    }
}
