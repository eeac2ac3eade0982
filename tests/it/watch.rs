//! `watch`: on a real file system, with editors' ways to save; each request counted.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::projects::{entry, free, is_settled, studio};
use crate::sandbox::{Running, Sandbox, png};
use crate::vendor::{Fault, KEY, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
const SOON: Duration = Duration::from_secs(20);
/// Longer than anything waits that is going to happen by itself.
const STILL: Duration = Duration::from_millis(900);

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// How many runs did something, or tried to.
fn runs(session: &Running) -> usize {
    session.said().lines().filter(|line| line.starts_with("{\"assets\"")).count()
}

/// A session that answers each run with a line, once it stands.
fn watch(project: &Sandbox, arguments: &str) -> Running {
    project.spawn(&format!("watch --format json {arguments}"))
}

fn manifest_with(project: &Sandbox, prompt: &str) -> String {
    let text = project.read_text("images.toml");
    let (head, rest) = text.split_once("prompt = \"").expect("a prompt");
    let (_, tail) = rest.split_once('"').expect("its end");
    format!("{head}prompt = \"{prompt}\"{tail}")
}

/// A way to save a text, and its name.
type Saving<'a> = (&'a str, &'a dyn Fn(&str));

#[test]
fn each_way_to_save_makes_one_picture() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let session = watch(&project, "");
    vendor.wait_for_requests(1);
    eventually("the first picture", || project.exists("images.lock") && runs(&session) == 1);
    let path = project.path("images.toml");
    let save: [Saving<'_>; 4] = [
        ("in place", &|text| fs::write(&path, text).expect("written")),
        ("by renaming", &|text| {
            fs::write(project.path(".images.toml.swp"), text).expect("written");
            fs::rename(project.path(".images.toml.swp"), &path).expect("renamed");
        }),
        ("by deleting first", &|text| {
            fs::remove_file(&path).expect("removed");
            sleep(Duration::from_millis(60));
            fs::write(&path, text).expect("written");
        }),
        ("empty first, then in pieces", &|text| {
            fs::write(&path, "").expect("written");
            sleep(Duration::from_millis(60));
            let half = text.len() / 2;
            fs::write(&path, &text[..half]).expect("written");
            sleep(Duration::from_millis(60));
            fs::write(&path, text).expect("written");
        }),
    ];
    for (count, (how, save)) in save.iter().enumerate() {
        save(&manifest_with(&project, &format!("a panda saved {how}")));
        eventually(how, || vendor.billed_for(&format!("a panda saved {how}")) == 1);
        eventually("done", || runs(&session) == count + 2);
    }
    sleep(STILL);
    assert_eq!((vendor.billed(), runs(&session)), (5, 5), "{}", session.said());
    let ended = session.interrupt().wait().code(130);
    assert!(!ended.stderr().contains("mistake"), "nobody sees a file that is half saved: {}", ended.stderr());
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn a_burst_of_saves_is_one_run_and_the_newest_wording_wins() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let session = watch(&project, "");
    eventually("the first picture", || runs(&session) == 1);
    for number in 0..12 {
        project.write("images.toml", manifest_with(&project, &format!("wording {number}")));
        sleep(Duration::from_millis(5));
    }
    eventually("the last wording", || vendor.billed_for("wording 11") == 1);
    sleep(STILL);
    assert!(vendor.billed() <= 3, "{:?}", vendor.prompts());
    session.interrupt().wait().code(130);
    assert!(entry(&project, "hero").contains("wording 11"));
    is_settled(&project);
}

