//! The servers of rows, in memory.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use crate::Row;
use crate::reply::Reply;
use cors_browser::{Network, NetworkFuture, WireRequest, WireResponse};

/// What the servers of a row answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers {
    pub(crate) preflight: Reply,
    pub(crate) actual: Reply,
    /// The replies to preflights for a path.
    pub(crate) preflights: BTreeMap<String, Replies>,
    /// The replies to other requests for a path.
    pub(crate) actuals: BTreeMap<String, Replies>,
}

/// One reply, or several in order, of which the last one is repeated.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Replies {
    One(Reply),
    InOrder(Vec<Reply>),
}

impl Replies {
    fn nth(&self, index: usize) -> Option<&Reply> {
        match self {
            Self::One(reply) => Some(reply),
            Self::InOrder(replies) => replies.get(index).or(replies.last()),
        }
    }
}

/// The network of one row at a time.
#[derive(Debug, Default)]
pub struct Stage(Mutex<Current>);

#[derive(Debug, Default)]
struct Current {
    id: String,
    servers: Servers,
    /// How many requests there were for each kind and path of each row.
    counts: HashMap<(String, bool, String), usize>,
}

impl Stage {
    /// Makes the servers of `row` answer from here on. Servers that answered before continue where they stopped.
    pub fn set(&self, row: &Row) {
        let mut current = self.current();
        current.id = row.id();
        current.servers = row.servers.clone();
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &WireRequest) -> WireResponse {
        let mut current = self.current();
        let is_preflight =
            request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
        let path = request.url.path().to_owned();
        let key = (current.id.clone(), is_preflight, path.clone());
        let count = current.counts.entry(key).or_default();
        let index = *count;
        *count += 1;
        let servers = &current.servers;
        let (by_path, default) = match is_preflight {
            true => (&servers.preflights, &servers.preflight),
            false => (&servers.actuals, &servers.actual),
        };
        let reply = by_path.get(&path).and_then(|replies| replies.nth(index)).unwrap_or(default);
        if is_preflight { reply.to_preflight(request) } else { reply.to_actual(request) }
    }
}

/// The same network for the model, which gets header values without the white space around them (RFC 9110, section 5.5), as from any
/// HTTP client.
pub(crate) struct Parsed(pub(crate) Arc<Stage>);

impl Network for Parsed {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        let mut response = self.0.answer(&request);
        for (_, value) in &mut response.headers {
            *value = trim(value).to_vec();
        }
        Box::pin(ready(Ok(response)))
    }
}

fn trim(value: &[u8]) -> &[u8] {
    let is_visible = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(is_visible).unwrap_or(value.len());
    let end = value.iter().rposition(is_visible).map_or(start, |last| last + 1);
    &value[start..end]
}

impl Network for Stage {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(ready(Ok(self.answer(&request))))
    }
}
