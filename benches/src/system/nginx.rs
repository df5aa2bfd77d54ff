//! nginx: its configurations, with one worker.
//!
//! The worker is the process itself (`master_process off`), so that what is read of the process is
//! read of the worker. Its loop is the same. Limits on requests and idle time are out of the way;
//! the rest is at its defaults.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::content;
use crate::failure::Failure;
use crate::page::PAGE;
use crate::reservation::Reservation;
use crate::scratch::Scratch;
use crate::server::{Door, Launch};
use crate::tls;
use crate::tool::NGINX;

/// What nginx serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Answers over HTTP that stand in the configuration: `/`, `/plaintext`, `/json`, `/upload`.
    ///
    /// nginx has no means to count a body or to write JSON. `/upload` answers with the
    /// content-length as soon as it has the headers; the body is read and dropped.
    Http,
    /// The same over TLS 1.3.
    Https,
    /// `/` alone, from a file that stays open.
    File,
    /// The folder with the large file, by `sendfile`.
    Folder,
    /// A relay of bytes.
    Relay,
    /// A proxy that reads HTTP, and keeps its connections to the server behind it.
    Proxy,
}

/// nginx, ready to be started; [`Site::Relay`] and [`Site::Proxy`] need `to`.
pub fn launch(site: Site, to: Option<SocketAddr>, scratch: &Scratch) -> Result<Launch, Failure> {
    let program = NGINX.find()?;
    let modules = if site == Site::Relay { stream_module(&program)? } else { String::new() };
    let directory = scratch.path("nginx");
    fs::create_dir(&directory)?;
    let certificate = directory.join(CERTIFICATE);
    if site == Site::Https {
        tls::save(&certificate, &directory.join(KEY))?;
    }
    fs::write(directory.join(PAGE_FILE), PAGE)?;
    let reservation = Reservation::new((Ipv4Addr::LOCALHOST, 0).into())?;
    let mut block = block(site, reservation.address(), to)?;
    if site == Site::Folder {
        block = block.replace(FOLDER, &content::folder(scratch)?.display().to_string());
    }
    fs::write(directory.join(CONFIGURATION), format!("{modules}{GLOBAL}{block}"))?;
    Ok(Launch {
        name: "nginx".to_owned(),
        program,
        arguments: vec!["-p".into(), directory.into(), "-c".into(), CONFIGURATION.into()],
        door: Door::Reserved(reservation),
        stop: Signal::TERM,
        certificate: (site == Site::Https).then_some(certificate),
    })
}

/// Files in the directory of one nginx; its configuration names them as they are here.
const CONFIGURATION: &str = "nginx.conf";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
const PAGE_FILE: &str = "page.html";

/// What stands for the folder in a configuration.
const FOLDER: &str = "FOLDER";

const GLOBAL: &str = "daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {
    worker_connections 20000;
}
";

/// What each HTTP site needs: files of its own, and no end of a connection.
const HTTP: &str = "    access_log off;
    keepalive_requests 4000000000;
    keepalive_timeout 3600s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
";

fn block(site: Site, listen: SocketAddr, to: Option<SocketAddr>) -> Result<String, Failure> {
    let listen = format!("listen {listen} backlog=4096");
    let to = to.ok_or_else(|| Failure::failed("a relay needs an address"));
    Ok(match site {
        Site::Http => format!("http {{\n{HTTP}    server {{ {listen};\n{}}}\n}}\n", answers()),
        Site::Https => secured(&listen),
        Site::File => format!(
            "http {{
{HTTP}    sendfile on;
    open_file_cache max=16;
    server {{ {listen};
        root .;
        types {{ }}
        default_type \"text/html; charset=utf-8\";
        location = / {{ try_files /{PAGE_FILE} =404; }}
        location / {{ return 404; }}
    }}
}}
"
        ),
        Site::Folder => format!(
            "http {{
{HTTP}    sendfile on;
    server {{ {listen};
        root \"{FOLDER}\";
        default_type application/octet-stream;
    }}
}}
"
        ),
        Site::Relay => format!(
            "stream {{
    server {{ {listen};
        proxy_pass {};
        proxy_timeout 3600s;
    }}
}}
",
            to?
        ),
        Site::Proxy => format!(
            "http {{
{HTTP}    upstream site {{
        server {};
        keepalive 256;
        keepalive_requests 4000000000;
        keepalive_timeout 3600s;
    }}
    server {{ {listen};
        location / {{
            proxy_pass http://site;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }}
    }}
}}
",
            to?
        ),
    })
}

/// A site over TLS.
fn secured(listen: &str) -> String {
    format!(
        "http {{
{HTTP}    ssl_protocols TLSv1.3;
    ssl_certificate {CERTIFICATE};
    ssl_certificate_key {KEY};
    server {{ {listen} ssl;
{}}}
}}
",
        answers()
    )
}

/// The locations of a site whose answers stand in the configuration.
fn answers() -> String {
    let location = |path: &str, kind: &str, body: &str| {
        format!("    location = {path} {{ default_type {kind}; return 200 {body}; }}\n")
    };
    [
        location("/", "\"text/html; charset=utf-8\"", &quoted(PAGE)),
        location("/plaintext", "text/plain", &quoted("Hello, World!")),
        location("/json", "application/json", &quoted(r#"{"message":"Hello, World!"}"#)),
        location("/upload", "text/plain", "$content_length"),
        "    location / { return 404; }\n".to_owned(),
    ]
    .concat()
}

/// A string of nginx's language. It has no way to write a `$`.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// The line that loads the module of relays, or nothing where it is part of nginx.
fn stream_module(program: &Path) -> Result<String, Failure> {
    let output = Command::new(program).arg("-V").output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let options: Vec<&str> = text.split_whitespace().collect();
    if options.contains(&"--with-stream") {
        return Ok(String::new());
    }
    if !options.contains(&"--with-stream=dynamic") {
        return Err(Failure::Missing("this nginx has no module stream".to_owned()));
    }
    let modules = options.iter().find_map(|option| option.strip_prefix("--modules-path="));
    let file = PathBuf::from(modules.unwrap_or("modules")).join("ngx_stream_module.so");
    if file.is_file() {
        Ok(format!("load_module {};\n", file.display()))
    } else {
        Err(Failure::Missing(
            "nginx's module stream is missing: apt-get install libnginx-mod-stream".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_can_be_written_in_a_configuration() {
        assert!(!PAGE.contains('$'));
        // A longer word is refused.
        assert!(quoted(PAGE).len() < 4096);
        assert_eq!(quoted(r#"a"b\n"#), r#""a\"b\\n""#);
    }
}
