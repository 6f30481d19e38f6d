//! The report, for people and for programs.

mod html;
mod markdown;
mod table;

use std::error::Error;

use serde::Serialize;

use crate::adapters::Cell;
use crate::decision::Decision;
use crate::end_to_end::EndToEnd;
use crate::header_map::HeaderMapCost;
use crate::hook::Hook;
use crate::hostile::Hostile;
use crate::policy_size::{Kind, PolicySize};

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) cells: Vec<Cell>,
    pub(crate) decision: Vec<Decision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_size: Option<Vec<PolicySize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hostile: Option<Vec<Hostile>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hooks: Option<Vec<Hook>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header_maps: Option<Vec<HeaderMapCost>>,
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
    /// A page with a chart, complete in itself.
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

/// A table of texts; the first `left` columns are texts, and the others figures.
struct Grid {
    title: &'static str,
    left: usize,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn grids(report: &Report) -> Vec<Grid> {
    let mut grids = vec![cells(&report.cells), decision(&report.decision)];
    grids.extend(report.policy_size.as_deref().map(policy_size));
    grids.extend(report.hostile.as_deref().map(hostile));
    grids.extend(report.hooks.as_deref().map(hooks));
    grids.extend(report.header_maps.as_deref().map(header_maps));
    grids.extend(report.end_to_end.as_deref().map(end_to_end));
    grids
}

fn cells(cells: &[Cell]) -> Grid {
    let row = |cell: &Cell| {
        vec![
            cell.framework.name().to_owned(),
            cell.framework.existing().to_owned(),
            cell.path.name().to_owned(),
            ns(cell.bare_ns),
            added(cell.ours_added_ns),
            added(cell.theirs_added_ns),
            cell.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            format!("{:+}", cell.ours_added_allocs),
            format!("{:+}", cell.theirs_added_allocs),
        ]
    };
    Grid {
        title: "What CORS adds to a request, over the bare framework",
        left: 3,
        header: vec![
            "framework",
            "theirs is",
            "path",
            "bare ns",
            "ours ns",
            "theirs ns",
            "ratio",
            "ours allocs",
            "theirs allocs",
        ],
        rows: cells.iter().map(row).collect(),
    }
}

fn decision(decisions: &[Decision]) -> Grid {
    let row = |decision: &Decision| {
        vec![
            decision.path.name().to_owned(),
            format!("{:.1}", decision.ours_ns),
            format!("{:.1}", decision.published_ns),
            format!("{:.2}", decision.ours_ns / decision.published_ns),
            decision.ours_allocs.to_string(),
            decision.published_allocs.to_string(),
        ]
    };
    Grid {
        title: "The decision alone, beside the published crate cors-core 0.1.1",
        left: 1,
        header: vec!["path", "ours ns", "published ns", "ratio", "ours allocs", "published allocs"],
        rows: decisions.iter().map(row).collect(),
    }
}

fn policy_size(sizes: &[PolicySize]) -> Grid {
    let row = |size: &PolicySize| {
        let kind = match size.kind {
            Kind::Exact => "exact",
            Kind::Wildcard => "wildcard",
        };
        vec![
            kind.to_owned(),
            size.origins.to_string(),
            format!("{:.1}", size.one_origin_ns),
            format!("{:.1}", size.any_origin_ns),
            format!("{:.1}", size.denied_ns),
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
            hostile.request.to_owned(),
            ns(hostile.ns),
            format!("{:.2}", hostile.ratio),
            hostile.allocs.to_string(),
        ]
    };
    Grid {
        title: "Requests made to be expensive: the decision alone",
        left: 1,
        header: vec!["request", "ns", "ratio", "allocs"],
        rows: requests.iter().map(row).collect(),
    }
}

fn hooks(hooks: &[Hook]) -> Grid {
    let row = |hook: &Hook| {
        vec![
            hook.framework.name().to_owned(),
            ns(hook.bare_ns),
            added(hook.added_ns),
            format!("{:+}", hook.added_allocs),
        ]
    };
    Grid {
        title: "What a middleware that does nothing adds to a plain request",
        left: 1,
        header: vec!["framework", "bare ns", "ns", "allocs"],
        rows: hooks.iter().map(row).collect(),
    }
}

fn header_maps(costs: &[HeaderMapCost]) -> Grid {
    let row = |cost: &HeaderMapCost| {
        vec![cost.map.to_owned(), cost.headers.to_string(), added(cost.ns), format!("{:+}", cost.allocs)]
    };
    Grid {
        title: "What writing the headers alone costs, in each framework's own map",
        left: 1,
        header: vec!["map", "headers", "ns", "allocs"],
        rows: costs.iter().map(row).collect(),
    }
}

fn end_to_end(measured: &[EndToEnd]) -> Grid {
    let row = |measured: &EndToEnd| {
        vec![
            measured.framework.name().to_owned(),
            ns(measured.bare_per_second),
            ns(measured.ours_per_second),
            ns(measured.theirs_per_second),
        ]
    };
    Grid {
        title: "Requests per second over a socket, origin allowed",
        left: 1,
        header: vec!["framework", "bare", "ours", "theirs"],
        rows: measured.iter().map(row).collect(),
    }
}

fn ns(value: f64) -> String {
    format!("{value:.0}")
}

fn added(value: f64) -> String {
    format!("{value:+.0}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::framework::Framework;
    use crate::request::Path;

    fn report() -> Report {
        let cell = |framework, path| Cell {
            framework,
            path,
            bare_ns: 500.0,
            ours_ns: 600.0,
            theirs_ns: 900.0,
            ours_added_ns: 100.0,
            theirs_added_ns: 400.0,
            ours_added_allocs: 0,
            theirs_added_allocs: -2,
        };
        let decision =
            |path| Decision { path, ours_ns: 10.0, ours_allocs: 0, published_ns: 40.0, published_allocs: 1 };
        Report {
            cells: Framework::ALL
                .into_iter()
                .flat_map(|framework| Path::ALL.map(|path| cell(framework, path)))
                .collect(),
            decision: Path::ALL.map(decision).into(),
            policy_size: None,
            hostile: None,
            hooks: None,
            header_maps: None,
            end_to_end: None,
        }
    }

    #[test]
    fn json_has_the_fields_that_programs_read() {
        let json: serde_json::Value =
            serde_json::from_str(&render(&report(), Format::Json).unwrap()).unwrap();
        let fields = |value: &serde_json::Value| -> Vec<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(fields(&json), ["cells", "decision"]);
        assert_eq!(json["cells"].as_array().unwrap().len(), 20);
        let mut expected = [
            "framework",
            "path",
            "bare_ns",
            "ours_ns",
            "theirs_ns",
            "ours_added_ns",
            "theirs_added_ns",
            "ours_added_allocs",
            "theirs_added_allocs",
        ];
        expected.sort_unstable();
        let mut found = fields(&json["cells"][0]);
        found.sort_unstable();
        assert_eq!(found, expected);
        let paths: Vec<_> = json["decision"].as_array().unwrap().iter().map(|row| &row["path"]).collect();
        assert_eq!(paths, ["plain", "actual", "denied", "preflight"]);
        let mut found = fields(&json["decision"][0]);
        found.sort_unstable();
        assert_eq!(found, ["ours_allocs", "ours_ns", "path", "published_allocs", "published_ns"]);
    }

    #[rstest]
    #[case(Format::Table)]
    #[case(Format::Markdown)]
    #[case(Format::Html)]
    fn every_format_for_people_has_every_row(#[case] format: Format) {
        let text = render(&report(), format).unwrap();
        for framework in Framework::ALL {
            assert!(text.matches(framework.name()).count() >= Path::ALL.len(), "{text}");
        }
        assert!(text.contains("+100") && text.contains("+400") && text.contains("0.25"), "{text}");
    }
}