#[test]
fn a_change_while_its_picture_is_made_keeps_both_and_the_newest_wins() {
    let vendor = Vendor::openai().latency(Duration::from_millis(700));
    let project = studio(&vendor, HERO);
    let session = watch(&project, "");
    vendor.wait_for_requests(1);
    project.write("images.toml", manifest_with(&project, "a blue panda"));
    vendor.wait_for_requests(2);
    eventually("the newest", || project.exists("images.lock") && entry(&project, "hero").contains("a blue panda"));
    session.interrupt().wait().code(130);
    is_settled(&project);
    // What was paid for and outrun is a take in the cache.
    project.write("images.toml", manifest_with(&project, "a red panda"));
    project.run("sync").success().stdout_has("restored 1");
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn a_broken_manifest_shows_its_mistake_once_and_waits() {
    let project = free(HERO);
    let session = project.spawn("watch").wait_for("watching");
    let good = project.read_text("images.toml");
    project.write("images.toml", good.replace("prompt", "promt"));
    let session = session.wait_for("did you mean `prompt`?");
    // Touched, it is the same mistake; another one is another.
    project.write("images.toml", good.replace("prompt", "promt"));
    project.write("images.toml", format!("{good}\n[[oops"));
    let session = session.wait_for("this is not TOML");
    let before = project.read("assets/hero.png");
    project.write("images.toml", good.replace("a red panda", "a mended panda"));
    eventually("mended", || project.read("assets/hero.png") != before);
    let ended = session.interrupt().wait().code(130);
    assert_eq!(ended.stderr().matches("did you mean").count(), 1, "{}", ended.stderr());
    is_settled(&project);
}

#[test]
fn what_does_not_change_the_content_wakes_nobody() {
    let vendor = Vendor::openai();
    let project =
        studio(&vendor, &format!("{HERO}references = [\"art/r.png\"]\n")).file("art/r.png", png(8, 8, [1, 2, 3, 255]));
    let session = watch(&project, "");
    eventually("the first picture", || runs(&session) == 1);
    let manifest = project.read_text("images.toml");
    project.write("images.toml", &manifest);
    project.write("art/r.png", png(8, 8, [1, 2, 3, 255]));
    project.write("notes.txt", "nobody reads this").write("art/other.png", "nor this");
    project.remove("assets/hero.png");
    sleep(STILL);
    assert_eq!((vendor.billed(), runs(&session)), (1, 1), "own writes, touches and strangers");
    session.interrupt().wait().code(130);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn everything_that_was_read_is_watched() {
    let project = Sandbox::new().manifest(
        "include = [\"more/*.toml\"]\n\n[data]\nlook = \"data/look.toml\"\n\n[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n\
         [assets.hero]\nprompt_file = \"prompts/hero.md\"\nreferences = [\"art/r.png\"]\n\n\
         [assets.\"cards/{{ slug }}\"]\nprompt = \"{{ title }} {{ data.look.style }}\"\nrows = \"data/cards.csv\"\n\n\
         [assets.badge]\nsource = \"art/b.png\"\n",
    );
    project.file("prompts/hero.md", "a panda").file("art/r.png", png(8, 8, [1, 2, 3, 255]));
    project.file("data/cards.csv", "slug,title\nknight,A knight\n").file("data/look.toml", "style = \"dark\"\n");
    project.file("art/b.png", png(8, 8, [9, 9, 9, 255])).file("more/a.toml", "[assets.extra]\nprompt = \"x\"\n");
    let session = watch(&project, "");
    eventually("all of it", || runs(&session) == 1);
    let changes: [(&str, Vec<u8>, &str); 6] = [
        ("prompts/hero.md", b"a large panda".to_vec(), "hero"),
        ("art/r.png", png(8, 8, [3, 2, 1, 255]), "hero"),
        ("data/cards.csv", b"slug,title\nknight,A black knight\n".to_vec(), "cards/knight"),
        ("data/look.toml", b"style = \"light\"\n".to_vec(), "cards/knight"),
        ("art/b.png", png(8, 8, [8, 8, 8, 255]), "badge"),
        ("more/b.toml", b"[assets.another]\nprompt = \"y\"\n".to_vec(), "another"),
    ];
    for (count, (path, bytes, asset)) in changes.iter().enumerate() {
        let before = project.lockfile();
        project.write(path, bytes);
        eventually(path, || runs(&session) == count + 2);
        let after = project.lockfile();
        assert_ne!(before, after, "{path}");
        assert!(after.contains(&format!("name = \"{asset}\"")), "{path}");
    }
    session.interrupt().wait().code(130);
    is_settled(&project);
}

#[test]
fn a_key_that_comes_is_used() {
    let vendor = Vendor::aisa();
    let asset = "[assets.hero]\nprompt = \"a red panda\"\nmodel = \"seedream-4.5\"\nsize = \"2048x2048\"\n";
    let project = Sandbox::new().manifest_for(&vendor, asset).without_env("AISA_API_KEY");
    let session = project.spawn("watch").wait_for("no key is set");
    project.write(".env", format!("AISA_API_KEY={KEY}\n"));
    eventually("the picture", || vendor.billed() == 1);
    let ended = session.wait_for("made 1").interrupt().wait().code(130);
    assert!(!ended.stdout().contains(KEY) && !ended.stderr().contains(KEY));
}

#[test]
fn the_budget_is_the_sessions() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let session = project.spawn("watch --max-cost 0.05").wait_for("watching");
    for number in 0..2 {
        project.write("images.toml", manifest_with(&project, &format!("wording {number}")));
        if number == 0 {
            eventually("the second picture", || vendor.billed_for("wording 0") == 1);
        }
    }
    let session = session.wait_for("at most $0.05 is allowed in a session, which has spent $0.04");
    sleep(STILL);
    assert_eq!(vendor.billed(), 2);
    // Free work goes on.
    let cheap = project.read_text("images.toml").replace("wording 1", "a red panda");
    project.write("images.toml", cheap);
    eventually("the first one again", || entry(&project, "hero").contains("a red panda"));
    session.interrupt().wait().code(130).stderr_has("this session: 2 images, $0.04");
    project.check_invariants(&vendor);
}

#[test]
fn images_are_counted_through_the_session() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let session = project.spawn("watch --max-images 2").wait_for("watching");
    project.write("images.toml", manifest_with(&project, "a second one"));
    eventually("the second picture", || vendor.billed() == 2);
    eventually("locked", || entry(&project, "hero").contains("a second one"));
    project.write("images.toml", manifest_with(&project, "a third one"));
    let session = session.wait_for("at most 2 are allowed in a session, which has spent 2");
    session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn what_is_not_begun_when_it_changes_is_never_asked_for() {
    let vendor = Vendor::openai().latency(Duration::from_millis(600));
    let project = studio(&vendor, &format!("{HERO}\n[assets.second]\nprompt = \"an old wording\"\n"));
    let session = watch(&project, "--jobs 1");
    vendor.wait_for_requests(1);
    project.edit("an old wording", "a new wording");
    eventually("the new one", || vendor.billed_for("a new wording") == 1);
    eventually("locked", || project.exists("images.lock") && project.lockfile().contains("a new wording"));
    session.interrupt().wait().code(130);
    assert_eq!((vendor.billed_for("an old wording"), vendor.billed()), (0, 2));
    is_settled(&project);
}

#[test]
fn what_needs_consent_waits_for_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n[budget]\nconfirm_above_usd = 0.03\n"));
    let session = project.spawn("watch").wait_for("watching");
    assert_eq!(vendor.billed(), 1, "two cents are nothing to ask about");
    project.write("images.toml", manifest_with(&project, "a second one"));
    let session = session.wait_for("consent is needed");
    sleep(STILL);
    assert_eq!(vendor.billed(), 1, "two more are: nobody was asked about the first two");
    session.interrupt().wait().code(130);
    let project = project.env("CI", "1");
    project.spawn("watch").wait_for("--yes").interrupt().wait().code(130);
    project.spawn("watch --yes").wait_for("made 1").interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn a_lockfile_that_comes_in_is_not_paid_for() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let session = watch(&project, "");
    eventually("the first picture", || runs(&session) == 1);
    let locked = project.lockfile();
    project.write("images.lock", locked.replace("a red panda", "a green panda"));
    sleep(STILL);
    assert_eq!((vendor.billed(), runs(&session)), (1, 1));
    session.interrupt().wait().code(130);
}

