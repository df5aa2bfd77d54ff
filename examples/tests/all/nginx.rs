//! nginx in front of our servers: what it makes of a request is what they get.

use std::process::Command;

use crate::client::Noise;
use crate::server::{Server, run, socket_path};
use crate::tools::{self, Scratch};

/// It listens on a Unix socket, so that no port is settled before.
const CONFIG: &str = "
    user root;
    worker_processes 1;
    pid @/pid;
    error_log @/errors;
    events { worker_connections 256; }
    http {
        access_log off;
        client_max_body_size 0;
        client_body_temp_path @/body;
        proxy_temp_path @/proxy;
        fastcgi_temp_path @/fastcgi;
        uwsgi_temp_path @/uwsgi;
        scgi_temp_path @/scgi;
        upstream ours { server TO; keepalive 8; }
        server {
            listen unix:SOCKET;
            location / {
                proxy_pass http://ours;
                proxy_http_version 1.1;
                proxy_set_header Connection \"\";
                proxy_request_buffering off;
                proxy_buffering off;
            }
        }
    }
";

/// A running nginx. It is stopped when it is dropped.
struct Nginx {
    folder: Scratch,
    socket: String,
}

impl Nginx {
    /// One that passes all requests on. It returns when it listens.
    fn before(server: &Server) -> Self {
        let folder = Scratch::folder("nginx", &[]);
        let socket = socket_path("nginx").display().to_string();
        let config = CONFIG.replace('@', folder.path());
        let config = config.replace("SOCKET", &socket).replace("TO", &server.address);
        std::fs::write(format!("{}/conf", folder.path()), config).expect("a file");
        let nginx = Nginx { folder, socket };
        let output = run(&mut nginx.command());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        nginx
    }

    fn command(&self) -> Command {
        let mut command = Command::new("nginx");
        let folder = self.folder.path();
        command.args(["-p", folder, "-c", &format!("{folder}/conf")]);
        command.args(["-e", &format!("{folder}/errors")]);
        command
    }

    fn curl(&self, arguments: &[&str]) -> Vec<u8> {
        tools::curl(&[&["--unix-socket", &self.socket], arguments].concat()).stdout
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(format!("{}/errors", self.folder.path())).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        run(self.command().args(["-s", "stop"]));
        // It may have removed it itself.
        let _ = std::fs::remove_file(&self.socket);
    }
}

#[test]
fn nginx_passes_requests_on_over_few_connections() {
    let instead = "nothing was passed on to `http_echo`";
    if !tools::has("nginx", &["-v"], instead) || !tools::has("curl", &["--version"], instead) {
        return;
    }
    let server = Server::on_loopback("http_echo", &[]);
    let nginx = Nginx::before(&server);
    let body = Noise::bytes(5, 4 << 20);
    let file = Scratch::holding("nginx-body", &body);
    assert!(nginx.curl(&["-T", file.path(), "http://a/"]) == body);
    assert!(
        nginx.curl(&["-T", file.path(), "-H", "transfer-encoding: chunked", "http://a/"]) == body
    );
    assert_eq!(nginx.curl(&["-d", "a=b", "http://a/"]), b"a=b");
    for number in 0..20 {
        let head = nginx.curl(&["-A", &number.to_string(), "http://a/b?c"]);
        let head = String::from_utf8_lossy(&head);
        assert!(head.starts_with("GET /b?c HTTP/1.1\nHost: ours\n"), "{head}");
        assert!(head.contains(&format!("User-Agent: {number}\n")), "{head}");
    }
    let errors = nginx.errors();
    drop(nginx);
    assert_eq!(errors, "");
    let printed = server.stop();
    assert_eq!(printed[0], format!("requests 23, bytes of bodies {}", 2 * body.len() + 3));
    let connections =
        printed[1].strip_prefix("connections ").and_then(|rest| rest.split(',').next());
    let connections: u32 = connections.and_then(|count| count.parse().ok()).expect("a number");
    assert!(connections <= 4, "each request had a connection of its own: {printed:#?}");
}
