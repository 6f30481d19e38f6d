//! Bodies of responses.

use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use cors_browser::{FailureKind, NetworkError, WireResponse};
use futures_timer::Delay;
use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _};

/// How long a body may pause. One that pauses longer is a stream of events, or waits for something that no test does.
const PAUSE: Duration = Duration::from_secs(1);

/// How many bytes are read.
const LIMIT: usize = 8 << 20;

/// Reads a body into `response`, and stops if it does not end.
pub(super) async fn read<E: Display>(
    mut response: WireResponse,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> WireResponse {
    let mut body = pin!(body);
    let error = loop {
        match select(body.next(), Delay::new(PAUSE)).await {
            Either::Left((None, _)) => return response,
            Either::Left((Some(Ok(bytes)), _)) => response.body.extend_from_slice(&bytes),
            Either::Left((Some(Err(error)), _)) => {
                let detail = format!("the body of the response broke off: {error}");
                break NetworkError::new(FailureKind::BrokenOff, detail);
            }
            Either::Right(_) => {
                let detail = format!("the body of the response did not go on for {} s", PAUSE.as_secs());
                break NetworkError::new(FailureKind::Timeout, detail);
            }
        }
        if response.body.len() > LIMIT {
            let detail = format!("the body of the response is longer than {LIMIT} bytes");
            break NetworkError::new(FailureKind::EndlessBody, detail);
        }
    };
    response.with_body_error(error)
}