#[test]
fn drafts_are_made_while_somebody_tries() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n[draft]\nmodel = \"placeholder\"\n"));
    let session = watch(&project, "--draft");
    eventually("a draft", || runs(&session) == 1);
    project.write("images.toml", manifest_with(&project, "a blue panda"));
    eventually("another", || runs(&session) == 2);
    assert!(entry(&project, "hero").contains("kind = \"draft\"") && entry(&project, "hero").contains("blue"));
    session.interrupt().wait().code(130);
    assert_eq!(vendor.requests().len(), 0);
    free(HERO).run("watch --draft").code(2).stderr_has("has no [draft]");
}

#[test]
fn ctrl_c_finishes_what_is_paid_for() {
    let vendor = Vendor::openai().latency(Duration::from_millis(500));
    let project = studio(&vendor, HERO);
    let session = project.spawn("watch");
    vendor.wait_for_requests(1);
    session.interrupt().wait().code(130).stderr_has("finishing what is paid for");
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}

#[test]
fn a_failure_waits_for_a_change() {
    let vendor = Vendor::openai();
    vendor.when("forbidden", Fault::moderation(&["violence"]));
    let project = studio(&vendor, &HERO.replace("a red panda", "a forbidden panda"));
    let session = project.spawn("watch").wait_for("refused").wait_for("watching");
    project.write("images.toml", manifest_with(&project, "a friendly panda"));
    let session = session.wait_for("made 1");
    session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}

