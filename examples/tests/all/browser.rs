//! A headless Chromium, told what to do over the pipe of its developer tools.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::server::PATIENCE;

/// Names one: a path, or a name that is on the PATH. Where it is set, it must be there.
const VARIABLE: &str = "READILY_CHROMIUM";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// It needs no screen, calls nobody, and leaves its user's own profile alone. Nothing but a page of
/// our own is opened, so it may do without a sandbox, which it cannot have everywhere.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--window-size=1280,900",
];

/// How many were opened by this process.
static OPENED: AtomicU32 = AtomicU32::new(0);

/// A running browser with one page. It is killed when it is dropped.
pub(crate) struct Browser {
    child: Child,
    profile: PathBuf,
    to: ChildStdin,
    from: Receiver<String>,
    calls: u32,
    page: String,
    /// What the page threw, and what the browser complained of.
    complaints: Vec<String>,
}

/// Where a browser is; none where this machine has none.
pub(crate) fn find() -> Option<OsString> {
    let runs = |name: &OsString| {
        let mut command = Command::new(name);
        let ran = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    match std::env::var_os(VARIABLE) {
        Some(named) => {
            assert!(runs(&named), "{VARIABLE} names {named:?}, which does not run");
            Some(named)
        }
        None => NAMES.map(OsString::from).into_iter().find(runs),
    }
}

/// Says that there is none, past the capture of the test harness: nobody should take this for a
/// look.
pub(crate) fn missing(what: &str) {
    let told = format!("\nNO BROWSER: {what}. Install chromium or name one in {VARIABLE}.\n");
    let _ = std::io::stderr().write_all(told.as_bytes());
}

impl Browser {
    /// Starts the browser that was found, on a page.
    pub(crate) fn open(browser: OsString, url: &str) -> Self {
        Browser::open_with(browser, &[], url)
    }

    /// The same with flags besides those of every test.
    pub(crate) fn open_with(browser: OsString, flags: &[&str], url: &str) -> Self {
        // Tests run side by side, some with more than one.
        let process = std::process::id();
        let nth = OPENED.fetch_add(1, Ordering::Relaxed);
        let name = format!("readily-test-{process}-browser-{nth}");
        let profile = std::env::temp_dir().join(name);
        // It reads what it is told from descriptor 3 and answers on 4.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#]);
        command.arg(browser).args(FLAGS).args(flags);
        command.arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let to = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let (send, from) = channel();
        thread::spawn(move || {
            for answer in answers.split(0).map_while(Result::ok) {
                if send.send(String::from_utf8_lossy(&answer).into_owned()).is_err() {
                    return;
                }
            }
        });
        let (page, complaints) = (String::new(), Vec::new());
        let mut browser = Browser { child, profile, to, from, calls: 0, page, complaints };
        browser.visit(url);
        browser
    }

    fn visit(&mut self, url: &str) {
        let answer = self.call("Target.createTarget", r#"{"url":"about:blank"}"#);
        let target = text_in(&answer, "targetId");
        let attach = format!(r#"{{"targetId":"{target}","flatten":true}}"#);
        let answer = self.call("Target.attachToTarget", &attach);
        self.page = text_in(&answer, "sessionId").to_owned();
        for method in ["Runtime.enable", "Log.enable", "Page.enable"] {
            self.call(method, "{}");
        }
        self.call("Page.navigate", &format!(r#"{{"url":"{url}"}}"#));
    }

    /// Runs a statement in the page.
    pub(crate) fn run(&mut self, statement: &str) -> &mut Self {
        self.evaluate(&format!("(async () => {{ {statement} }})()"));
        self
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub(crate) fn sees(&mut self, expression: &str) -> &mut Self {
        let patience = PATIENCE.as_millis();
        let answer = self.evaluate(&format!(
            "new Promise((done) => {{
                const end = performance.now() + {patience};
                const look = () => {{
                    let seen = '';
                    try {{
                        if ({expression}) return done('yes');
                    }} catch (error) {{
                        seen = error;
                    }}
                    if (performance.now() < end) return setTimeout(look, 20);
                    done(`${{seen}} ${{document.body.innerText}}`);
                }};
                look();
            }})"
        ));
        let told = text_in(&answer, "value");
        assert_eq!(told, "yes", "{expression}: {:#?}", self.complaints);
        self
    }

    /// What the page threw, and what the browser complained of, since it was asked last.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    fn evaluate(&mut self, expression: &str) -> String {
        let mut quoted = String::new();
        for char in expression.chars() {
            match char {
                '"' | '\\' => quoted.extend(['\\', char]),
                '\n' => quoted.push_str("\\n"),
                other => quoted.push(other),
            }
        }
        let parameters =
            format!(r#"{{"expression":"{quoted}","awaitPromise":true,"returnByValue":true}}"#);
        self.call("Runtime.evaluate", &parameters)
    }

    fn call(&mut self, method: &str, parameters: &str) -> String {
        self.calls += 1;
        let page = match self.page.as_str() {
            "" => String::new(),
            page => format!(r#","sessionId":"{page}""#),
        };
        let id = self.calls;
        let call = format!(r#"{{"id":{id},"method":"{method}","params":{parameters}{page}}}"#);
        self.to
            .write_all(call.as_bytes())
            .and_then(|()| self.to.write_all(&[0]))
            .expect("it reads");
        let mine = format!(r#"{{"id":{id},"#);
        loop {
            // It gives up by itself before this does.
            let answer = self.from.recv_timeout(2 * PATIENCE).expect("an answer of the browser");
            if answer.starts_with(&mine) {
                let failed = answer.contains(r#""error":"#) || answer.contains("exceptionDetails");
                assert!(!failed, "{method} {parameters}: {answer}");
                return answer;
            }
            let complains = answer.contains("Runtime.exceptionThrown")
                || (answer.contains("Log.entryAdded") && answer.contains(r#""level":"error""#));
            if complains {
                self.complaints.push(answer);
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its helpers in order if it is asked to; it may have ended already.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.from.recv_timeout(PATIENCE).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A text that has no escapes in it, by its name.
#[track_caller]
fn text_in<'a>(answer: &'a str, name: &str) -> &'a str {
    let (_, rest) = answer.split_once(&format!(r#""{name}":""#)).expect(answer);
    rest.split_once('"').expect(answer).0
}
