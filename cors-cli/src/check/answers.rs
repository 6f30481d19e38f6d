//! Responses that several browsers share, so that a check in all of them does not send every request four times.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cors_browser::{AddressSpace, Exchange, FailureKind, Network, NetworkError, WireRequest, WireResponse};
use futures_util::future::BoxFuture;
use url::Url;

use crate::catalogue::is_ambient;

type Answer = Result<WireResponse, NetworkError>;

/// The responses that came, by request.
pub(super) struct Answers {
    network: Arc<dyn Network>,
    known: Mutex<HashMap<Key, Vec<Answer>>>,
}

/// What distinguishes two requests for a server: everything but the headers that every request of a browser has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Key {
    fn of(request: &WireRequest) -> Self {
        let headers = request.headers.iter().filter(|(name, _)| !is_ambient(name));
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        headers.sort();
        Self {
            method: request.method.clone(),
            url: request.url.to_string(),
            headers,
            body: request.body.clone(),
        }
    }
}

impl Answers {
    /// Creates an empty collection, which gets its responses from `network`.
    pub(super) fn new(network: Arc<dyn Network>) -> Arc<Self> {
        Arc::new(Self { network, known: Mutex::default() })
    }

    /// The network for one browser.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        Turn { answers: self.clone(), counts: Mutex::default(), ends: Mutex::default() }
    }
}

/// The network of one browser. A request that another browser has sent already is not sent again; the repeated requests of one
/// browser, as in a loop of redirects, are.
pub(super) struct Turn {
    answers: Arc<Answers>,
    counts: Mutex<HashMap<Key, usize>>,
    ends: Mutex<Vec<Option<NetworkError>>>,
}

impl Turn {
    /// Writes into the exchanges which bodies were not read to their end.
    pub(super) fn restore_ends(&self, exchanges: &mut [Exchange]) {
        let ends = lock(&self.ends);
        // The exchanges of a login came before those of the page.
        let before = ends.len().saturating_sub(exchanges.len());
        for (exchange, end) in exchanges.iter_mut().zip(&ends[before..]) {
            if let (Ok(response), Some(end)) = (&mut exchange.response, end) {
                response.body_error = Some(end.clone());
            }
        }
    }

    /// The response that the browser judges: a body that the program stopped reading counts as complete, as a browser's verdict
    /// does not depend on it.
    fn judged(&self, mut answer: Answer) -> Answer {
        let mut end = None;
        if let Ok(response) = &mut answer {
            end = response.body_error.take_if(|error| error.kind == FailureKind::EndlessBody);
        }
        lock(&self.ends).push(end);
        answer
    }
}

impl Network for Turn {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let key = Key::of(&request);
            let count = {
                let mut counts = lock(&self.counts);
                let count = counts.entry(key.clone()).or_default();
                *count += 1;
                *count
            };
            let known = lock(&self.answers.known).get(&key).and_then(|all| all.get(count - 1)).cloned();
            let answer = match known {
                Some(answer) => answer,
                None => {
                    let answer = self.answers.network.send(request).await;
                    lock(&self.answers.known).entry(key).or_default().push(answer.clone());
                    answer
                }
            };
            self.judged(answer)
        })
    }

    fn address_space(&self, url: &Url) -> AddressSpace {
        self.answers.network.address_space(url)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
