//! Text for a terminal.

use comfy_table::{CellAlignment, Table, presets};

use super::{Grid, Report, grids};

pub(super) fn render(report: &Report) -> String {
    grids(report).iter().map(text).collect::<Vec<_>>().join("\n")
}

fn text(grid: &Grid) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(grid.header.clone());
    for column in table.column_iter_mut().skip(grid.left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.add_rows(grid.rows.clone());
    format!("{}\n{table}\n", grid.title)
}
