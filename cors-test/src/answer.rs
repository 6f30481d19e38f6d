//! What comes back to the page.

use std::borrow::Cow;
use std::fmt;

use cors_browser::{
    BlockReason, Blocked, Exchange, ExchangeKind, Fetched, Outcome, PageAction, PageResponse, Profile,
    ResponseType, WireRequest,
};

use crate::explain;

/// What the page sees of a request, and what was sent for it.
///
/// `Display` says what was sent, what came back, and why the page can or cannot read it. The messages of the assertions contain it.
///
/// A page is in several browsers. A method that asks for something says yes, or has a value, only if it is the same in all of them.
#[derive(Clone, Debug)]
#[must_use = "an answer is not tested until something is asserted of it"]
pub struct Answer {
    pub(crate) page: cors_browser::Page,
    pub(crate) action: PageAction,
    /// Whether the page was created with cookies.
    pub(crate) has_cookies: bool,
    /// What happened in each browser, of which there is at least one.
    pub(crate) plays: Vec<Play>,
}

/// What happened in one browser.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    pub(crate) profile: Profile,
    pub(crate) fetched: Fetched,
}

impl Play {
    /// The response, if the page can read it.
    fn response(&self) -> Option<&PageResponse> {
        match &self.fetched.outcome {
            Outcome::Response(response) if is_readable(response) => Some(response),
            _ => None,
        }
    }

    fn is_readable(&self) -> bool {
        match &self.fetched.outcome {
            Outcome::Loaded(loaded) => loaded.is_readable,
            Outcome::Opened(_) => true,
            _ => self.response().is_some(),
        }
    }

    pub(crate) fn blocked(&self) -> Option<&Blocked> {
        match &self.fetched.outcome {
            Outcome::Blocked(blocked) => Some(blocked),
            _ => None,
        }
    }

    /// The requests other than preflights that reached the application.
    pub(crate) fn arrived(&self) -> impl DoubleEndedIterator<Item = &WireRequest> {
        let is_actual = |exchange: &&Exchange| exchange.kind == ExchangeKind::Actual && exchange.was_sent();
        self.fetched.exchanges.iter().filter(is_actual).map(|exchange| &exchange.request)
    }

    fn was_preflighted(&self) -> bool {
        self.fetched.exchanges.iter().any(|exchange| exchange.kind == ExchangeKind::Preflight)
    }
}

fn is_readable(response: &PageResponse) -> bool {
    matches!(response.response_type, ResponseType::Basic | ResponseType::Cors)
}

impl Answer {
    pub(crate) fn new(
        page: cors_browser::Page,
        action: PageAction,
        has_cookies: bool,
        plays: Vec<Play>,
    ) -> Self {
        Self { page, action, has_cookies, plays }
    }

    /// Whether scripts of the page can read the response in every browser. The status does not matter: a page can read a 404 too.
    pub fn is_readable(&self) -> bool {
        self.plays.iter().all(Play::is_readable)
    }

    /// Whether every browser blocks the request or the response: `fetch()` rejects with a `TypeError`.
    ///
    /// The application may have got the request all the same: see [`reached`](Self::reached).
    pub fn is_blocked(&self) -> bool {
        self.plays.iter().all(|play| play.blocked().is_some())
    }

    /// Why the browsers block it, if they do for the same reason.
    pub fn reason(&self) -> Option<BlockReason> {
        self.common(|play| play.blocked().map(|blocked| blocked.reason))
    }

    /// The status, if the page can read it.
    pub fn status(&self) -> Option<u16> {
        self.common(|play| play.response().map(|response| response.status))
    }

    /// The value of a response header, if the page can read it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.common(|play| play.response().and_then(|response| response.header(name)))
    }

    /// The names of the response headers that the page can read, in lower case.
    pub fn readable_headers(&self) -> Vec<&str> {
        let names = self.common(|play| {
            let headers = &play.response()?.headers;
            Some(headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
        });
        names.unwrap_or_default()
    }

    /// The body, if the page can read it.
    pub fn body(&self) -> Option<&[u8]> {
        self.common(|play| play.response().and_then(|response| response.body.as_deref()))
    }

    /// The body as UTF-8, as `response.text()` decodes it, if the page can read it.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.body().map(String::from_utf8_lossy)
    }

    /// Whether a browser asked with a preflight first.
    pub fn was_preflighted(&self) -> bool {
        self.plays.iter().any(Play::was_preflighted)
    }

    /// The request as it reached the application, after the preflight and redirects; `None` if it reached it in no browser, or not in
    /// the same way in all of them.
    ///
    /// The headers that tell browsers apart, such as `User-Agent`, are those of the first browser.
    pub fn reached(&self) -> Option<&WireRequest> {
        let arrived = self.plays.iter().all(|play| play.arrived().next().is_some());
        self.plays[0].arrived().next_back().filter(|_| arrived)
    }

    /// What one browser saw, such as `chromium`; `None` if the page is not in it.
    ///
    /// [`Fetched`] has the outcome, the exchanges and the lines of the console.
    pub fn in_browser(&self, name: &str) -> Option<&Fetched> {
        self.plays.iter().find(|play| play.profile.name() == name).map(|play| &play.fetched)
    }

    /// The value that all browsers have in common.
    fn common<'a, T: PartialEq>(&'a self, value: impl Fn(&'a Play) -> Option<T>) -> Option<T> {
        let mut values = self.plays.iter().map(value);
        let first = values.next()??;
        values.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }
}

