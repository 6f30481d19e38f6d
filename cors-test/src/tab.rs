//! A browser whose requests an application answers in process.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use cors_browser::{
    Browser, FailureKind, Fetched, ManualClock, Network, NetworkError, NetworkFuture, PageAction, Profile,
    WireRequest, WireResponse,
};
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _};
use url::Url;

use crate::App;

type Answered = Result<WireResponse, NetworkError>;

/// A request, and where the browser waits for the response.
type Mail = (WireRequest, oneshot::Sender<Answered>);

/// A browser, and the requests that it wants to send.
///
/// The network of the model must be `Send` and live as long as the browser. Applications need not: only the mail is.
pub(crate) struct Tab {
    pub(crate) browser: Browser,
    mail: mpsc::UnboundedReceiver<Mail>,
}

impl Tab {
    pub(crate) fn new(profile: Profile, clock: Arc<ManualClock>) -> Self {
        let (sender, mail) = mpsc::unbounded();
        Self { browser: Browser::new(Arc::new(Mailbox(sender)), profile).with_clock(clock), mail }
    }

    /// Does what the browser does when `action` happens in `page`. The application answers what it has not answered yet.
    pub(crate) async fn act<K, A: App<K>>(
        &mut self,
        page: &cors_browser::Page,
        action: PageAction,
        app: &A,
        answers: &mut Answers,
    ) -> Fetched {
        answers.start();
        let mut acting = pin!(self.browser.act(page, action));
        loop {
            match select(acting, self.mail.next()).await {
                Either::Left((fetched, _)) => return fetched,
                Either::Right((None, acting)) => return acting.await,
                Either::Right((Some((request, reply)), rest)) => {
                    // The receiver is gone if an earlier fetch was dropped before it ended.
                    if !reply.is_canceled() {
                        let _ = reply.send(answers.answer(app, request).await);
                    }
                    acting = rest;
                }
            }
        }
    }
}

/// A network that hands requests to [`Tab::act`].
struct Mailbox(mpsc::UnboundedSender<Mail>);

impl Network for Mailbox {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(async move {
            let (reply, response) = oneshot::channel();
            let closed = || NetworkError::new(FailureKind::Unsendable, "the fetch was dropped");
            self.0.unbounded_send((request, reply)).map_err(|_| closed())?;
            response.await.map_err(|_| closed())?
        })
    }
}

/// The answers of an application to one fetch, which several browsers share: what a handler does happens once.
pub(crate) struct Answers {
    first: Url,
    all: Vec<Exchange>,
}

struct Exchange {
    request: WireRequest,
    answer: Answered,
    /// Whether the current browser has sent the request.
    is_used: bool,
}

impl Answers {
    pub(crate) fn new(first: Url) -> Self {
        Self { first, all: Vec::new() }
    }

    /// Another browser begins.
    fn start(&mut self) {
        self.all.iter_mut().for_each(|exchange| exchange.is_used = false);
    }

    async fn answer<K, A: App<K>>(&mut self, app: &A, request: WireRequest) -> Answered {
        let known = self.all.iter_mut().find(|known| !known.is_used && is_same(&known.request, &request));
        if let Some(known) = known {
            known.is_used = true;
            return known.answer.clone();
        }
        let answer = ask(app, &self.first, request.clone()).await;
        self.all.push(Exchange { request, answer: answer.clone(), is_used: true });
        answer
    }
}

/// The headers that tell browsers apart.
const OF_THE_BROWSER: [&str; 9] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "pragma",
    "priority",
    "sec-fetch-storage-access",
    "user-agent",
];

/// Whether two browsers have sent the same, but for the headers that tell them apart.
fn is_same(a: &WireRequest, b: &WireRequest) -> bool {
    let essence = |request: &WireRequest| {
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .filter(|(name, _)| !OF_THE_BROWSER.contains(&name.as_str()))
            .collect();
        headers.sort();
        headers
    };
    a.method == b.method && a.url == b.url && a.body == b.body && essence(a) == essence(b)
}

/// Sends a request to the application, as a server would.
async fn ask<K, A: App<K>>(app: &A, first: &Url, mut request: WireRequest) -> Answered {
    if !app.serves(&request.url, first) {
        let detail = format!(
            "no application of this test is at {}: put it there with `Servers`",
            request.url.origin().ascii_serialization()
        );
        return Err(NetworkError::new(FailureKind::Unresolved, detail));
    }
    let host = match (request.url.host_str(), request.url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    request.headers.insert(0, ("Host".to_owned(), host.into_bytes()));
    let is_head = request.method == "HEAD";
    // A server closes the connection if the application panics.
    let answer = AssertUnwindSafe(async { app.respond(request).await }).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|payload| {
        let detail = format!("the application panicked: {}", panic_message(&*payload));
        Err(NetworkError::new(FailureKind::BrokenOff, detail))
    })?;
    // RFC 9110, section 6.4.1: these responses have no body.
    if is_head || matches!(response.status, 100..=199 | 204 | 304) {
        response.body.clear();
        response.body_error = None;
    }
    Ok(response)
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
