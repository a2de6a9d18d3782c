//! Shell completion.

use std::io;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

/// Which shell.
#[derive(Args, Clone, Debug)]
pub struct CompletionArgs {
    /// The shell
    shell: Shell,
}

/// Prints a program's completion script, to be sourced by the shell.
pub fn print_completions(args: &CompletionArgs, command: &mut Command) {
    let name = command.get_name().to_owned();
    generate(args.shell, command, name, &mut io::stdout());
}