/// The assertions. Each panics with everything that was sent, what came back and why, and returns the answer otherwise.
impl Answer {
    /// Demands that the page can read the response in every browser.
    ///
    /// # Panics
    ///
    /// If a browser does not let it.
    #[track_caller]
    pub fn assert_readable(&self) -> &Self {
        self.demand(self.is_readable(), "the page should be able to read the response")
    }

    /// Demands that CORS keeps the page from reading the response in every browser.
    ///
    /// # Panics
    ///
    /// If a browser lets the page read it, or if the cause is something else than CORS: the application panicked, the arguments of
    /// `fetch()` are invalid, a redirect leads nowhere, the page may not request insecure URLs. A test that expects such a thing names
    /// it with [`assert_blocked_by`](Self::assert_blocked_by).
    #[track_caller]
    pub fn assert_blocked(&self) -> &Self {
        self.demand(self.is_blocked(), "every browser should block the page");
        let other = self.plays.iter().filter_map(Play::blocked).find(|blocked| !is_of_cors(blocked.reason));
        let Some(other) = other else { return self };
        self.fail(&format!(
            "CORS should block the page, and something else did (`{}`; `assert_blocked_by` can demand it)",
            other.reason
        ))
    }

    /// Demands that every browser blocks the page for this reason.
    ///
    /// # Panics
    ///
    /// If a browser does not.
    #[track_caller]
    pub fn assert_blocked_by(&self, reason: BlockReason) -> &Self {
        let holds = self.reason() == Some(reason);
        self.demand(holds, &format!("every browser should block the page by `{reason}`"))
    }

    /// Demands that the page can read this status.
    ///
    /// # Panics
    ///
    /// If it reads another one, or none.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        self.demand(self.status() == Some(status), &format!("the page should read status {status}"))
    }

    /// Demands that the page can read this response header.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[track_caller]
    pub fn assert_header_readable(&self, name: &str) -> &Self {
        let what = format!("the page should be able to read the response header `{name}`");
        self.demand(self.header(name).is_some(), &what)
    }

    /// Demands that the response has this header and the page cannot read it.
    ///
    /// # Panics
    ///
    /// If the page can read it, or if the response does not have it.
    #[track_caller]
    pub fn assert_header_hidden(&self, name: &str) -> &Self {
        let is_sent = self.plays.iter().all(|play| {
            let response = play.fetched.exchanges.last().and_then(|exchange| exchange.response.as_ref().ok());
            response.is_some_and(|response| response.lines(name).next().is_some())
        });
        self.demand(is_sent, &format!("the response should have the header `{name}`"));
        let is_hidden = self
            .plays
            .iter()
            .all(|play| play.response().is_none_or(|response| response.header(name).is_none()));
        self.demand(is_hidden, &format!("the page should not be able to read the response header `{name}`"))
    }

    /// Demands that every browser asks with a preflight first.
    ///
    /// # Panics
    ///
    /// If a browser does not.
    #[track_caller]
    pub fn assert_preflighted(&self) -> &Self {
        let holds = self.plays.iter().all(Play::was_preflighted);
        self.demand(holds, "every browser should ask with a preflight first")
    }

    /// Demands that no browser asks with a preflight.
    ///
    /// # Panics
    ///
    /// If a browser does.
    #[track_caller]
    pub fn assert_not_preflighted(&self) -> &Self {
        self.demand(!self.was_preflighted(), "no browser should ask with a preflight")
    }

    /// Demands that the request reaches the application from every browser. Preflights do not count.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn assert_reached(&self) -> &Self {
        self.demand(self.reached().is_some(), "the request should reach the application")
    }

    /// Demands that the request reaches the application from no browser, because a preflight was denied. Preflights do not count.
    ///
    /// # Panics
    ///
    /// If it does.
    #[track_caller]
    pub fn assert_not_reached(&self) -> &Self {
        let holds = self.plays.iter().all(|play| play.arrived().next().is_none());
        self.demand(holds, "the request should not reach the application")
    }

    #[track_caller]
    fn demand(&self, holds: bool, what: &str) -> &Self {
        if holds { self } else { self.fail(what) }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n\n{self}")
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        explain::write(self, f)
    }
}

/// Whether a reason is a rule of the CORS protocol, which the server's response decides.
fn is_of_cors(reason: BlockReason) -> bool {
    use BlockReason as Reason;
    matches!(
        reason,
        Reason::PreflightRedirected
            | Reason::PreflightStatusNotOk
            | Reason::PreflightMissingAllowOrigin
            | Reason::PreflightMultipleAllowOrigin
            | Reason::PreflightAllowOriginMismatch
            | Reason::PreflightWildcardWithCredentials
            | Reason::PreflightCredentialsNotAllowed
            | Reason::InvalidAllowMethods
            | Reason::InvalidAllowHeaders
            | Reason::MethodNotAllowed
            | Reason::MethodWildcardWithCredentials
            | Reason::HeaderNotAllowed
            | Reason::HeaderWildcardWithCredentials
            | Reason::AuthorizationNotCoveredByWildcard
            | Reason::MissingAllowOrigin
            | Reason::MultipleAllowOrigin
            | Reason::AllowOriginMismatch
            | Reason::WildcardOriginWithCredentials
            | Reason::CredentialsNotAllowed
    )
}
