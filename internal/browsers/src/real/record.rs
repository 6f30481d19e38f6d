//! A record of the exchanges that went through a browser's proxy.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cors_browser::{Exchange, ExchangeKind, FailureKind, NetworkError, WireRequest, WireResponse};

/// Exchanges in the order in which their requests arrived.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    /// How often the record was taken. A response that arrives after its request was taken is dropped.
    generation: usize,
    exchanges: Vec<Exchange>,
}

/// The place of an exchange whose response has not arrived yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    generation: usize,
    index: usize,
}

impl Record {
    /// Adds a request.
    pub(super) fn begin(&self, request: WireRequest) -> Slot {
        let kind = if is_preflight(&request) { ExchangeKind::Preflight } else { ExchangeKind::Actual };
        let response = Err(NetworkError::new(FailureKind::Timeout, "no response yet"));
        let mut log = self.log();
        log.exchanges.push(Exchange { kind, request, response });
        Slot { generation: log.generation, index: log.exchanges.len() - 1 }
    }

    /// Adds the response to the request of `slot`.
    pub(super) fn end(&self, slot: Slot, response: Result<WireResponse, NetworkError>) {
        let mut log = self.log();
        if slot.generation == log.generation
            && let Some(exchange) = log.exchanges.get_mut(slot.index)
        {
            exchange.response = response;
        }
    }

    /// Takes all exchanges since the last call.
    pub(super) fn take(&self) -> Vec<Exchange> {
        let mut log = self.log();
        log.generation += 1;
        std::mem::take(&mut log.exchanges)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request is a CORS-preflight request (Fetch, "CORS protocol"). A page cannot send one itself: it cannot set the header.
fn is_preflight(request: &WireRequest) -> bool {
    request.method == "OPTIONS"
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use url::Url;

    use super::*;

    fn request(method: &str, headers: &[&str]) -> WireRequest {
        WireRequest {
            method: method.to_owned(),
            url: Url::parse("https://api.example/x").unwrap(),
            headers: headers.iter().map(|&name| (name.to_owned(), b"x".to_vec())).collect(),
            body: None,
        }
    }

    fn response() -> WireResponse {
        WireResponse::new(200)
    }

    #[rstest]
    #[case("OPTIONS", &["origin", "access-control-request-method"], ExchangeKind::Preflight)]
    #[case("OPTIONS", &["origin"], ExchangeKind::Actual)]
    #[case("OPTIONS", &["access-control-request-method"], ExchangeKind::Actual)]
    #[case("GET", &["origin", "access-control-request-method"], ExchangeKind::Actual)]
    fn kinds(#[case] method: &str, #[case] headers: &[&str], #[case] kind: ExchangeKind) {
        let record = Record::default();
        record.begin(request(method, headers));
        assert_eq!(record.take()[0].kind, kind);
    }

    #[test]
    fn exchanges_are_in_the_order_of_their_requests() {
        let record = Record::default();
        let first = record.begin(request("GET", &[]));
        let second = record.begin(request("PUT", &[]));
        record.end(second, Ok(response()));
        record.end(first, Err(NetworkError::new(FailureKind::BrokenOff, "broke off")));
        let exchanges = record.take();
        let methods: Vec<_> = exchanges.iter().map(|exchange| exchange.request.method.as_str()).collect();
        assert_eq!(methods, ["GET", "PUT"]);
        assert_eq!(exchanges[0].response, Err(NetworkError::new(FailureKind::BrokenOff, "broke off")));
        assert_eq!(exchanges[1].response, Ok(response()));
    }

    #[test]
    fn a_response_after_its_request_was_taken_is_dropped() {
        let record = Record::default();
        let late = record.begin(request("GET", &[]));
        assert_eq!(record.take().len(), 1);
        let next = record.begin(request("PUT", &[]));
        record.end(late, Ok(response()));
        record.end(next, Err(NetworkError::new(FailureKind::BrokenOff, "broke off")));
        assert_eq!(record.take()[0].response, Err(NetworkError::new(FailureKind::BrokenOff, "broke off")));
        assert!(record.take().is_empty());
    }
}
