//! A subscriber that records events.

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Records the fields of all events of one level.
#[derive(Clone)]
pub(crate) struct Events {
    level: Level,
    events: Arc<Mutex<Vec<String>>>,
}

impl Events {
    /// The events of a function.
    pub(crate) fn of(level: Level, run: impl FnOnce()) -> Vec<String> {
        let events = Self { level, events: Arc::default() };
        tracing::subscriber::with_default(events.clone(), run);
        let events = events.events.lock().unwrap();
        events.clone()
    }
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cors" && self.level == *metadata.level()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.events.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?};"));
    }
}
