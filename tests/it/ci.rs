//! What docs/ci.md tells a team to do, done.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::projects::studio;
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const TWO: &str = "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.moon]\nprompt = \"a moon\"\n";

fn guide() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).expect("the guide")
}

/// The block of the guide that has this line.
fn block(line: &str) -> String {
    let guide = guide();
    let block = guide.split("```").find(|block| block.lines().any(|other| other == line));
    let block = block.unwrap_or_else(|| panic!("no block has `{line}`"));
    block.split_once('\n').expect("a language").1.to_string()
}

/// A shell's lines in a project, with tintype on the path and no cache.
fn shell(project: &Sandbox, lines: &str) -> Output {
    let folder = Path::new(env!("CARGO_BIN_EXE_tintype")).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"));
    project
        .command("sh")
        .args(["-euc", lines])
        .env("PATH", path)
        .env("TINTYPE_CACHE_DIR", project.path("../no-cache"))
        .env("CI", "true")
        .output()
        .expect("a shell")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A repository whose pictures are made and committed.
fn repository(vendor: &Vendor) -> Sandbox {
    let project = studio(vendor, TWO);
    for who in ["AUTHOR", "COMMITTER"] {
        project.env(&format!("GIT_{who}_NAME"), "one").env(&format!("GIT_{who}_EMAIL"), "one@example.com");
    }
    project.env("GIT_CONFIG_GLOBAL", "/dev/null");
    project.run("sync").success();
    let made = shell(&project, "git init -q -b main && git add -A && git commit -qm pictures");
    assert!(made.status.success(), "{}", said(&made));
    project
}

#[test]
fn a_pull_request_says_what_it_changes_and_for_how_much() {
    let vendor = Vendor::openai();
    let project = repository(&vendor);
    shell(&project, "git checkout -qb feature");
    project
        .edit("a red panda", "a blue panda")
        .edit("[assets.moon]\nprompt = \"a moon\"", "[assets.sun]\nprompt = \"a sun\"");
    project.run("sync").success();
    let frozen = shell(&project, "git add -A && git commit -qm more && tintype sync --frozen && tintype verify");
    assert!(frozen.status.success(), "what is committed is enough: {}", said(&frozen));
    let step = block("      - name: What this pull request changes");
    let lines: Vec<&str> =
        step.lines().skip_while(|line| !line.trim().starts_with("rm -rf")).take(3).map(str::trim).collect();
    assert!(lines[2].starts_with("tintype plan --format markdown"), "{lines:?}");
    let lines =
        lines.join("\n").replace("origin/$GITHUB_BASE_REF", "main").replace("$GITHUB_STEP_SUMMARY", "summary.md");
    let planned = shell(&project, &lines);
    let plan = project.read_text("plan.md");
    assert!(plan.contains("2 to generate (2 images, $0.04), 1 to prune"), "{plan}{}", said(&planned));
    for row in ["| `hero` | generate |", "| `sun` | generate | new", "| `moon` | prune |"] {
        assert!(plan.contains(row), "{row}: {plan}");
    }
    assert_eq!(plan, project.read_text("summary.md"));
    assert_eq!(vendor.billed(), 4, "and nothing was bought for it");
}

#[test]
fn the_hook_stops_a_commit_that_the_lockfile_does_not_follow() {
    let vendor = Vendor::openai();
    let project = repository(&vendor);
    project.write(".git/hooks/pre-commit", block("# .git/hooks/pre-commit"));
    shell(&project, "chmod +x .git/hooks/pre-commit");
    project.edit("a red panda", "a blue panda");
    let stopped = shell(&project, "git commit -qam change");
    assert!(!stopped.status.success() && said(&stopped).contains("run tintype sync"), "{}", said(&stopped));
    project.run("sync").success();
    let committed = shell(&project, "git add -A && git commit -qm change && git status --porcelain");
    assert!(committed.status.success(), "{}", said(&committed));
}

#[test]
fn every_command_of_the_guide_is_one() {
    let guide = guide();
    let commands =
        guide.lines().flat_map(|line| line.split("tintype ").skip(1)).filter_map(|rest| rest.split_whitespace().next());
    let known = ["sync", "verify", "plan", "merge-lock", "--locked"];
    let unknown: Vec<&str> = commands
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .filter(|word| !word.is_empty() && !known.contains(word))
        .collect();
    assert_eq!(unknown, Vec::<&str>::new());
}
