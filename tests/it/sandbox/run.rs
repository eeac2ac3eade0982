//! One run of `tintype`: while it lasts, and what came of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Deref;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, Sandbox};

/// A run that is under way. Dropped, it is killed.
pub(crate) struct Running {
    sandbox: Sandbox,
    folder: String,
    arguments: String,
    child: Child,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
    started: Instant,
}

impl Running {
    #[track_caller]
    pub(super) fn start(sandbox: &Sandbox, folder: &str, arguments: &str) -> Running {
        let mut child = sandbox
            .command(env!("CARGO_BIN_EXE_tintype"))
            .args(words(arguments))
            .current_dir(sandbox.path(folder))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start tintype {arguments}: {error}"));
        let (sender, ended) = channel();
        let stdout = collect(child.stdout.take().expect("stdout is piped"), sender.clone());
        let stderr = collect(child.stderr.take().expect("stderr is piped"), sender);
        let (folder, arguments) = (folder.to_string(), arguments.to_string());
        Running { sandbox: sandbox.clone(), folder, arguments, child, stdout, stderr, ended, started: Instant::now() }
    }

    /// SIGKILL, and what came of it.
    #[track_caller]
    pub(crate) fn kill(mut self) -> Run {
        self.child.kill().expect("the process is ours to kill");
        self.wait()
    }

    /// Ctrl-C.
    #[track_caller]
    pub(crate) fn interrupt(self) -> Running {
        self.signal("INT")
    }

