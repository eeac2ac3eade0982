//! The gallery's server: what it tells, what it does, and all that it doesn't do for anybody else. The page itself is tried in a
//! browser.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::projects::{entry, free, is_settled, studio, studio_manifest};
use crate::sandbox::{Running, Sandbox, png};
use crate::vendor::{Fault, KEY, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
const SOON: Duration = Duration::from_secs(20);

/// A page that is served.
struct Page {
    session: Running,
    host: String,
    /// `/t-…/`
    base: String,
}

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Page {
    #[track_caller]
    fn serve(project: &Sandbox, arguments: &str) -> Page {
        let session = project.spawn(arguments).wait_for("Ctrl-C ends it");
        let said = session.said();
        let address = said.lines().find_map(|line| line.strip_prefix("http://")).expect("an address");
        let (host, base) = address.split_once('/').expect("a path");
        Page { host: host.to_string(), base: format!("/{base}"), session }
    }

    /// Any request, byte for byte as it is written here.
    #[track_caller]
    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("answered");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).replace('\r', "");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = bytes[end + 4..].to_vec();
        Answer { status, head, body }
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if headers.iter().all(|(name, _)| *name != "host") {
            let _ = write!(request, "host: {}\r\n", self.host);
        }
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        self.send(&format!("{request}content-length: {}\r\n\r\n{body}", body.len()))
    }

    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", &format!("{}{path}", self.base), &[], "")
    }

    #[track_caller]
    fn document(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    #[track_caller]
    fn post(&self, body: &Value) -> Answer {
        let origin = format!("http://{}", self.host);
        let headers = [("origin", origin.as_str()), ("content-type", "application/json")];
        self.ask("POST", &format!("{}do", self.base), &headers, &body.to_string())
    }

    fn row(&self, name: &str) -> Value {
        let state = self.document("state");
        state["assets"].as_array().into_iter().flatten().find(|row| row["name"] == name).cloned().unwrap_or_default()
    }

    #[track_caller]
    fn eventually(&self, what: &str, is_so: impl Fn(&Page) -> bool) {
        let deadline = Instant::now() + SOON;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it never came to this: {what}\n{:#}", self.document("state"));
            sleep(Duration::from_millis(15));
        }
    }
}

