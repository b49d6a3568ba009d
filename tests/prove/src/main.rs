//! Runs the proof, or one part of it, and ends with a page of figures.

use clap::Parser;
use prove::{Budget, Figures, Violation, host_runs, model, simulation};
use std::process::ExitCode;
use std::time::Duration;

/// Shows by exploration that nothing is sold twice and nothing is lost.
#[derive(Debug, Parser)]
#[command(name = "prove", version)]
struct Cli {
    /// The part to run. Defaults to all of them.
    part: Option<String>,
    /// Seeds that each part tries. Defaults to 1000, or to as many as there is time for.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Minutes that each part takes at most; what is under way then comes to its end. Defaults to ten,
    /// or to as many as the seeds take.
    #[arg(long)]
    minutes: Option<u64>,
    /// Runs this one seed only, and shows its history.
    #[arg(long)]
    seed: Option<u64>,
}

/// What each part goes through where nothing else is said.
const SEEDS: u64 = 1000;
const TIME: Duration = Duration::from_mins(10);
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// A part of the proof: its name, and what runs it.
type Part = (&'static str, fn(&Budget) -> Result<Figures, Violation>);

const PARTS: [Part; 6] = [
    ("model", model::run),
    ("simulation", simulation::run),
    ("faults", host_runs::faults::run),
    ("race", host_runs::race::run),
    ("offline", host_runs::offline::run),
    ("kill", host_runs::kill::run),
];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let seeds = match (cli.seed, cli.seeds, cli.minutes) {
        (Some(seed), ..) => seed..seed + 1,
        (None, None, Some(_)) => cli.first..u64::MAX,
        (None, seeds, _) => cli.first..cli.first.saturating_add(seeds.unwrap_or(SEEDS)),
    };
    let time = match (cli.minutes, cli.seeds) {
        (Some(minutes), _) => Duration::from_mins(minutes),
        (None, None) => TIME,
        (None, Some(_)) => FOR_EVER,
    };
    let parts: Vec<Part> = PARTS
        .into_iter()
        .filter(|(name, _)| cli.part.as_deref().is_none_or(|wanted| wanted == *name))
        .collect();
    if parts.is_empty() {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("error: there is no such part; the parts are {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut page = Vec::new();
    for (name, part) in parts {
        eprintln!("{name} ...");
        match part(&Budget::new(seeds.clone(), time)) {
            Ok(figures) => page.push(format!("{name}\n{figures}")),
            Err(violation) => {
                eprintln!("{name}: broken: {violation}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("\n{}", page.join("\n"));
    ExitCode::SUCCESS
}
