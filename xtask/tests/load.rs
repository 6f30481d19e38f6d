//! `cargo xtask load`: a short load test of every adapter, and its faults.

use std::process::{Command, Output};

use serde_json::Value;

fn load(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("load").args(arguments).output().expect("an end")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

const ADAPTERS: [&str; 5] = ["cors-actix", "cors-axum", "cors-poem", "cors-rocket", "cors-warp"];

#[test]
fn every_response_under_load_is_right() {
    let output = load(&["--seconds", "2", "--format", "json"]);
    let report = json(&output);
    assert!(output.status.success(), "{report:#}");
    let adapters = report["adapters"].as_array().expect("adapters");
    assert_eq!(adapters.iter().map(|of| &of["adapter"]).collect::<Vec<_>>(), ADAPTERS);
    let sum = |kind: &str, count: &str| -> u64 {
        let counts = adapters.iter().filter_map(|of| of["load"]["kinds"][kind][count].as_u64());
        counts.sum()
    };
    for kind in ["plain", "allowed", "denied", "lookup", "preflight", "hostile", "pipelined", "malformed"] {
        assert!(sum(kind, "requests") > 10, "{kind}: {report:#}");
    }
    // The lookup, the policies and the parser gave both answers.
    for kind in ["allowed", "lookup", "preflight", "hostile"] {
        let (allowed, all) = (sum(kind, "allowed"), sum(kind, "requests"));
        assert!(0 < allowed && allowed < all, "{kind}: {report:#}");
    }
    let (rejected, all) = (sum("malformed", "rejected"), sum("malformed", "requests"));
    assert!(0 < rejected && rejected < all, "{report:#}");
    for adapter in adapters {
        let kinds = adapter["load"]["kinds"].as_object().expect("kinds");
        let limits: u64 = kinds.values().filter_map(|counts| counts["limits"].as_u64()).sum();
        // Rocket drops lines that are not UTF-8.
        assert!(limits == 0 || adapter["adapter"] == "cors-rocket", "{adapter:#}");
    }
}

#[test]
fn faults_leave_no_trace() {
    let output = load(&["--seconds", "0", "--faults", "--connections", "300", "--format", "json"]);
    let report = json(&output);
    assert!(output.status.success(), "{report:#}");
    for adapter in report["adapters"].as_array().expect("adapters") {
        let faults = adapter["faults"].as_array().expect("faults");
        assert_eq!(faults.len(), 7, "{adapter:#}");
        for fault in faults {
            assert_eq!(fault["panics"], 0, "{adapter:#}");
            assert!(fault["times"].as_u64() > Some(100), "{adapter:#}");
        }
    }
}
