//! The page of `chat`, in a real browser.

use std::io::Write;

use crate::browser::{self, Browser};
use crate::server::Server;
use crate::web_socket::WebSocket;

#[test]
fn people_talk_in_a_browser() {
    let Some(chromium) = browser::find() else {
        // Written past the capture of the test harness: nobody should take this for a look.
        let told = "\nNO BROWSER: the page of `chat` was NOT looked at. Install chromium or name \
                    one in READILY_CHROMIUM.\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
        return;
    };
    let server = Server::on_loopback("chat", &[]);
    let mut ada = WebSocket::open(server.ip(), "/chat");
    ada.text("Ada").hears();
    ada.text("is <b>anybody</b> there?").hears();
    let mut browser = Browser::open(chromium, &format!("http://{}/", server.address));
    let text = |id: &str| format!("document.getElementById('{id}').textContent");
    let join = |name: &str| {
        format!(
            "document.getElementById('name').value = '{name}';
             document.getElementById('enter').click();"
        )
    };
    browser.sees("!document.getElementById('enter').disabled");
    browser.run(&join("ADA"));
    browser.sees(&format!("{} === 'That was not taken: the name is taken.'", text("notice")));
    browser.run(&join("Grace"));
    browser.sees(&format!("{} === '2 people'", text("people")));
    browser.sees(&format!("{} === 'connected'", text("status")));
    assert_eq!(ada.hears(), r#"{"event":"joined","name":"Grace","people":2}"#);
    // What was said before is there, as text.
    browser.sees("document.querySelector('.said p').textContent === 'is <b>anybody</b> there?'");
    browser.run(
        "document.getElementById('text').value = 'I am';
         document.getElementById('say').click();",
    );
    browser.sees("[...document.querySelectorAll('.said p')].at(-1).textContent === 'I am'");
    let said = ada.hears();
    assert!(said.starts_with(r#"{"event":"said","name":"Grace","text":"I am","at":"#), "{said}");
    drop(ada);
    browser.sees(&format!("{} === 'you alone'", text("people")));
    browser.sees("[...document.querySelectorAll('.note')].at(-1).textContent === 'Ada left.'");
    assert_eq!(browser.complaints(), [""; 0]);
    // The page notices that the server went away, and says so.
    server.stop();
    browser.sees(&format!("{}.startsWith('not connected')", text("status")));
}
