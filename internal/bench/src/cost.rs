//! The cost of an adapter: five frameworks and four kinds of requests, each bare, with our adapter, and with other middleware.

use std::error::Error;
use std::rc::Rc;

use serde::Serialize;
use tokio::runtime::Runtime;

use crate::framework::{Framework, Middleware};
use crate::header_map::{self, HeaderCost};
use crate::measure::{Answer, Measurable, Sampler, difference, interleaved};
use crate::request::Kind;
use crate::sources::Sources;

/// What our adapter and the framework's other middleware add to one kind of request.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) framework: Framework,
    pub(crate) request: Kind,
    pub(crate) bare_ns: f64,
    pub(crate) adapter_ns: f64,
    pub(crate) other_ns: f64,
    pub(crate) adapter_added_ns: f64,
    pub(crate) other_added_ns: f64,
    /// What the other middleware would add if it wrote `Vary: Origin`, which some leave out.
    pub(crate) other_fair_added_ns: f64,
    pub(crate) adapter_added_allocs: i64,
    pub(crate) other_added_allocs: i64,
    /// How many threads serve at the same time.
    pub(crate) threads: usize,
    /// The least that any middleware adds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Floor>,
}

/// The least that any middleware adds: one that does nothing, and writing the headers into the framework's own map.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Floor {
    pub(crate) hook_ns: f64,
    pub(crate) headers_ns: f64,
    pub(crate) floor_ns: f64,
    /// What the adapter adds, divided by the floor.
    pub(crate) ratio_to_floor: f64,
    pub(crate) floor_allocs: i64,
}

impl Cost {
    /// What the adapter adds, divided by what the other middleware adds. `None` if the other middleware adds less than a nanosecond:
    /// it does nothing that can be measured, or it answers faster than the handler.
    pub(crate) fn ratio(&self) -> Option<f64> {
        ratio(self.adapter_added_ns, self.other_added_ns)
    }

    /// The same with a middleware that does the same work.
    pub(crate) fn fair_ratio(&self) -> Option<f64> {
        ratio(self.adapter_added_ns, self.other_fair_added_ns)
    }
}

fn ratio(added: f64, other: f64) -> Option<f64> {
    (other >= 1.0).then(|| added / other)
}

/// One framework's application: bare, with our adapter, with the other middleware, and with one that does nothing.
type Applications = [Box<dyn Measurable>; 4];

