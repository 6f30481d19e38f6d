//! The list of subjects and scenarios.

use std::sync::Arc;

use comfy_table::{Table, presets};

use crate::scenario::Scenario;
use crate::subject::Subject;

/// The subjects and scenarios, one in each line.
pub fn list(scenarios: &[Arc<Scenario>], subjects: &[Arc<dyn Subject>]) -> String {
    let mut of_subjects = columns(["subject", "kind", "framework", "version"]);
    for subject in subjects {
        let kind = subject.kind().as_str();
        of_subjects.add_row([subject.name(), kind, subject.framework(), subject.version()]);
    }
    let mut of_scenarios = columns(["scenario", "kind", "title"]);
    for scenario in scenarios {
        of_scenarios.add_row([&scenario.id, scenario.kind.as_str(), &scenario.title]);
    }
    format!("{}\n\n{}\n", of_subjects.trim_fmt(), of_scenarios.trim_fmt())
}

fn columns<const N: usize>(names: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(names);
    table
}
