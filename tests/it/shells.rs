//! What packagers install beside the binary: completions, which real shells read here, and the manual.

use crate::projects::free;
use crate::sandbox::Sandbox;

const NAMED: &str = "[assets.hero]\nprompt = \"a panda\"\n\n[assets.\"icons/shield\"]\nprompt = \"a shield\"\n\n\
                     [assets.\"icons/sword\"]\nprompt = \"a sword\"\n";

/// What a shell's program says, run in the project with `tintype` on its path; nothing where there is no such shell.
#[track_caller]
fn says(project: &Sandbox, shell: &[&str], program: &str) -> Option<String> {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_tintype"));
    let folder = binary.parent().expect("a binary lies in a folder").to_string_lossy().into_owned();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let output = project.command(shell[0]).args(&shell[1..]).arg(program).env("PATH", path).output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.expect("the shell runs"),
    };
    assert!(output.status.success(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("a shell speaks UTF-8"))
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_the_names_of_assets() {
    let project = free(NAMED);
    let complete = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let program = format!(
            "source <('{}' completions bash); COMP_WORDS=({}); COMP_CWORD={}; _tintype tintype '{}' '{}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            env!("CARGO_BIN_EXE_tintype"),
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        says(&project, &["bash", "--norc", "-c"], &program).expect("bash is everywhere")
    };
    assert_eq!(complete("tintype ver"), "verify\n");
    assert_eq!(complete("tintype __"), "\n");
    assert_eq!(complete("tintype sync --fro"), "--frozen\n");
    assert_eq!(complete("tintype show icons/s"), "icons/shield\nicons/sword\n");
    assert_eq!(complete("tintype sync hero icons/sw"), "icons/sword\n");
    assert_eq!(complete("tintype plan --exit-code he"), "hero\n");
    assert_eq!(complete("tintype completions z"), "zsh\n");
    project.write("images.toml", "[assets.hero");
    assert_eq!(complete("tintype show he"), "\n", "a broken manifest is no time for errors");
}

#[cfg(unix)]
#[test]
fn fish_completes_the_names_of_assets_and_of_shells() {
    let project = free(NAMED);
    let complete = |line: &str| {
        let program = format!("tintype completions fish | source; complete -C '{line}'");
        says(&project, &["fish", "--no-config", "-c"], &program)
    };
    let Some(names) = complete("tintype show icons/s") else { return };
    assert_eq!(names, "icons/shield\nicons/sword\n");
    assert_eq!(complete("tintype sync hero icons/sw").as_deref(), Some("icons/sword\n"));
    assert_eq!(complete("tintype completions z").as_deref(), Some("zsh\n"));
    assert_eq!(complete("tintype __").as_deref(), Some(""));
}

#[cfg(unix)]
#[test]
fn zsh_can_read_its_script_and_asks_for_the_names() {
    let project = free(NAMED);
    let program =
        "source <(print 'compdef() {}'; tintype completions zsh); compadd() { print -l ${(P)2} }; _tintype_assets";
    let Some(names) = says(&project, &["zsh", "-f", "-c"], program) else { return };
    assert_eq!(names, "hero\nicons/shield\nicons/sword\n");
}

#[test]
fn the_names_are_those_of_the_nearest_manifest_and_any_mistake_is_silence() {
    let project = free(NAMED).file("src/x.txt", "");
    project.run("__assets").success().stdout_is("hero\nicons/shield\nicons/sword\n").stderr_is("");
    project.run_in("src", "__assets").success().stdout_is("hero\nicons/shield\nicons/sword\n").stderr_is("");
    project.edit("a panda\"", "a panda\"\nsed = 7").run("__assets").success().stdout_is("").stderr_is("");
    Sandbox::new().run("__assets").success().stdout_is("").stderr_is("");
    project.run("--help").success().stdout_lacks("__assets");
}

#[test]
fn completions_are_for_four_shells_and_as_json_too() {
    let project = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = project.run(&format!("completions {shell}")).success().stderr_is("");
        assert!(script.stdout().contains("tintype __assets"), "{shell}");
        let document = project.run(&format!("completions {shell} --format json")).success().value();
        assert_eq!(document["script"], script.stdout());
    }
    project.run("completions tcsh").code(2).stdout_is("").stderr_has("powershell");
    project.run("completions").code(2).stdout_is("");
}

#[test]
fn the_manual_is_a_page_and_a_folder_gets_a_page_a_command() {
    let project = Sandbox::new();
    let page = project.run("man").success().stderr_is("");
    for word in [".TH tintype 1", ".SH NAME", ".SH OPTIONS", "tintype\\-sync(1)", "EXIT STATUS", "130  interrupted"] {
        assert!(page.stdout().contains(word), "`{word}` isn't in\n{}", page.stdout());
    }
    assert!(!page.stdout().contains("assets\\fR") && !page.stdout().contains("__"), "what is hidden stays hidden");
    project.run("man share/man1").success().has("share/man1/tintype.1").has("share/man1/tintype-sync.1");
    project.lacks("share/man1/tintype-__assets.1").lacks("share/man1/tintype-help.1");
    assert_eq!(project.read_text("share/man1/tintype.1"), page.stdout());
    let again = project.run("man share/man1 --format json").success().value();
    assert_eq!(again["pages"].as_array().map(Vec::len), Some(project.files().len()));
    assert_eq!(project.run("man --format json").success().value()["page"], page.stdout());
    project.file("blocked", "").run("man blocked").code(2).stdout_is("").stderr_has("blocked");
}

#[cfg(unix)]
#[test]
fn groff_has_nothing_to_say_about_any_page() {
    let project = Sandbox::new();
    project.run("man pages").success();
    let program = "for page in pages/*.1; do groff -man -Tutf8 -ww $page 2>&1 >/dev/null; done";
    let Some(is_there) = says(&project, &["sh", "-c"], "command -v groff || true") else { return };
    if !is_there.is_empty() {
        assert_eq!(says(&project, &["sh", "-c"], program).as_deref(), Some(""));
    }
}
