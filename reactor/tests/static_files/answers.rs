//! What is answered, the same whatever is decided about the disk.

use readily::Config;
use readily::files::{Disk, Options, Serve, Transfer};
use readily::http1::Value;
use readily::http1::coding::Coding;

use crate::shop::{CHANGED, DISKS, Shop, request};

/// A page, a folder with an index, an empty file, and what lies beside them compressed.
fn shop(disk: Disk) -> Shop {
    let options = Options::new()
        .disk(disk)
        .precompressed(&[Coding::Brotli, Coding::Gzip])
        .cache_control(Value::from_static("max-age=60"));
    let shop = Shop::with(Config::default(), options);
    for (name, text) in [
        ("a.txt", "0123456789"),
        ("a b.txt", "space"),
        ("app.js", "script"),
        ("app.js.br", "brotli"),
        ("app.js.gz", "gz"),
        ("sub/index.html", "<p>index</p>"),
        ("empty", ""),
        (".hidden", "hidden"),
    ] {
        shop.put(name, text.as_bytes());
    }
    shop
}

#[test]
fn the_head_of_an_answer() {
    for disk in DISKS {
        let mut shop = shop(disk);
        let heard = shop.get("/a.txt");
        let tag = heard.field("etag").expect("a tag").to_owned();
        let wanted = [
            "HTTP/1.1 200 OK",
            "content-type: text/plain; charset=utf-8",
            &format!("etag: {tag}"),
            &format!("last-modified: {CHANGED}"),
            "cache-control: max-age=60",
            "vary: accept-encoding",
            "accept-ranges: bytes",
            "x-content-type-options: nosniff",
            "content-length: 10",
        ];
        assert_eq!(
            (&heard.head[..], &heard.text()[..]),
            (&wanted.map(str::to_owned)[..], "0123456789")
        );
        // HEAD says the same, and sends nothing.
        let head = shop.ask("HEAD /a.txt", "");
        assert_eq!((head.head, head.body.len()), (heard.head.clone(), 0), "{disk:?}");
        // Who has it is told so.
        let again = shop.ask("GET /a.txt", &format!("if-none-match: {tag}"));
        let wanted = [
            "HTTP/1.1 304 Not Modified",
            &format!("etag: {tag}"),
            &format!("last-modified: {CHANGED}"),
            "cache-control: max-age=60",
            "vary: accept-encoding",
        ];
        assert_eq!(again.head, wanted.map(str::to_owned), "{disk:?}");
    }
}