#[test]
fn where_there_is_nothing_to_watch_it_ends() {
    let empty = Sandbox::new();
    empty.run("watch").code(2).stderr_has("there is no images.toml");
    empty.run("watch --manifest-path nowhere.toml").code(2).stderr_has("nowhere.toml");
    empty.run("gallery --no-open --manifest-path nowhere.toml").code(2).stderr_has("nowhere.toml");
}

#[test]
fn where_the_file_system_does_not_tell_it_looks_by_itself() {
    let project = free(HERO);
    let session = project.spawn("watch --poll").wait_for("looking twice a second at");
    let before = project.read("assets/hero.png");
    project.write("images.toml", manifest_with(&project, "another panda"));
    eventually("it is seen", || project.read("assets/hero.png") != before);
    session.interrupt().wait().code(130);
}

/// Ended with the test, however that ends.
#[cfg(target_os = "linux")]
struct Terminal(std::process::Child);

#[cfg(target_os = "linux")]
impl Drop for Terminal {
    fn drop(&mut self) {
        let _already_ended = self.0.kill();
    }
}

/// A session on a terminal, of which each key is pressed.
#[cfg(target_os = "linux")]
#[test]
fn keys_generate_roll_undo_and_quit() {
    use std::io::{Read, Write};
    use std::process::Stdio;
    use std::sync::{Arc, Mutex};

    let vendor = Vendor::openai();
    let assets = format!("{HERO}\n[budget]\nconfirm_above_usd = 0.01\n\n[draft]\nmodel = \"placeholder\"\n");
    let project = studio(&vendor, &assets);
    // The program that makes typescripts gives what it runs a terminal.
    let child = project
        .command("script")
        .args(["-qfec", &format!("{} watch", env!("CARGO_BIN_EXE_tintype")), "/dev/null"])
        .env("TERM", "dumb")
        .current_dir(project.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut terminal = Terminal(child);
    let said: Arc<Mutex<String>> = Arc::default();
    let (heard, mut output) = (Arc::clone(&said), terminal.0.stdout.take().expect("piped"));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            heard.lock().expect("nobody panics").push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    let mut keys = terminal.0.stdin.take().expect("piped");
    let mut press = |key: &str| keys.write_all(key.as_bytes()).and_then(|()| keys.flush()).expect("a key");
    let wait = |text: &str| eventually(text, || said.lock().expect("nobody panics").contains(text));
    wait("press g to agree");
    assert_eq!(vendor.billed(), 0);
    press("d");
    wait("free");
    eventually("a draft", || project.exists("assets/hero.png"));
    press("g");
    wait("$0.02");
    press("g");
    eventually("the finished one", || vendor.billed() == 1);
    wait("made 1; 1 image, $0.02");
    let first = project.read("assets/hero.png");
    press("r");
    eventually("asked about", || said.lock().expect("nobody panics").matches("press g to agree").count() >= 2);
    press("g");
    eventually("rolled", || vendor.billed() == 2 && project.read("assets/hero.png") != first);
    eventually("locked", || entry(&project, "hero").matches("[[asset.takes]]").count() == 2);
    press("u");
    eventually("taken back", || project.read("assets/hero.png") == first);
    press("u");
    wait("no choice to take back");
    press("?");
    wait("q quit");
    press("q");
    let status = terminal.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", said.lock().expect("nobody panics"));
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}
