//! The page of `http_api`, in a real browser.

use crate::browser::{self, Browser};
use crate::http::Http;
use crate::server::Server;

#[test]
fn a_browser_shows_each_change_as_it_happens() {
    let Some(chromium) = browser::find() else {
        return browser::missing("the page of `http_api` was NOT looked at");
    };
    let server = Server::on_loopback("http_api", &[]);
    let json = "content-type: application/json\r\n";
    let mut http = Http::to(server.ip());
    http.ask("POST /notes", json, br#"{"text":"<b>was here</b> before"}"#);
    let mut browser = Browser::open(chromium, &format!("http://{}/", server.address));
    let text = |id: &str| format!("document.getElementById('{id}').textContent");
    let note = "[...document.querySelectorAll('#notes span')].at(-1).textContent";
    browser.sees(&format!("{} === 'live'", text("status")));
    browser.sees(&format!("{note} === '<b>was here</b> before'"));
    // What it writes comes back as an event.
    browser.run(
        "document.getElementById('text').value = 'from the page';
         document.getElementById('send').click();",
    );
    browser.sees(&format!("{note} === 'from the page'"));
    browser.sees(&format!("{} === '2'", text("count")));
    browser.sees("document.querySelector('#events b').textContent === 'added'");
    // So does what others write.
    http.ask("PUT /notes/2", json, br#"{"text":"changed elsewhere"}"#);
    browser.sees(&format!("{note} === 'changed elsewhere'"));
    browser.run("document.querySelector('#notes button').click();");
    browser.sees(&format!("{} === '1'", text("count")));
    assert_eq!(http.ask("GET /notes/1", "", b"").status, 404);
    browser.run(
        "const files = new DataTransfer();
         files.items.add(new File(['abc'], 'a b.txt'));
         const input = document.getElementById('file');
         input.files = files.files;
         input.dispatchEvent(new Event('change'));",
    );
    browser.sees(&format!("{}.startsWith('3 bytes, SHA-256 ba7816bf')", text("uploaded")));
    assert_eq!(browser.complaints(), [""; 0]);
    // The page notices that the server went away, and says so.
    drop(http);
    server.stop();
    browser.sees(&format!("{}.startsWith('not connected')", text("status")));
}

#[test]
fn a_browser_loads_a_site_of_files() {
    let Some(chromium) = browser::find() else {
        return browser::missing("no browser has asked `static_files`");
    };
    let page = b"<!doctype html><meta charset=utf-8><title>files</title>
        <link rel=icon href=data:,><link rel=stylesheet href=look/style.css>
        <h1 id=title>waiting</h1><script src=app.js></script>";
    let site = crate::tools::Scratch::folder(
        "site-of-a-browser",
        &[
            ("index.html", page),
            ("app.js", "document.getElementById('title').textContent = 'h\u{e9}re';".as_bytes()),
            ("look/style.css", b"h1 { color: rgb(1, 2, 3); }"),
        ],
    );
    let server = Server::on_loopback("static_files", &["--root", site.path()]);
    let mut browser = Browser::open(chromium, &format!("http://{}/", server.address));
    browser.sees("document.getElementById('title').textContent === 'h\u{e9}re'");
    browser.sees("getComputedStyle(document.querySelector('h1')).color === 'rgb(1, 2, 3)'");
    assert_eq!(browser.complaints(), [""; 0]);
    drop(browser);
    server.stop();
}
