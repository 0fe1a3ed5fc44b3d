//! `doorward completions` and `doorward man`: made from the same description as `--help`.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::output::print;
use super::{Cli, CliError};

pub(super) fn completions(shell: Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "doorward", &mut script);
    print(&String::from_utf8_lossy(&script)).map(drop)
}

/// The page of doorward itself, or of the command that the words lead to.
pub(super) fn man(words: &[String]) -> Result<(), CliError> {
    let mut whole = Cli::command();
    whole.build();
    let mut command: &Command = &whole;
    for word in words {
        let found = command.find_subcommand(word);
        let usage = || CliError::Usage(format!("there is no command {word:?}"));
        command = found.ok_or_else(usage)?;
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error: io::Error| CliError::Failed(error.to_string()))?;
    print(&String::from_utf8_lossy(&page)).map(drop)
}
