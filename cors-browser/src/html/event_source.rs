//! HTML, "server-sent events": the constructor of `EventSource`.

use crate::blocked::{Context, Initiator};
use crate::fetch::HttpResponse;
use crate::header::{HeaderList, isomorphic_decode, mime_essence};
use crate::request::{Request, RequestMode, encode_path};
use crate::steps::Steps;
use crate::{
    BlockReason, Blocked, Browser, Credentials, EventSourceRequest, Fetched, Opened, Outcome, Page,
    WireResponse,
};

impl Browser {
    /// HTML, "new EventSource(url, eventSourceInitDict)", until the `open` event or the first `error` event.
    ///
    /// After a network error or the end of the stream, a browser connects again. That is not modelled.
    pub(crate) async fn open_event_source(&self, page: &Page, init: EventSourceRequest) -> Fetched {
        let EventSourceRequest { url, with_credentials } = init;
        // Step 8, "create a potential-CORS request".
        let mut request = Request {
            mode: RequestMode::Cors,
            credentials: self.steps.event_source_credentials(with_credentials),
            // Step 11.
            is_no_store: true,
            ..Request::new(page, encode_path(url.clone(), &self.profile), &*self.steps)
        };
        // Step 10.
        request.headers.append("Accept", "text/event-stream");
        request.set_default_headers();
        let finish = |_: &Request, response: HttpResponse| {
            self.steps.check_event_stream(&response.followed()?)?;
            Ok(Outcome::Opened(Opened { protocol: String::new() }))
        };
        self.perform(page, Context::new(page, &url, Initiator::EventSource), Ok(request), finish).await
    }
}

/// "create a potential-CORS request", step 4.
pub(crate) fn event_source_credentials(with_credentials: bool) -> Credentials {
    if with_credentials { Credentials::Include } else { Credentials::SameOrigin }
}

/// "new EventSource()", step 15.3: the response must have status 200 and be an event stream.
pub(crate) fn check_event_stream(
    response: &WireResponse,
    steps: &(impl Steps + ?Sized),
) -> Result<(), Blocked> {
    if !steps.is_event_stream_status(response.status) {
        let detail = format!("the status of the response is {}", response.status);
        return Err(
            Blocked::new(BlockReason::EventStreamStatus, detail).with_value(response.status.to_string())
        );
    }
    let headers = HeaderList::from(response.headers.as_slice());
    // Fetch, "extract a MIME type": the last type that can be parsed.
    let types = headers.values("content-type").flat_map(|line| line.split(|&byte| byte == b','));
    let essence = types.filter_map(mime_essence).last();
    if steps.is_event_stream_type(essence.as_deref()) {
        return Ok(());
    }
    let written = headers.combined("content-type").unwrap_or_default();
    let detail = format!("Content-Type is `{}`", isomorphic_decode(&written));
    Err(Blocked::new(BlockReason::EventStreamType, detail).with_value(essence.unwrap_or_default()))
}
