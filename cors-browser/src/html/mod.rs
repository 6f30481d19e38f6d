//! HTML: what pages do besides `fetch()`.

mod event_source;
mod form_submission;
mod navigate;

pub(crate) use self::event_source::{check_event_stream, event_source_credentials};
pub(crate) use self::form_submission::{escape_name, normalize_newlines, submitted_url};
pub(crate) use self::navigate::shows_document;