    /// Any signal, by its name without SIG.
    #[track_caller]
    pub(crate) fn signal(self, name: &str) -> Running {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} reaches process {process}");
        self
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Wait until one of the two outputs holds this text.
    #[track_caller]
    pub(crate) fn wait_for(self, text: &str) -> Running {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let outputs = self.said();
            if outputs.contains(text) {
                return self;
            }
            assert!(Instant::now() < deadline, "waited for `{text}` in:\n{outputs}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has said so far: stdout, then stderr.
    pub(crate) fn said(&self) -> String {
        text_of(&self.stdout) + &text_of(&self.stderr)
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Wait for the end. A run that hangs is killed, and fails the test.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        for _output in ["stdout", "stderr"] {
            if self.ended.recv_timeout(PATIENCE).is_err() {
                let _already_ended = self.child.kill();
                panic!("tintype {} hangs\n{}{}", self.arguments, text_of(&self.stdout), text_of(&self.stderr));
            }
        }
        let status = self.child.wait().expect("the process is ours to wait for");
        let took = self.started.elapsed();
        let (stdout, stderr) = (text_of(&self.stdout), text_of(&self.stderr));
        self.sandbox.transcript().push(format!("tintype {}\n{stdout}\n{stderr}", self.arguments));
        let (folder, arguments) = (self.folder.clone(), self.arguments.clone());
        Run { sandbox: self.sandbox.clone(), folder, arguments, status, stdout, stderr, took }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_waited = self.child.wait();
    }
}

/// A run that is over. It stands for its sandbox, so that the story goes on from here.
#[derive(Clone)]
pub(crate) struct Run {
    sandbox: Sandbox,
    folder: String,
    arguments: String,
    status: ExitStatus,
    stdout: String,
    stderr: String,
    took: Duration,
}

impl Deref for Run {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Run {
        assert!(self.status.code() == Some(code), "exit code {code} was expected\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn success(self) -> Run {
        self.code(0)
    }

    /// It ended by a signal instead of by itself.
    #[track_caller]
    pub(crate) fn killed(self) -> Run {
        assert!(self.status.code().is_none(), "it ended before it was killed\n{}", self.story());
        self
    }

    pub(crate) fn status(&self) -> ExitStatus {
        self.status
    }

    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    pub(crate) fn stderr(&self) -> &str {
        &self.stderr
    }

    #[track_caller]
    pub(crate) fn stdout_is(self, text: &str) -> Run {
        assert!(self.stdout == text, "stdout isn't `{text}`\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, text: &str) -> Run {
        assert!(self.stdout.contains(text), "stdout lacks `{text}`\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn stdout_lacks(self, text: &str) -> Run {
        assert!(!self.stdout.contains(text), "stdout has `{text}`\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn stderr_is(self, text: &str) -> Run {
        assert!(self.stderr == text, "stderr isn't `{text}`\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, text: &str) -> Run {
        assert!(self.stderr.contains(text), "stderr lacks `{text}`\n{}", self.story());
        self
    }

    #[track_caller]
    pub(crate) fn stderr_lacks(self, text: &str) -> Run {
        assert!(!self.stderr.contains(text), "stderr has `{text}`\n{}", self.story());
        self
    }

    /// The same command once more.
    #[track_caller]
    pub(crate) fn again(&self) -> Run {
        self.sandbox.run_in(&self.folder, &self.arguments)
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON document: {error}\n{}", self.story()))
    }

    /// Look into the JSON on stdout, and go on.
    #[track_caller]
    pub(crate) fn json(self, look: impl FnOnce(&Value)) -> Run {
        look(&self.value());
        self
    }

    /// The diagnostics that a failed run with `--format json` leaves on stderr.
    #[track_caller]
    pub(crate) fn diagnostics(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("stderr is no JSON document: {error}\n{}", self.story()));
        document["diagnostics"].as_array().cloned().unwrap_or_else(|| panic!("no diagnostics\n{}", self.story()))
    }

    #[track_caller]
    pub(crate) fn assets(&self) -> Vec<Value> {
        let document = self.value();
        document["assets"].as_array().cloned().unwrap_or_else(|| panic!("no list of assets\n{}", self.story()))
    }

    #[track_caller]
    pub(crate) fn asset(&self, name: &str) -> Value {
        let asset = self.assets().into_iter().find(|asset| asset["name"] == name);
        asset.unwrap_or_else(|| panic!("no asset `{name}`\n{}", self.story()))
    }

    /// Name to action.
    #[track_caller]
    pub(crate) fn actions(&self) -> BTreeMap<String, String> {
        self.column("action")
    }

    /// Name to result, for those that have one.
    #[track_caller]
    pub(crate) fn results(&self) -> BTreeMap<String, String> {
        self.column("result")
    }

    #[track_caller]
    fn column(&self, key: &str) -> BTreeMap<String, String> {
        let cell = |asset: &Value| Some((asset["name"].as_str()?.to_string(), asset[key].as_str()?.to_string()));
        self.assets().iter().filter_map(cell).collect()
    }

    /// The codes of an asset's reasons, in their order.
    #[track_caller]
    pub(crate) fn reasons(&self, name: &str) -> Vec<String> {
        codes(&self.asset(name)["reasons"])
    }

    /// The codes of an asset's warnings, in their order.
    #[track_caller]
    pub(crate) fn warnings(&self, name: &str) -> Vec<String> {
        codes(&self.asset(name)["warnings"])
    }

    #[track_caller]
    pub(crate) fn totals(&self) -> Value {
        self.value()["totals"].clone()
    }

    /// The handle without the run.
    pub(crate) fn sandbox(&self) -> Sandbox {
        self.sandbox.clone()
    }

    fn story(&self) -> String {
        let Run { arguments, status, stdout, stderr, .. } = self;
        format!("$ tintype {arguments}\n{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

fn codes(list: &Value) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| Some(entry["code"].as_str()?.to_string())).collect()
}

/// Read an output to its end on a thread of its own.
fn collect(mut output: impl Read + Send + 'static, ended: Sender<()>) -> Arc<Mutex<Vec<u8>>> {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&collected);
    std::thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(length @ 1..) = output.read(&mut piece) {
            shared.lock().unwrap_or_else(PoisonError::into_inner).extend(&piece[..length]);
        }
        let _nobody_waits = ended.send(());
    });
    collected
}

fn text_of(collected: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&collected.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The words of a command line; quotes of either kind keep blanks together.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (character, quote) {
            (_, Some(open)) if character == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, None) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