#[test]
fn requests_and_their_answers() {
    // Request and further lines, the status and the body, or the value of a field.
    let rows = [
        ("GET /a.txt", "", 200, "0123456789"),
        ("GET /a.txt?x=y", "", 200, "0123456789"),
        ("GET http://a/a.txt", "", 200, "0123456789"),
        ("GET /a%2etxt", "", 200, "0123456789"),
        ("GET /a%20b.txt", "", 200, "space"),
        ("GET /empty", "", 200, ""),
        ("GET /empty", "range: bytes=0-", 416, "content-range: bytes */0"),
        ("GET /empty", "range: bytes=-5", 200, ""),
        ("GET /none", "", 404, "Not Found"),
        ("HEAD /none", "", 404, ""),
        ("GET /", "", 404, "Not Found"),
        ("GET /a.txt/", "", 404, "Not Found"),
        ("GET /.hidden", "", 404, "Not Found"),
        ("GET /sub/", "", 200, "<p>index</p>"),
        ("GET /sub", "", 301, "location: /sub/"),
        ("GET /sub?a=b", "", 301, "location: /sub/?a=b"),
        ("GET /%73ub?", "", 301, "location: /%73ub/?"),
        ("GET http://a/sub", "", 301, "location: /sub/"),
        ("HEAD /sub", "", 301, "location: /sub/"),
        ("POST /a.txt", "content-length: 0", 405, "allow: GET, HEAD"),
        ("PUT /new.txt", "content-length: 0", 405, "allow: GET, HEAD"),
        ("DELETE /a.txt", "", 405, "allow: GET, HEAD"),
        ("OPTIONS /a.txt", "", 405, "allow: GET, HEAD"),
        // Ranges.
        ("GET /a.txt", "range: bytes=2-4", 206, "234"),
        ("GET /a.txt", "range: bytes=2-4", 206, "content-range: bytes 2-4/10"),
        ("GET /a.txt", "range: bytes=-3", 206, "789"),
        ("GET /a.txt", "range: bytes=7-", 206, "789"),
        ("GET /a.txt", "range: bytes=10-", 416, "content-range: bytes */10"),
        ("GET /a.txt", "range: lines=1-2", 200, "0123456789"),
        ("GET /a.txt", "range: bytes=0-,0-,0-", 200, "0123456789"),
        ("HEAD /a.txt", "range: bytes=2-4", 200, "content-length: 10"),
        ("GET /a.txt", "range: bytes=2-4 | if-range: \"other\"", 200, "0123456789"),
        ("GET /a.txt", "range: bytes=2-4 | if-range: DATE", 206, "234"),
        // Conditions.
        ("GET /a.txt", "if-modified-since: DATE", 304, ""),
        ("GET /a.txt", "if-none-match: *", 304, ""),
        ("GET /a.txt", "if-none-match: \"other\"", 200, "0123456789"),
        ("GET /a.txt", "if-match: \"other\"", 412, "Precondition Failed"),
        ("GET /a.txt", "if-match: *", 200, "0123456789"),
        (
            "GET /a.txt",
            "if-unmodified-since: Sun, 06 Nov 1994 08:49:36 GMT",
            412,
            "Precondition Failed",
        ),
        ("GET /none", "if-none-match: *", 404, "Not Found"),
        ("GET /sub", "if-none-match: *", 301, "location: /sub/"),
        // Variants.
        ("GET /app.js", "", 200, "script"),
        ("GET /app.js", "accept-encoding: gzip, br", 200, "brotli"),
        ("GET /app.js", "accept-encoding: br", 200, "content-encoding: br"),
        ("GET /app.js", "accept-encoding: br", 200, "content-type: text/javascript; charset=utf-8"),
        ("GET /app.js", "accept-encoding: gzip", 200, "gz"),
        ("GET /app.js", "accept-encoding: gzip;q=0 | accept-encoding: br;q=0", 200, "script"),
        ("GET /app.js", "accept-encoding: br | range: bytes=0-1", 206, "br"),
        (
            "GET /app.js",
            "accept-encoding: br | range: bytes=0-1",
            206,
            "content-range: bytes 0-1/6",
        ),
        ("GET /app.js.gz", "accept-encoding: gzip", 200, "content-type: application/gzip"),
        ("GET /a.txt", "accept-encoding: identity;q=0", 406, "Not Acceptable"),
    ];
    for disk in DISKS {
        let mut shop = shop(disk);
        for (first, lines, status, wanted) in rows {
            let heard = shop.ask(first, &lines.replace("DATE", CHANGED));
            assert_eq!(heard.status(), status, "{first} {lines}, {disk:?}: {heard:?}");
            match wanted.split_once(": ") {
                Some((name, value)) => {
                    assert_eq!(heard.field(name), Some(value), "{first} {lines}")
                }
                None => assert_eq!(heard.text(), wanted, "{first} {lines}, {disk:?}"),
            }
        }
    }
}

#[test]
fn every_variant_has_a_tag_of_its_own() {
    let mut shop = shop(Disk::Probe);
    let mut tags: Vec<String> = Vec::new();
    for coding in ["", "accept-encoding: br", "accept-encoding: gzip"] {
        let tag = shop.ask("GET /app.js", coding).field("etag").expect("a tag").to_owned();
        let same = shop.ask("GET /app.js", &format!("{coding} | if-none-match: {tag}"));
        assert_eq!(same.status(), 304);
        assert!(!tags.contains(&tag), "{tag}");
        tags.push(tag);
    }
    // A tag of another variant is no proof.
    let other = format!("accept-encoding: gzip | if-none-match: {}", tags[1]);
    assert_eq!(shop.ask("GET /app.js", &other).status(), 200);
}

