//! The other half of `bench/run`: what doorward is compared with, and the load it cannot get
//! from wrk. Built as an example, so that the compiler and the lints keep it from rotting.

mod count;
mod hash;
mod serve;
mod storm;
mod summary;

use clap::{Parser, Subcommand};

/// References and load generators for bench/run.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GET /user in one of the ways that doorward is compared with
    Serve(serve::Options),
    /// Hash passwords on some threads and print how many a second
    Hash(hash::Options),
    /// Log in over and over on many connections and print what came back
    Storm(storm::Options),
    /// Do one thing many times, for a tool that counts instructions
    Count(count::Options),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(options) => serve::run(options),
        Command::Hash(options) => hash::run(&options),
        Command::Storm(options) => storm::run(&options),
        Command::Count(options) => count::run(&options),
    }
}
