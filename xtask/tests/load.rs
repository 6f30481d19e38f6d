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
    for adapter in adapters {
        let load = &adapter["load"];
        assert_eq!((&load["wrong"], &load["panics"]), (&Value::from(0), &Value::from(0)), "{load:#}");
        assert!(load["policies"].as_u64() > Some(20), "{load:#}");
        let kinds = load["kinds"].as_object().expect("kinds");
        assert_eq!(kinds.len(), 8, "{load:#}");
        for (kind, counts) in kinds {
            assert!(counts["requests"].as_u64() > Some(5), "{kind}: {counts}");
        }
        // Both answers of the lookup and of the policies came.
        for kind in ["allowed", "lookup", "preflight", "hostile"] {
            let (allowed, all) = (kinds[kind]["allowed"].as_u64(), kinds[kind]["requests"].as_u64());
            assert!(allowed > Some(0) && allowed < all, "{kind}: {}", kinds[kind]);
        }
        assert!(kinds["malformed"]["rejected"].as_u64() > Some(5), "{}", kinds["malformed"]);
        // Only Rocket drops lines that are not UTF-8.
        let limits: u64 = kinds.values().filter_map(|counts| counts["limits"].as_u64()).sum();
        assert_eq!(limits > 0, adapter["adapter"] == "cors-rocket", "{load:#}");
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