#[test]
fn a_file_that_changes_has_another_tag() {
    for disk in DISKS {
        let mut shop = shop(disk);
        let tag = shop.get("/a.txt").field("etag").expect("a tag").to_owned();
        // The same size and time: it is another file.
        let (old, new) = (shop.path("a.txt"), shop.path("new"));
        shop.put("new", b"abcdefghij");
        std::fs::rename(new, old).expect("a rename");
        let condition = format!("if-none-match: {tag} | if-modified-since: {CHANGED}");
        assert_eq!(shop.ask("GET /a.txt", &condition).text(), "abcdefghij", "{disk:?}");
        let partial = format!("range: bytes=0-1 | if-range: {tag}");
        assert_eq!(shop.ask("GET /a.txt", &partial).status(), 200);
    }
}

#[test]
fn answers_come_in_the_order_of_their_requests() {
    for disk in DISKS {
        let mut shop = shop(disk);
        let mut client = shop.connect();
        let asked = [
            ("GET /a.txt", "0123456789"),
            ("GET /none", "Not Found"),
            ("HEAD /a.txt", ""),
            ("GET /app.js", "script"),
            ("GET /empty", ""),
            ("GET /sub/", "<p>index</p>"),
        ];
        for name in ["a.txt", "app.js", "sub/index.html"] {
            shop.cool(name);
        }
        let said: Vec<_> = asked.iter().map(|(first, _)| request(first, "")).collect();
        client.say(&said.concat());
        for (first, wanted) in asked {
            let heard = shop.hear(&mut client, first.starts_with("HEAD")).expect("an answer");
            assert_eq!(heard.text(), wanted, "{first}, {disk:?}");
        }
        assert!(client.ended.is_none() && client.unread.is_empty());
    }
}

#[test]
fn several_parts_are_sent_as_one_body() {
    for disk in DISKS {
        let mut shop = shop(disk);
        let heard = shop.ask("GET /a.txt", "range: bytes=0-1,4-5,-1");
        let kind = heard.field("content-type").expect("a kind").to_owned();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("parts");
        let part = |place: &str, text: &str| {
            format!(
                "\r\n--{boundary}\r\ncontent-type: text/plain; charset=utf-8\r\n\
                 content-range: bytes {place}/10\r\n\r\n{text}"
            )
        };
        let parts = [part("0-1", "01"), part("4-5", "45"), part("9-9", "9")].concat();
        assert_eq!(heard.text(), format!("{parts}\r\n--{boundary}--\r\n"), "{disk:?}");
        assert_eq!((heard.status(), heard.field("content-range")), (206, None));
    }
}

#[test]
fn a_connection_pays_for_no_transfer_that_it_does_not_have() {
    assert!(size_of::<Transfer>() <= 16, "{}", size_of::<Transfer>());
    assert!(size_of::<Serve>() <= 32, "{}", size_of::<Serve>());
}

#[test]
fn a_folder_can_be_a_part_of_a_site() {
    for disk in DISKS {
        let mut shop = Shop::mounted(disk);
        shop.put("a.txt", b"a");
        shop.put("sub/index.html", b"index");
        for (path, status, location, text) in [
            ("/static/a.txt", 200, None, "a"),
            ("/static/sub/", 200, None, "index"),
            ("/static/sub?q", 301, Some("/static/sub/?q"), "Moved Permanently"),
            ("/static", 301, Some("/static/"), "Moved Permanently"),
            ("/static?q", 301, Some("/static/?q"), "Moved Permanently"),
            ("/static/", 404, None, "Not Found"),
            ("/staticky", 400, None, "Bad Request"),
            ("/static/../secret", 400, None, "Bad Request"),
            ("/a.txt", 404, None, "Not Found"),
            // It would be another host.
            ("//evil.example/static", 404, None, "Not Found"),
            ("//evil.example/static/sub", 404, None, "Not Found"),
        ] {
            let heard = shop.get(path);
            assert_eq!((heard.status(), heard.field("location")), (status, location), "{path}");
            assert_eq!(heard.text(), text, "{path}, {disk:?}");
        }
    }
}
