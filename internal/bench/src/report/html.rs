//! A web page with a chart. It needs no other file.

use std::fmt::Write as _;

use super::{Grid, Report, grids};
use crate::cost::Cost;

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 2rem }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #ddd }
th.text, td.text { text-align: left }
svg { width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #222 }
.adapter { fill: #1b7f4b } .other { fill: #b9b9b9 }
@media (prefers-color-scheme: dark) {
body { color: #ddd; background: #181818 } svg text { fill: #ddd } th, td { border-color: #444 }
.adapter { fill: #46c287 } .other { fill: #6a6a6a } }";

/// The measures of the chart, in units of its `viewBox`.
const LABELS: f64 = 170.0;
const FIGURES: f64 = 70.0;
const WIDTH: f64 = 900.0;
const BAR: f64 = 9.0;
const ROW: f64 = 26.0;

pub(super) fn render(report: &Report) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>What CORS costs</title>\n\
         <style>{STYLE}</style>\n<h1>What CORS costs</h1>\n\
         <p>Nanoseconds added to a request of the bare framework: by the adapter of this project (first bar) and by the \
         framework\u{2019}s other middleware (second bar). Less is better.</p>\n"
    );
    page += &chart(&report.costs);
    for grid in grids(report) {
        page += &table(&grid);
    }
    page + "</html>\n"
}

fn chart(costs: &[Cost]) -> String {
    let most = costs.iter().map(|cost| cost.adapter_added_ns.max(cost.other_added_ns)).fold(1.0, f64::max);
    let scale = (WIDTH - LABELS - FIGURES) / most;
    let height = ROW * costs.len() as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"ns added\">\n");
    for (index, cost) in costs.iter().enumerate() {
        let top = ROW * index as f64;
        let label = format!("{} {}", cost.framework.name(), cost.request.name());
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<text x=\"0\" y=\"{}\">{}</text>", top + ROW / 2.0, escape(&label));
        for (class, offset, added) in
            [("adapter", 2.0, cost.adapter_added_ns), ("other", 2.0 + BAR, cost.other_added_ns)]
        {
            let (y, width) = (top + offset, added.max(0.0) * scale);
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{LABELS}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{added:+.0}</text>",
                LABELS + width + 4.0,
                y + BAR - 0.5,
            );
        }
    }
    svg + "</svg>\n"
}

fn table(grid: &Grid) -> String {
    let class = |column: usize| if column < grid.left { " class=\"text\"" } else { "" };
    let header = grid.header.iter().enumerate();
    let header: String =
        header.map(|(column, name)| format!("<th{}>{}</th>", class(column), escape(name))).collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate();
        let cells: String =
            cells.map(|(column, text)| format!("<td{}>{}</td>", class(column), escape(text))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = grid.rows.iter().map(row).collect();
    format!("<h2>{}</h2>\n<table>\n<tr>{header}</tr>\n{rows}</table>\n", escape(grid.title))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