pub(crate) fn measure(
    frameworks: &[Framework],
    rounds: usize,
    with_floor: bool,
    progress: impl Fn(),
) -> Result<Vec<Cost>, Box<dyn Error>> {
    let runtime = Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let applications = frameworks
        .iter()
        .map(|&framework| checked(framework, &runtime))
        .collect::<Result<Vec<Applications>, _>>()?;
    let rows: Vec<_> = frameworks
        .iter()
        .zip(&applications)
        .flat_map(|(&framework, applications)| Kind::ALL.map(|request| (framework, request, applications)))
        .collect();
    let mut samplers: Vec<[Sampler<'_>; 4]> = rows
        .iter()
        .map(|&(_, request, applications)| {
            applications
                .each_ref()
                .map(|application| -> Sampler<'_> { Box::new(move || application.time(request)) })
        })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);
    let names: Vec<_> = rows.iter().map(|&(framework, request, _)| (framework, request)).collect();
    let headers = header_map::measure(&names, rounds, || {});
    let costs = rows.iter().zip(medians).zip(headers);
    Ok(costs
        .map(|((&(framework, request, applications), ns), headers)| {
            let cost = cost(framework, request, applications, ns, headers);
            Cost { floor: cost.floor.filter(|_| with_floor), ..cost }
        })
        .collect())
}

/// Makes the applications of a framework and checks their answers, so that an error page is never measured.
fn checked(framework: Framework, runtime: &Rc<Runtime>) -> Result<Applications, String> {
    let sources = Sources::fixed();
    let applications =
        Middleware::COMPARED.map(|middleware| framework.application(middleware, &sources, runtime));
    for kind in Kind::ALL {
        for (middleware, application) in Middleware::COMPARED.into_iter().zip(&applications) {
            check(framework, middleware, kind, &application.answer(kind))?;
        }
    }
    Ok(applications)
}

fn cost(
    framework: Framework,
    request: Kind,
    applications: &Applications,
    ns: [f64; 4],
    headers: HeaderCost,
) -> Cost {
    let [bare_ns, adapter_ns, other_ns, hook_ns] = ns;
    let [bare, adapter, other, hook] =
        applications.each_ref().map(|application| application.allocations(request));
    let (adapter_added_ns, other_added_ns) = (adapter_ns - bare_ns, other_ns - bare_ns);
    let [_, _, other_application, _] = applications;
    let varies = other_application.answer(request).varies;
    let hook_ns = hook_ns - bare_ns;
    let floor_ns = hook_ns.max(0.0) + headers.ns;
    Cost {
        framework,
        request,
        bare_ns,
        adapter_ns,
        other_ns,
        adapter_added_ns,
        other_added_ns,
        other_fair_added_ns: other_added_ns + if varies { 0.0 } else { headers.vary_ns },
        adapter_added_allocs: difference(adapter, bare),
        other_added_allocs: difference(other, bare),
        threads: 1,
        floor: Some(Floor {
            hook_ns,
            headers_ns: headers.ns,
            floor_ns,
            ratio_to_floor: adapter_added_ns / floor_ns,
            floor_allocs: difference(hook, bare) + headers.allocs,
        }),
    }
}

/// Checks that an answer is the expected one.
fn check(framework: Framework, middleware: Middleware, kind: Kind, answer: &Answer) -> Result<(), String> {
    let has_cors = matches!(middleware, Middleware::Adapter | Middleware::Other);
    let is_allowed = has_cors && matches!(kind, Kind::Actual | Kind::Preflight);
    let expected = kind.origin().filter(|_| is_allowed);
    let is_success = (200..300).contains(&answer.status);
    // Some middleware rejects requests of origins that are not allowed.
    let may_reject = middleware == Middleware::Other && kind == Kind::Denied;
    if answer.allow_origin.as_deref() == expected && (is_success || may_reject) {
        return Ok(());
    }
    Err(format!("{framework:?} ({middleware:?}) answers the {} request with {answer:?}", kind.name()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn every_application_gives_the_expected_answers(
        #[values(
            Framework::Axum,
            Framework::AxumLayer,
            Framework::Actix,
            Framework::Rocket,
            Framework::Warp,
            Framework::WarpFilter,
            Framework::Poem
        )]
        framework: Framework,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        checked(framework, &Rc::new(runtime)).map(drop).unwrap();
    }

    #[test]
    fn every_framework_has_a_row_for_every_kind_of_request() {
        let costs = measure(&[Framework::Axum, Framework::Poem], 1, true, || {}).unwrap();
        let rows: Vec<_> = costs.iter().map(|cost| (cost.framework, cost.request)).collect();
        let expected: Vec<_> = [Framework::Axum, Framework::Poem]
            .iter()
            .flat_map(|&framework| Kind::ALL.map(|kind| (framework, kind)))
            .collect();
        assert_eq!(rows, expected);
    }

    #[rstest]
    #[case::allowed(Middleware::Adapter, Kind::Actual, 200, Some("https://admin.example.com"), true)]
    #[case::header_is_missing(Middleware::Adapter, Kind::Actual, 200, None, false)]
    #[case::wrong_origin(Middleware::Other, Kind::Actual, 200, Some("https://app.example.com"), false)]
    #[case::allowed_but_not_listed(
        Middleware::Adapter,
        Kind::Denied,
        200,
        Some("https://stranger.example.net"),
        false
    )]
    #[case::rejected_by_the_other(Middleware::Other, Kind::Denied, 403, None, true)]
    #[case::rejected_by_the_adapter(Middleware::Adapter, Kind::Denied, 403, None, false)]
    #[case::not_found(Middleware::Bare, Kind::Plain, 404, None, false)]
    fn a_wrong_answer_is_not_measured(
        #[case] middleware: Middleware,
        #[case] kind: Kind,
        #[case] status: u16,
        #[case] allow_origin: Option<&str>,
        #[case] expected: bool,
    ) {
        let answer = Answer::new(status, allow_origin, None);
        assert_eq!(check(Framework::Axum, middleware, kind, &answer).is_ok(), expected);
    }
}
