//! `tintype completions`: a script for a shell, which asks `tintype __assets` for the names that there are.
//!
//! clap writes the scripts, and knows nothing of names that differ from project to project; clap_complete's engine that
//! does is unstable. So the places where a name goes are found in the scripts and filled in.

use clap::{Arg, Command, CommandFactory, ValueEnum};
use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, PowerShell, Zsh};
use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{Arguments, CompletionsArguments, Format, Shell};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::name::AssetName;

/// The commands that take names of assets, with the argument that does.
const TAKE_NAMES: [(&str, &str); 7] = [
    ("sync", "names"),
    ("plan", "names"),
    ("show", "name"),
    ("reroll", "names"),
    ("takes", "name"),
    ("pick", "name"),
    ("accept", "names"),
];
/// What a name is in a script of clap's, until it is asked for.
const NAME: &str = "TINTYPE_ASSET";
/// Names hold nothing that a shell would read as anything else, see [`AssetName`].
const ASK: &str = "tintype __assets 2>/dev/null";

const ZSH_NAMES: &str = "
_tintype_assets() {
    local -a names
    names=(${(f)\"$(tintype __assets 2>/dev/null)\"})
    compadd -a names
}
";
const POWERSHELL_NAMES: &str = "tintype __assets 2>$null | \
                                ForEach-Object { [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }";

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    script: &'a str,
}

pub(super) fn run(context: &Context, arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let script = script(arguments.shell);
    match context.talk.format {
        Format::Json => context.talk.answer(&render(&Document { version: VERSION, script: &script }))?,
        _ => context.talk.answer(&script)?,
    }
    Ok(Exit::Done)
}

/// `tintype __assets`: the names of the nearest manifest, a line each. A shell that completes a word wants no errors.
pub(super) fn names(context: &Context) -> Result<Exit, Failure> {
    if let Ok(project) = context.open() {
        let names: Vec<&str> = project.assets().by_name.keys().map(AssetName::as_str).collect();
        context.talk.answer(&names.iter().flat_map(|name| [*name, "\n"]).collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => clap_writes(Bash).replace(NAME, &format!("$({ASK})")),
        Shell::Zsh => {
            let script = clap_writes(Zsh).replace(&format!(":({NAME})"), ":_tintype_assets");
            script.replacen("\nautoload -U is-at-least\n", &format!("\nautoload -U is-at-least\n{ZSH_NAMES}"), 1)
        }
        Shell::Fish => {
            let commands = TAKE_NAMES.map(|(command, _)| command).join(" ");
            let shells = Shell::value_variants().iter().filter_map(Shell::to_possible_value);
            let shells: Vec<String> = shells.map(|shell| shell.get_name().to_string()).collect();
            let places = [(commands, format!("({ASK})")), ("completions".to_string(), shells.join(" "))];
            places.iter().fold(clap_writes(Fish), |script, (commands, words)| {
                let condition = format!("__fish_tintype_using_subcommand {commands}");
                format!("{script}complete -c tintype -n \"{condition}\" -f -a \"{words}\"\n")
            })
        }
        Shell::Powershell => TAKE_NAMES.iter().fold(clap_writes(PowerShell), |script, (command, _)| {
            let head = format!("'tintype;{command}' {{\n");
            script.replacen(&head, &format!("{head}            {POWERSHELL_NAMES}\n"), 1)
        }),
    }
}

fn clap_writes(shell: impl clap_complete::Generator) -> String {
    let takes = |command: Command, argument: &'static str| {
        command.mut_arg(argument, |argument: Arg| argument.value_parser([NAME]).hide_possible_values(true))
    };
    let mut command = TAKE_NAMES
        .iter()
        .fold(visible(), |all, (command, argument)| all.mut_subcommand(command, |command| takes(command, argument)));
    let mut script = Vec::new();
    generate(shell, &mut command, "tintype", &mut script);
    String::from_utf8(script).expect("clap writes text")
}

/// The command line without what is hidden, which clap would offer.
fn visible() -> Command {
    let all = Arguments::command();
    let commands = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new("tintype").version(env!("CARGO_PKG_VERSION")).args(all.get_arguments().cloned()).subcommands(commands)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use crate::cli::args::Shell;
    use crate::cli::completions::{NAME, TAKE_NAMES, script};

    #[test]
    fn every_script_asks_for_names_wherever_one_goes() {
        let places = |shell: Shell, mark: &str| script(shell).matches(mark).count();
        let all = TAKE_NAMES.len();
        assert_eq!(places(Shell::Bash, "$(tintype __assets"), all);
        assert_eq!(places(Shell::Zsh, ":_tintype_assets'"), all);
        assert_eq!(places(Shell::Zsh, "\n_tintype_assets() {"), 1);
        assert_eq!(
            places(Shell::Fish, "subcommand sync plan show reroll takes pick accept\" -f -a \"(tintype __assets"),
            1
        );
        assert_eq!(places(Shell::Powershell, "tintype __assets 2>$null"), all);
    }

    #[test]
    fn no_script_offers_what_is_hidden_or_a_stand_in() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            assert!(!script.contains(NAME), "{shell:?}");
            let asks = script.matches("tintype __assets").count();
            assert_eq!(script.matches("__assets").count(), asks, "{shell:?}: __assets is offered\n{script}");
        }
    }
}
