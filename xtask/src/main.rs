//! The commands of the workspace.

mod new_adapter;

use std::process::ExitCode;

use clap::Parser;

use crate::new_adapter::NewAdapter;

#[derive(clap::Parser)]
enum Command {
    NewAdapter(NewAdapter),
}

fn main() -> ExitCode {
    let Command::NewAdapter(command) = Command::parse();
    match command.run() {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
