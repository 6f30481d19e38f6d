//! The expectations of a step.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Problems;
use crate::pattern::Pattern;
use crate::scenario::file::{OneOrMany, OutcomeFile, PageExpectationFile, SentFile, StatusFile, WireFile};
use crate::scenario::{
    MessageExpectation, NavigatedTo, PageExpectation, Readable, StatusExpectation, WireExpectation,
};
use cors_browser::BlockReason;

impl Problems {
    pub(super) fn page(&mut self, field: &str, file: PageExpectationFile) -> Option<PageExpectation> {
        let reasons: Vec<String> = file.reason.into();
        if !reasons.is_empty() && file.outcome != OutcomeFile::Blocked {
            self.add(format!("{field}.reason"), "is for `outcome = \"blocked\"` only");
        }
        for reason in &reasons {
            if !BlockReason::ALL.iter().any(|known| known.as_str() == reason) {
                let known: Vec<_> = BlockReason::ALL.iter().map(|known| known.as_str()).collect();
                let message = format!("`{reason}` is not a reason: write one of {}", known.join(", "));
                self.add(format!("{field}.reason"), message);
            }
        }
        let status = self.status(field, file.status);
        let body_json = self.pointers(field, file.body_json);
        let has_body = file.body.is_some() || !file.body_contains.is_empty() || !body_json.is_empty();
        let readable = Readable {
            response_type: file.response_type,
            status,
            body: file.body,
            body_contains: file.body_contains.into(),
            body_json,
            headers: lower_case(file.headers),
            hidden: self.patterns(&format!("{field}.hidden"), file.hidden),
            response_url: file.response_url,
            redirected: file.redirected,
            body_fails: file.body_fails,
        };
        if readable.body_fails && has_body {
            self.add(format!("{field}.body_fails"), "contradicts the body that is expected, too");
        }
        // The fields that only some outcomes have.
        let readable_only = [
            ("type", readable.response_type.is_some()),
            ("headers", !readable.headers.is_empty()),
            ("hidden", !readable.hidden.is_empty()),
            ("response_url", readable.response_url.is_some()),
            ("redirected", readable.redirected.is_some()),
            ("body_fails", readable.body_fails),
        ];
        let document_or_response = [("status", readable.status.is_some()), ("body", has_body)];
        let is = |outcome| file.outcome == outcome;
        let wrong = readable_only
            .into_iter()
            .filter(|_| !is(OutcomeFile::Readable))
            .chain(
                document_or_response
                    .into_iter()
                    .filter(|_| !is(OutcomeFile::Readable) && !is(OutcomeFile::Navigated)),
            )
            .chain([
                ("readable", file.readable.is_some() && !is(OutcomeFile::Loaded)),
                ("document_url", file.document_url.is_some() && !is(OutcomeFile::Navigated)),
                ("protocol", file.protocol.is_some() && !is(OutcomeFile::Opened)),
            ])
            .filter(|(_, is_there)| *is_there);
        for (name, _) in wrong.collect::<Vec<_>>() {
            self.add(format!("{field}.{name}"), "does not belong to this `outcome`");
        }
        Some(match file.outcome {
            OutcomeFile::Readable => PageExpectation::Readable(Box::new(readable)),
            OutcomeFile::Opaque => PageExpectation::Opaque,
            OutcomeFile::OpaqueRedirect => PageExpectation::OpaqueRedirect,
            OutcomeFile::Loaded => PageExpectation::Loaded { is_readable: file.readable },
            OutcomeFile::Navigated => PageExpectation::Navigated(Box::new(NavigatedTo {
                url: file.document_url,
                status: readable.status,
                body: readable.body,
                body_contains: readable.body_contains,
                body_json: readable.body_json,
            })),
            OutcomeFile::Opened => PageExpectation::Opened { protocol: file.protocol },
            OutcomeFile::Blocked => PageExpectation::Blocked { reasons },
        })
    }

    pub(super) fn wire(&mut self, field: &str, file: WireFile) -> WireExpectation {
        let status = self.status(field, file.status);
        let response = SentFile {
            method: None,
            headers: file.headers,
            lines: file.lines,
            absent: file.absent,
            tokens: file.tokens,
            no_tokens: file.no_tokens,
            only_tokens: file.only_tokens,
            body: file.body,
            body_contains: file.body_contains,
            body_json: file.body_json,
            no_body: file.no_body,
        };
        let mut sent = file.sent.unwrap_or_default();
        let method = sent.method.take();
        let response = self.message(field, response);
        let request = self.message(&format!("{field}.sent"), sent);
        let expectation = WireExpectation { on: file.on, nth: file.nth, status, response, method, request };
        if expectation.is_empty() {
            self.add(
                field,
                "expects nothing: say what must be there, or count with `preflights` and `actuals`",
            );
        }
        expectation
    }

    fn message(&mut self, field: &str, file: SentFile) -> MessageExpectation {
        if file.no_body && (file.body.is_some() || !file.body_json.is_empty()) {
            self.add(format!("{field}.no_body"), "contradicts the body that is expected, too");
        }
        MessageExpectation {
            headers: lower_case(file.headers),
            lines: lower_case(file.lines),
            absent: self.patterns(&format!("{field}.absent"), file.absent),
            tokens: lower_case(file.tokens),
            no_tokens: lower_case(file.no_tokens),
            only_tokens: lower_case(file.only_tokens),
            body: file.body,
            body_contains: file.body_contains.into(),
            body_json: self.pointers(field, file.body_json),
            no_body: file.no_body,
        }
    }

    fn status(&mut self, field: &str, file: Option<StatusFile>) -> Option<StatusExpectation> {
        let field = format!("{field}.status");
        let accepted = match file? {
            StatusFile::One(status) => vec![status],
            StatusFile::Many(statuses) => statuses,
            StatusFile::Class(class) => {
                let digit = class.strip_suffix("xx").and_then(|digit| digit.parse().ok());
                let Some(digit) = digit.filter(|digit| (1..=5).contains(digit)) else {
                    self.add(field, format!("`{class}` is not a class of statuses: write `2xx`"));
                    return None;
                };
                return Some(StatusExpectation::Class(digit));
            }
        };
        if accepted.is_empty() || accepted.iter().any(|status| !(100..=599).contains(status)) {
            self.add(field, format!("{accepted:?} has to hold statuses from 100 to 599 only"));
            return None;
        }
        Some(StatusExpectation::OneOf(accepted))
    }

    fn pointers(&mut self, field: &str, pointers: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        for pointer in pointers.keys() {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let message = format!("`{pointer}` is not a JSON pointer: write `/headers/x-a/0`");
                self.add(format!("{field}.body_json"), message);
            }
        }
        pointers
    }

    fn patterns(&mut self, field: &str, texts: OneOrMany) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for text in Vec::from(texts) {
            match Pattern::parse(&text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.add(field, error.to_string()),
            }
        }
        patterns
    }
}

fn lower_case<T, U: From<T>>(named: BTreeMap<String, T>) -> BTreeMap<String, U> {
    named.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into())).collect()
}
