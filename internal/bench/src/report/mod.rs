//! The report, for people and for programs.

mod html;
mod markdown;
mod table;
#[cfg(test)]
mod tests;

use std::error::Error;

use serde::Serialize;

use crate::cost::{Cost, Floor};
use crate::decision::Decision;
use crate::end_to_end::EndToEnd;
use crate::hostile::Hostile;
use crate::policy_size::{Kind, PolicySize};
use crate::scaling::Scaling;

/// All results.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) costs: Vec<Cost>,
    pub(crate) decisions: Vec<Decision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_sizes: Option<Vec<PolicySize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hostile: Option<Vec<Hostile>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scaling: Option<Vec<Scaling>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_to_end: Option<Vec<EndToEnd>>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a pull request.
    Markdown,
    /// A web page with a chart, in one file.
    Html,
}

pub(crate) fn render(report: &Report, format: Format) -> Result<String, Box<dyn Error>> {
    Ok(match format {
        Format::Table => table::render(report),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report),
    })
}

/// A table of texts. The first `left` columns are aligned left, the others are figures.
struct Grid {
    title: &'static str,
    left: usize,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn grids(report: &Report) -> Vec<Grid> {
    let mut grids = vec![costs(&report.costs), decisions(&report.decisions)];
    if report.costs.iter().any(|cost| cost.floor.is_some()) {
        grids.push(floors(&report.costs));
    }
    grids.extend(report.policy_sizes.as_deref().map(policy_sizes));
    grids.extend(report.hostile.as_deref().map(hostile));
    grids.extend(report.scaling.as_deref().map(scaling));
    grids.extend(report.end_to_end.as_deref().map(end_to_end));
    grids
}

fn costs(costs: &[Cost]) -> Grid {
    let row = |cost: &Cost| {
        vec![
            cost.framework.name().to_owned(),
            cost.framework.other_middleware().to_owned(),
            cost.request.name().to_owned(),
            ns(cost.bare_ns),
            added(cost.adapter_added_ns),
            added(cost.other_added_ns),
            optional(cost.ratio()),
            optional(cost.fair_ratio()),
            format!("{:+}", cost.adapter_added_allocs),
            format!("{:+}", cost.other_added_allocs),
        ]
    };
    Grid {
        title: "What CORS adds to a request of the bare framework",
        left: 3,
        header: vec![
            "framework",
            "other",
            "request",
            "bare ns",
            "adapter ns",
            "other ns",
            "ratio",
            "with Vary",
            "adapter allocs",
            "other allocs",
        ],
        rows: costs.iter().map(row).collect(),
    }
}

fn decisions(decisions: &[Decision]) -> Grid {
    let row = |decision: &Decision| {
        vec![
            decision.request.name().to_owned(),
            format!("{:.1}", decision.ours_ns),
            format!("{:.1}", decision.published_ns),
            format!("{:.2}", decision.ours_ns / decision.published_ns),
            format!("{:.1}", decision.guarded_ns),
            format!("{:.2}", decision.guarded_ns / decision.ours_ns),
            decision.ours_allocs.to_string(),
            decision.guarded_allocs.to_string(),
            decision.published_allocs.to_string(),
        ]
    };
    Grid {
        title: "The decision without a framework, beside the published crate cors-core 0.1.1",
        left: 1,
        header: vec![
            "request",
            "ours ns",
            "published ns",
            "ratio",
            "with a guard ns",
            "ratio to ours",
            "ours allocs",
            "with a guard allocs",
            "published allocs",
        ],
        rows: decisions.iter().map(row).collect(),
    }
}

fn policy_sizes(sizes: &[PolicySize]) -> Grid {
    let row = |size: &PolicySize| {
        let kind = match size.kind {
            Kind::Any => "any (*)",
            Kind::Exact => "exact",
            Kind::Wildcard => "wildcard",
            Kind::Ruled => "in rules",
        };
        vec![
            kind.to_owned(),
            size.origins.to_string(),
            format!("{:.1}", size.one_origin_ns),
            format!("{:.1}", size.any_origin_ns),
            size.denied_ns.map_or_else(|| "-".to_owned(), |ns| format!("{ns:.1}")),
            format!("{:.1}", size.hash_set_any_origin_ns),
            format!("{:.3}", size.build_ns / 1e6),
            format!("{:.3}", size.hash_set_build_ns / 1e6),
            size.bytes.to_string(),
            size.hash_set_bytes.to_string(),
        ]
    };
    Grid {
        title: "A decision by the number of origins, beside a HashSet<String>",
        left: 1,
        header: vec![
            "origins",
            "number",
            "one ns",
            "any ns",
            "denied ns",
            "set any ns",
            "build ms",
            "set build ms",
            "bytes",
            "set bytes",
        ],
        rows: sizes.iter().map(row).collect(),
    }
}

fn hostile(requests: &[Hostile]) -> Grid {
    let row = |hostile: &Hostile| {
        vec![
            hostile.policy.to_owned(),
            hostile.request.to_owned(),
            ns(hostile.ns),
            format!("{:.2}", hostile.ratio),
            hostile.allocs.to_string(),
        ]
    };
    Grid {
        title: "Requests that try to be expensive: the decision without a framework",
        left: 2,
        header: vec!["policy", "request", "ns", "ratio", "allocs"],
        rows: requests.iter().map(row).collect(),
    }
}

fn floors(costs: &[Cost]) -> Grid {
    let row = |cost: &Cost| {
        let Floor { hook_ns, headers_ns, floor_ns, ratio_to_floor, floor_allocs } = cost.floor?;
        Some(vec![
            cost.framework.name().to_owned(),
            cost.request.name().to_owned(),
            added(hook_ns),
            added(headers_ns),
            added(floor_ns),
            added(cost.adapter_added_ns),
            format!("{ratio_to_floor:.2}"),
            format!("{floor_allocs:+}"),
            format!("{:+}", cost.adapter_added_allocs),
        ])
    };
    Grid {
        title: "What the adapter adds, beside the least that any middleware adds: an empty one, and the headers",
        left: 2,
        header: vec![
            "framework",
            "request",
            "hook ns",
            "headers ns",
            "floor ns",
            "adapter ns",
            "ratio",
            "floor allocs",
            "adapter allocs",
        ],
        rows: costs.iter().filter_map(row).collect(),
    }
}

fn scaling(measured: &[Scaling]) -> Grid {
    let row = |measured: &Scaling| {
        vec![
            measured.framework.name().to_owned(),
            measured.request.name().to_owned(),
            measured.source.name().to_owned(),
            measured.threads.to_string(),
            ns(measured.bare_ns),
            format!("{:.2}", measured.bare_ratio_to_first),
            added(measured.added_ns),
            format!("{:.2}", measured.ratio_to_first),
        ]
    };
    Grid {
        title: "What the adapters add when several threads serve at the same time",
        left: 3,
        header: vec!["framework", "request", "policy", "threads", "bare ns", "ratio", "adapter ns", "ratio"],
        rows: measured.iter().map(row).collect(),
    }
}

fn end_to_end(measured: &[EndToEnd]) -> Grid {
    let row = |measured: &EndToEnd| {
        vec![
            measured.framework.name().to_owned(),
            ns(measured.bare_per_second),
            ns(measured.adapter_per_second),
            ns(measured.other_per_second),
        ]
    };
    Grid {
        title: "Requests per second over a socket, with an allowed origin",
        left: 1,
        header: vec!["framework", "bare", "adapter", "other"],
        rows: measured.iter().map(row).collect(),
    }
}

fn optional(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn ns(value: f64) -> String {
    format!("{value:.0}")
}

fn added(value: f64) -> String {
    format!("{value:+.0}")
}
