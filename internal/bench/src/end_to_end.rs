//! Requests per second over a real socket, with the load generator wrk.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::framework::{Framework, Middleware};
use crate::measure::median;
use crate::request::{ORIGINS, ROUTE};

/// The number of keep-alive connections.
const CONNECTIONS: &str = "16";
/// The time of one run.
const DURATION: &str = "2s";
const RUNS: usize = 5;

/// Requests per second, from an origin that is allowed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct EndToEnd {
    pub(crate) framework: Framework,
    pub(crate) bare_per_second: f64,
    pub(crate) adapter_per_second: f64,
    pub(crate) other_per_second: f64,
}

/// An application to be served, as written on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    framework: Framework,
    middleware: Middleware,
}

impl std::str::FromStr for Served {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (framework, middleware) = text.split_once(':').ok_or("expected FRAMEWORK:MIDDLEWARE")?;
        Ok(Self {
            framework: clap::ValueEnum::from_str(framework, false)?,
            middleware: clap::ValueEnum::from_str(middleware, false)?,
        })
    }
}

/// Serves until the process is killed.
pub(crate) fn serve(served: Served) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    Ok(served.framework.serve(served.middleware, listener)?)
}

pub(crate) fn measure(
    frameworks: &[Framework],
    mut progress: impl FnMut(),
) -> Result<Vec<EndToEnd>, Box<dyn Error>> {
    let wrk = Command::new("wrk").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if wrk.is_err() {
        return Err(
            "--end-to-end needs the load generator wrk. Install it, on Debian with `apt-get install wrk`."
                .into(),
        );
    }
    let mut measured = Vec::new();
    for &framework in frameworks {
        let servers = [Middleware::Bare, Middleware::Adapter, Middleware::Other]
            .map(|middleware| Server::start(framework, middleware));
        let [bare, adapter, other] = servers;
        let servers = [bare?, adapter?, other?];
        let mut samples = [const { Vec::new() }; 3];
        for _ in 0..RUNS {
            for (server, samples) in servers.iter().zip(&mut samples) {
                samples.push(server.requests_per_second()?);
            }
            progress();
        }
        let [bare_per_second, adapter_per_second, other_per_second] = samples.map(median);
        measured.push(EndToEnd { framework, bare_per_second, adapter_per_second, other_per_second });
    }
    Ok(measured)
}

pub(crate) fn rounds(frameworks: &[Framework]) -> usize {
    frameworks.len() * RUNS
}

/// A process that serves one application; killed when this value is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(framework: Framework, middleware: Middleware) -> Result<Self, Box<dyn Error>> {
        let middleware = format!("{middleware:?}").to_lowercase();
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--serve", &format!("{}:{middleware}", framework.name())])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(|_| format!("{} does not start", framework.name()))?;
        let server = Self { process, address };
        server.wait()?;
        Ok(server)
    }

    /// Waits until it accepts connections.
    fn wait(&self) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        while let Err(error) = TcpStream::connect(self.address) {
            if start.elapsed() > Duration::from_secs(10) {
                return Err(error.into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn requests_per_second(&self) -> Result<f64, Box<dyn Error>> {
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", CONNECTIONS, "--duration", DURATION])
            .args(["--header", &format!("Origin: {}", ORIGINS[1])])
            .arg(format!("http://{}{ROUTE}", self.address))
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        requests_per_second(&text).ok_or_else(|| format!("wrk printed: {text}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ignore: the process has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The result in the output of wrk; `None` if a request failed.
fn requests_per_second(output: &str) -> Option<f64> {
    if output.contains("Non-2xx") || output.contains("Socket errors") {
        return None;
    }
    let figure = output.lines().find_map(|line| line.strip_prefix("Requests/sec:"))?;
    figure.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  10 requests in 2.00s\nRequests/sec:   1234.50\nTransfer/sec:  1MB\n", Some(1234.5))]
    #[case("  Non-2xx or 3xx responses: 10\nRequests/sec:   1234.50\n", None)]
    #[case("  Socket errors: connect 0, read 3\nRequests/sec:   1234.50\n", None)]
    #[case("unable to connect", None)]
    fn reads_the_output_of_wrk(#[case] output: &str, #[case] expected: Option<f64>) {
        assert_eq!(requests_per_second(output), expected);
    }
}
