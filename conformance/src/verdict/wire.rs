//! What was on the wire.

use super::{Mismatches, message};
use crate::scenario::{On, WireExpectation};
use cors_browser::{Exchange, ExchangeKind};

/// The exchanges of a kind whose request was sent, in order.
pub(super) fn of_kind(exchanges: &[Exchange], on: On) -> impl Iterator<Item = &Exchange> {
    let kind = match on {
        On::Preflight => ExchangeKind::Preflight,
        On::Actual => ExchangeKind::Actual,
    };
    exchanges.iter().filter(move |exchange| exchange.kind == kind && exchange.was_sent())
}

pub(super) fn check(expected: &WireExpectation, exchanges: &[Exchange], mismatches: &mut Mismatches) {
    let name = match expected.nth {
        0 => expected.on.as_str().to_owned(),
        nth => format!("{} {nth}", expected.on.as_str()),
    };
    let Some(exchange) = of_kind(exchanges, expected.on).nth(expected.nth) else {
        let count = of_kind(exchanges, expected.on).count();
        let seen = super::number_of(count, expected.on);
        mismatches.about(name).add("to be on the wire", seen);
        return;
    };
    check_request(expected, exchange, &format!("{name} request"), mismatches);
    check_response(expected, exchange, &format!("{name} response"), mismatches);
}

fn check_request(expected: &WireExpectation, exchange: &Exchange, about: &str, mismatches: &mut Mismatches) {
    let request = &exchange.request;
    if let Some(method) = expected.method.as_ref().filter(|method| **method != request.method) {
        mismatches.about(about).add(method, &request.method);
    }
    let body = request.body.as_deref().unwrap_or_default();
    message::check(&expected.request, &request.headers, body, mismatches.about(about));
}

fn check_response(expected: &WireExpectation, exchange: &Exchange, about: &str, mismatches: &mut Mismatches) {
    if expected.status.is_none() && expected.response.is_empty() {
        return;
    }
    let response = match &exchange.response {
        Ok(response) => response,
        Err(error) => {
            let wanted = match &expected.status {
                Some(status) => format!("status {status}"),
                None => "a response".to_owned(),
            };
            mismatches.about(about).add(wanted, format!("none ({error})"));
            return;
        }
    };
    if let Some(status) = expected.status.as_ref().filter(|status| !status.accepts(response.status)) {
        mismatches.about(about).add(format!("status {status}"), format!("status {}", response.status));
    }
    message::check(&expected.response, &response.headers, &response.body, mismatches.about(about));
    // A body that must not be there can break the connection off.
    if let Some(error) = response.body_error.as_ref().filter(|_| expected.response.no_body) {
        mismatches.about(about).add("no body", format!("a body that broke off ({error})"));
    }
}