#[test]
fn it_tells_where_everything_stands() {
    let vendor = Vendor::openai();
    let project = studio(
        &vendor,
        &format!(
            "{HERO}style = \"gouache\"\nn = 2\n\n[styles.gouache]\nprompt = \"{{{{ prompt }}}}, flat gouache\"\n\n\
             [assets.poster]\nprompt = \"a poster\"\nreferences = [\"asset:hero\"]\n\n[assets.badge]\nsource = \"art/b.png\"\n"
        ),
    );
    project.file("art/b.png", png(8, 8, [1, 2, 3, 255])).run("sync hero badge").success();
    let page = Page::serve(&project, "gallery --no-open");
    let state = page.document("state");
    assert_eq!(state["pending"], json!({ "images": 1, "cost_usd": 0.02, "names": 1 }));
    assert_eq!((&state["automatic"], &state["budget"]["max_images"]), (&json!(false), &json!(100)));
    let states: Vec<(&str, &str)> = state["assets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["name"].as_str()?, row["state"].as_str()?)))
        .collect();
    assert_eq!(states, [("badge", "fresh"), ("hero", "fresh"), ("poster", "pending")]);
    let hero = page.document("asset?name=hero");
    assert_eq!(
        hero["prompt_parts"],
        json!([{"text": "a red panda", "from": null}, {"text": ", flat gouache", "from": "gouache"}])
    );
    assert_eq!((&hero["reroll"]["cost_usd"], hero["takes"].as_array().map(Vec::len)), (&json!(0.02), Some(2)));
    let other = hero["takes"].as_array().into_iter().flatten().find(|take| take["chosen"] == false).expect("another");
    // Pictures: what is shown is what lies there.
    let output = page.get(hero["outputs"][0]["url"].as_str().expect("an address"));
    assert_eq!((output.status, output.header("content-type")), (200, Some("image/png")));
    assert_eq!(output.body, project.read("assets/hero.png"));
    for picture in [&other["url"], &other["thumb"], &page.row("badge")["thumb"]] {
        let answer = page.get(picture.as_str().expect("an address"));
        assert_eq!(answer.status, 200, "{picture}");
        assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    }
    let followers = page.document(&format!("followers?name=hero&take={}", other["number"]));
    assert_eq!(followers, json!({ "followers": [{ "name": "poster", "cost_usd": 0.02 }] }));
    // Asked again, nothing is sent twice.
    let etag = output.header("etag").expect("a tag").to_string();
    let again = page.ask(
        "GET",
        &format!("{}{}", page.base, hero["outputs"][0]["url"].as_str().unwrap()),
        &[("if-none-match", &etag)],
        "",
    );
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(page.get("asset?name=nobody").status, 404);
    page.session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn only_the_page_of_this_run_is_answered() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let page = Page::serve(&project, "gallery --no-open");
    let state = format!("{}state", page.base);
    let port = page.host.rsplit(':').next().unwrap_or_default().to_string();
    let refused = |headers: &[(&str, &str)], path: &str| page.ask("GET", path, headers, "").status == 403;
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "[::1]"] {
        assert!(refused(&[("host", host)], &state), "{host}");
    }
    assert!(refused(&[("origin", "http://evil.example")], &state) && refused(&[("origin", "null")], &state));
    assert!(refused(&[("sec-fetch-site", "cross-site")], &state));
    let wrong = format!("/t-{}/state", "0".repeat(32));
    for path in ["/", "/state", "//state", wrong.as_str(), &state.replace("/t-", "/T-"), &format!("/x{state}")] {
        assert!(refused(&[], path), "{path}");
    }
    // Nothing is done for a request that the page can't have sent.
    let body = json!({ "action": "reroll", "names": ["hero"], "cost_usd": 0.02, "images": 1 }).to_string();
    let path = format!("{}do", page.base);
    let own = format!("http://{}", page.host);
    let json = ("content-type", "application/json");
    for headers in [
        vec![json],
        vec![("origin", own.as_str())],
        vec![("origin", own.as_str()), ("content-type", "text/plain")],
        vec![("origin", "http://evil.example"), json],
        vec![("origin", own.as_str()), json, ("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(page.ask("POST", &path, &headers, &body).status, 403, "{headers:?}");
    }
    assert_eq!(page.ask("OPTIONS", &path, &[("origin", "http://evil.example")], "").status, 403);
    let own_state = page.get("state");
    assert!(own_state.header("access-control-allow-origin").is_none());
    for answer in [own_state, page.get(""), page.get("app.js"), page.ask("GET", "/", &[], "")] {
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
    page.session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn nothing_but_the_projects_pictures_is_given_away() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}references = [\"art/r.png\"]\n"));
    project.file("art/r.png", png(8, 8, [1, 2, 3, 255])).file("art/other.png", png(8, 8, [4, 4, 4, 255]));
    project.file(".env", format!("STUDIO_KEY={KEY}\n")).run("sync").success();
    // Another project's take, in the same cache.
    let other =
        project.sibling("other").manifest(&studio_manifest(&vendor, "[assets.secret]\nprompt = \"a secret\"\n"));
    other.run("sync").success();
    let foreign =
        entry(&other, "secret").lines().find_map(|line| line.strip_prefix("chosen = ")).unwrap().replace('"', "");
    let page = Page::serve(&project, "gallery --no-open");
    for path in [
        "output/x/images.toml",
        "output/x/.env",
        "output/x/../../images.toml",
        "output/x/%2e%2e/%2e%2e/etc/passwd",
        "output/x/..%2f..%2fetc%2fpasswd",
        "output/x//etc/passwd",
        "output/x/art/other.png",
        "output/x/assets/hero.png%00.png",
        "reference/art/other.png",
        "reference/.env",
        "reference/../images.lock",
        "thumb/x/nobody",
        "thumb/x/../hero",
        &format!("original/{foreign}"),
        &format!("take/{foreign}"),
        "original/b3:00",
        "original/../../images.toml",
        "images.toml",
        "page/app.js",
        "..%2fapp.js",
    ] {
        let answer = page.get(path);
        assert!([400, 403, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    assert_eq!([page.get("reference/art/r.png").status, page.get("output/x/assets/hero.png").status], [200, 200]);
    // A file that took a picture's place is none.
    project.write("assets/hero.png", "<script>alert(1)</script>");
    assert_eq!(page.get("output/x/assets/hero.png").status, 404);
    for path in ["state", "asset?name=hero", "", "app.js"] {
        assert!(!String::from_utf8_lossy(&page.get(path).body).contains(KEY), "{path}");
    }
    page.session.interrupt().wait().code(130);
}

#[test]
fn buttons_spend_what_stands_on_them_and_no_more() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n[budget]\nmax_cost_usd = 0.05\nconfirm_above_usd = 0.0\n"));
    let page = Page::serve(&project, "gallery --no-open");
    assert_eq!(page.row("hero")["state"], "pending");
    assert_eq!(vendor.billed(), 0, "nothing happens by itself");
    let ask = |action: &str, cost: f64| {
        page.post(&json!({"action": action, "names": ["hero"], "cost_usd": cost, "images": 1}))
    };
    assert_eq!(ask("generate", 0.01).status, 202, "it was another price a moment ago");
    sleep(Duration::from_millis(600));
    assert_eq!(vendor.billed(), 0);
    assert_eq!(ask("generate", 0.02).status, 202);
    page.eventually("made", |page| page.row("hero")["state"] == "fresh");
    assert_eq!(ask("reroll", 0.02).status, 202);
    page.eventually("rolled", |page| page.row("hero")["takes"] == 2);
    assert_eq!(page.document("state")["budget"]["spent_usd"], 0.04);
    assert_eq!(ask("reroll", 0.02).status, 202);
    sleep(Duration::from_millis(600));
    assert_eq!((vendor.billed(), &page.row("hero")["takes"]), (2, &json!(2)), "six cents would pass the budget");
    // Free ones say at once how they went.
    let takes = page.document("asset?name=hero")["takes"].clone();
    let other = takes.as_array().into_iter().flatten().find(|take| take["chosen"] == false).unwrap()["hash"].clone();
    let before = project.read("assets/hero.png");
    for _ in 0..8 {
        let pick = page.post(&json!({"action": "pick", "names": ["hero"], "take": other}));
        assert_eq!(pick.status, 200);
        assert_ne!(project.read("assets/hero.png"), before);
        // What was just chosen is what is taken back, however fast the second click is.
        assert_eq!(page.post(&json!({"action": "undo", "names": ["hero"]})).status, 200);
        assert_eq!(project.read("assets/hero.png"), before);
    }
    assert_eq!(page.document("state")["can_undo"]["name"], "hero");
    let wrong = page.post(&json!({"action": "pick", "names": ["hero"], "take": "99"}));
    assert_eq!((wrong.status, &wrong.json()["error"]["code"]), (409, &json!("no-take")));
    for bad in [
        json!({}),
        json!({"action": "delete"}),
        json!({"action": "reroll", "names": []}),
        json!({"action": "reroll", "names": ["x"]}),
    ] {
        assert_eq!(page.post(&bad).status, 400, "{bad}");
    }
    page.session.interrupt().wait().code(130);
    is_settled(&project);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn a_price_counts_what_has_to_be_made_first_and_what_was_refused_has_none() {
    let vendor = Vendor::openai();
    vendor.when("forbidden", Fault::moderation(&["violence"]));
    let project = studio(
        &vendor,
        &format!(
            "{HERO}\n[assets.poster]\nprompt = \"a poster\"\nreferences = [\"asset:hero\"]\n\n[assets.villain]\nprompt = \"forbidden\"\n"
        ),
    );
    let page = Page::serve(&project, "gallery --no-open");
    assert_eq!(page.document("asset?name=poster")["generate"], json!({"cost_usd": 0.04, "images": 2, "why_not": null}));
    let ask = |name: &str, cost: f64, images: u32| {
        page.post(&json!({"action": "generate", "names": [name], "cost_usd": cost, "images": images})).status
    };
    assert_eq!(ask("poster", 0.04, 2), 202);
    page.eventually("both", |page| page.row("poster")["state"] == "fresh" && page.row("hero")["state"] == "fresh");
    assert_eq!(ask("villain", 0.02, 1), 202);
    page.eventually("refused", |page| page.row("villain")["state"] == "failed");
    let villain = page.document("asset?name=villain");
    assert!(villain["generate"].is_null(), "{villain:#}");
    assert!(villain["reroll"]["why_not"].as_str().is_some_and(|why| why.contains("refused")));
    page.session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn edits_are_adopted_and_changed_recipes_accepted() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let page = Page::serve(&project, "gallery --no-open");
    let edited = png(64, 64, [200, 10, 10, 255]);
    project.write("assets/hero.png", &edited);
    project.edit("a red panda", "a very red panda");
    page.eventually("blocked", |page| page.row("hero")["state"] == "blocked");
    assert_eq!(page.document("asset?name=hero")["adopt"], "assets/hero.png");
    assert_eq!(page.post(&json!({"action": "adopt", "names": ["hero"]})).status, 200);
    page.eventually("fresh", |page| page.row("hero")["state"] == "fresh");
    assert_eq!(project.read("assets/hero.png"), edited);
    project.edit("a very red panda", "a quite red panda");
    page.eventually("pending", |page| page.row("hero")["state"] == "pending");
    let hero = page.document("asset?name=hero");
    assert_eq!(hero["accept"], true);
    assert_eq!(hero["prompt_change"][1], json!({"kind": "removed", "text": "very"}));
    assert_eq!(page.post(&json!({"action": "accept", "names": ["hero"]})).status, 200);
    page.eventually("fresh again", |page| page.row("hero")["state"] == "fresh");
    page.session.interrupt().wait().code(130);
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn changes_are_told_as_they_happen() {
    let project = free(HERO);
    let page = Page::serve(&project, "watch --gallery --no-open");
    let mut stream = TcpStream::connect(&page.host).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    write!(stream, "GET {}events HTTP/1.1\r\nhost: {}\r\n\r\n", page.base, page.host).expect("sent");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.next().is_some_and(|line| line.contains("200")));
    assert!(lines.by_ref().take_while(|line| !line.is_empty()).any(|line| line.contains("text/event-stream")));
    let revision = page.document("state")["revision"].as_u64().expect("a number");
    let thumb = page.row("hero")["thumb"].clone();
    project.edit("a red panda", "a blue panda");
    let mut last = revision;
    for line in lines {
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let told: Value = serde_json::from_str(data).expect("a document");
        let Some(revision) = told["revision"].as_u64() else { continue };
        // The stream was opened before the page was read.
        if revision <= last {
            continue;
        }
        assert_eq!(revision, last + 1, "none is left out");
        last = revision;
        let row = told["assets"].as_array().into_iter().flatten().find(|row| row["name"] == "hero");
        if row.is_some_and(|row| row["state"] == "fresh" && row["thumb"] != thumb) {
            break;
        }
    }
    assert!(page.row("hero")["prompt"].as_str().is_some_and(|prompt| prompt.contains("blue")));
    // A mistake is shown, and gone once it is mended.
    project.edit("prompt =", "promt =");
    page.eventually("a mistake", |page| {
        page.document("state")["message"]["text"].to_string().contains("did you mean `prompt`?")
    });
    project.edit("promt =", "prompt =");
    page.eventually("mended", |page| page.document("state")["message"].is_null());
    page.session.interrupt().wait().code(130);
}

#[test]
fn after_an_edit_of_one_asset_all_the_others_are_still_shown() {
    let project = free(&format!("{HERO}\n[assets.second]\nprompt = \"a moon\"\n"));
    project.run("sync").success();
    project.run("sync").success();
    let page = Page::serve(&project, "watch --gallery --no-open");
    let take = page.document("asset?name=second")["takes"][0]["url"].as_str().expect("an address").to_string();
    let thumb = page.row("hero")["thumb"].clone();
    project.edit("a red panda", "a blue panda");
    page.eventually("made", |page| page.row("hero")["thumb"] != thumb && page.row("hero")["state"] == "fresh");
    assert_eq!([page.get(&take).status, page.get("output/x/assets/second.png").status], [200, 200]);
    assert_eq!(page.document("asset?name=second")["state"], "fresh");
    page.session.interrupt().wait().code(130);
}

#[test]
fn stand_ins_drafts_and_blocked_files_are_called_so() {
    let vendor = Vendor::aisa();
    let assets = "[draft]\nmodel = \"placeholder\"\n\n[defaults]\nmodel = \"seedream-4.5\"\nsize = \"2048x2048\"\n\n\
                  [assets.a]\nprompt = \"x\"\n\n[assets.b]\nprompt = \"y\"\n";
    let project = Sandbox::new().manifest_for(&vendor, assets).without_env("AISA_API_KEY");
    project.run("sync a --draft").success();
    let page = Page::serve(&project, "watch --gallery --no-open --placeholders");
    page.eventually("a stand-in", |page| page.row("b")["state"] == "placeholder");
    assert!(page.row("b")["thumb"].is_string());
    let draft = page.document("asset?name=b");
    assert_eq!(draft["draft"]["cost_usd"], 0.0);
    assert!(draft["reroll"]["why_not"].as_str().is_some_and(|why| why.contains("AISA_API_KEY")));
    assert_eq!(page.row("a")["state"], "draft", "a draft needs no stand-in");
    page.session.interrupt().wait().code(130);
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn an_export_is_a_page_of_files_that_gives_nothing_else_away() {
    let project = free("[assets.hero]\nprompt = \"</script><b>x\"\nn = 2\ntags = [\"landing\"]\n");
    project.run("sync").success();
    let out = project.path("page");
    let export = format!("gallery --export {}", out.display());
    project.run(&export).success().stdout_has("1 asset on ").stdout_has("index.html");
    let data = project.read_text("page/data.js");
    assert!(!data.contains("</script>") && data.contains("\\u003c/script>"), "{data}");
    assert!(!data.contains(project.root().to_str().unwrap()), "no path of this machine");
    let data: Value =
        serde_json::from_str(data.trim_start_matches("window.TINTYPE_STATIC = ").trim_end().trim_end_matches(';'))
            .unwrap();
    let hero = &data["details"]["hero"];
    for url in [&data["state"]["assets"][0]["thumb"], &hero["takes"][1]["url"], &hero["outputs"][0]["url"]] {
        project.has(&format!("page/{}", url.as_str().expect("a file")));
    }
    assert!(project.read_text("page/index.html").contains("data.js"));
    // Once more over itself; never over anything else.
    project.run(&export).success();
    project.run("gallery --export art").success();
    project.file("precious/index.html", "mine").run("gallery --export precious").code(2).stderr_has("isn't empty");
    assert_eq!(project.read_text("precious/index.html"), "mine");
    project.run("gallery --export .").code(2);
}

#[test]
fn a_port_that_is_taken_says_so() {
    let project = free(HERO);
    let page = Page::serve(&project, "gallery --no-open");
    let port = page.host.rsplit(':').next().unwrap_or_default();
    project.run(&format!("gallery --no-open --port {port}")).code(1).stderr_has("can't be had").stderr_has("--port");
    page.session.interrupt().wait().code(130);
    project.run("gallery --format json --no-open").code(2).stderr_has("no answer for programs");
}
