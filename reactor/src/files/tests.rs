//! What is opened and what is not, on a real disk.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use readily_protocols::http1::Status;
use readily_protocols::http1::coding::{Accepted, Coding};
use readily_protocols::http1::files::{DotNames, Kind, Relative};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use rustix::io::Errno;

use super::lookup::{Content, Found, Refusal, Rules, Site};
use super::pages::{AHEAD, WINDOW, first_window, read_whole, resident, warm};
use super::reason;
use super::root::{Patience, Root, Shut, Symlinks};

/// A folder `in` to be served, beside a secret; gone with this value.
struct Yard(PathBuf);

impl Yard {
    fn new() -> Yard {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let name = format!("readily-files-{}-{nth}", std::process::id());
        let yard = Yard(std::env::temp_dir().join(name));
        fs::create_dir_all(yard.0.join("in/sub")).expect("a folder");
        fs::create_dir_all(yard.0.join("out")).expect("a folder");
        fs::write(yard.0.join("out/secret"), "secret").expect("a file");
        yard.put("file", "file");
        yard.put("sub/file", "sub file");
        yard
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join("in").join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).expect("a file");
    }

    /// Sets the time of the last change.
    fn date(&self, name: &str, seconds: u64, nanos: u32) {
        let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        let file = fs::File::options().append(true).open(self.at(name)).expect("a file");
        file.set_modified(time).expect("a time");
    }

    fn link(&self, name: &str, to: &str) {
        symlink(to, self.at(name)).expect("a link");
    }

    fn root(&self, symlinks: Symlinks) -> Root {
        Root::open(&self.0.join("in"), symlinks).expect("the folder")
    }

    fn site(&self, precompressed: &[Coding]) -> Site {
        let rules = Rules {
            index: vec!["index.html".to_owned(), "index.txt".to_owned()],
            dots: DotNames::Hide,
            precompressed: precompressed.to_vec(),
            cache_control: None,
            kinds: vec![("odd".to_owned(), Kind::new("text/odd"))],
        };
        Site { root: self.root(Symlinks::Within), rules }
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(opened: OwnedFd) -> String {
    let mut text = String::new();
    fs::File::from(opened).read_to_string(&mut text).expect("text");
    text
}

/// What opening came to: the text, or the error.
fn open(root: &Root, path: &str) -> Result<String, Shut> {
    let opened = root.open_beneath(path, Patience::Wait).map(text);
    // Without patience it is the same, or nothing.
    match root.open_beneath(path, Patience::None) {
        Err(Shut::WouldWait) => {}
        now => assert_eq!(now.map(text), opened, "{path}"),
    }
    opened
}

#[test]
fn links_are_followed_within_the_folder_alone() {
    let yard = Yard::new();
    let inside = yard.at("file").to_string_lossy().into_owned();
    let outside = yard.0.join("out/secret").to_string_lossy().into_owned();
    for (name, to) in [
        ("link", "file"),
        ("far", "sub/file"),
        ("folder", "sub"),
        ("sub/up", "../file"),
        ("round", "../in/file"),
        ("out", "../out/secret"),
        ("parent", ".."),
        ("sub/parents", "../.."),
        ("absolute", &inside),
        ("secret", &outside),
        ("system", "/etc/passwd"),
        ("root", "/"),
        ("magic", "/proc/self/root"),
        ("cwd", "/proc/self/cwd"),
        ("loop", "loop"),
        ("ping", "pong"),
        ("pong", "ping"),
        ("nowhere", "none"),
        ("chain", "link"),
    ] {
        yard.link(name, to);
    }
    let (xdev, is_loop) = (Err(Shut::For(Errno::XDEV)), Err(Shut::For(Errno::LOOP)));
    let (none, not_folder) = (Err(Shut::For(Errno::NOENT)), Err(Shut::For(Errno::NOTDIR)));
    // The path, what the kernel makes of it, and what is left where no link is followed.
    let rows = [
        ("file", Ok("file"), Ok("file")),
        ("sub/file", Ok("sub file"), Ok("sub file")),
        ("none", none, none),
        ("sub/none", none, none),
        ("none/file", none, none),
        ("file/none", not_folder, not_folder),
        ("link", Ok("file"), is_loop),
        ("chain", Ok("file"), is_loop),
        ("far", Ok("sub file"), is_loop),
        ("folder/file", Ok("sub file"), is_loop),
        ("sub/up", Ok("file"), is_loop),
        ("folder/up", Ok("file"), is_loop),
        ("round", xdev, is_loop),
        ("out", xdev, is_loop),
        ("parent/out/secret", xdev, is_loop),
        ("sub/parents/out/secret", xdev, is_loop),
        ("absolute", xdev, is_loop),
        ("secret", xdev, is_loop),
        ("system", xdev, is_loop),
        ("root/etc/passwd", xdev, is_loop),
        ("magic/etc/passwd", xdev, is_loop),
        ("cwd/Cargo.toml", xdev, is_loop),
        ("loop", is_loop, is_loop),
        ("ping", is_loop, is_loop),
        ("nowhere", none, is_loop),
        ("../out/secret", xdev, xdev),
        ("/etc/passwd", xdev, xdev),
    ];
    let roots = [
        yard.root(Symlinks::Within),
        yard.root(Symlinks::Refuse),
        Root::open_for_a_walk(&yard.at("")).expect("the folder"),
    ];
    for (path, within, refused) in rows {
        let owned = |wanted: Result<&str, Shut>| wanted.map(str::to_owned);
        assert_eq!(open(&roots[0], path), owned(within), "{path}");
        assert_eq!(open(&roots[1], path), owned(refused), "{path}, no links");
        // By hand there are two errors for a link, and no path is given that is none.
        if path.starts_with(['.', '/']) {
            continue;
        }
        match (open(&roots[2], path), refused) {
            (Err(shut), Err(_)) => {
                let known = [Errno::NOENT, Errno::NOTDIR, Errno::LOOP].map(Shut::For);
                assert!(known.contains(&shut), "{path}: {shut:?}");
            }
            (opened, refused) => assert_eq!(opened, owned(refused), "{path}, by hand"),
        }
    }
}

#[test]
fn a_folder_that_becomes_a_link_meanwhile_leads_nowhere() {
    let yard = Yard::new();
    fs::create_dir(yard.at("folder")).expect("a folder");
    yard.put("folder/secret", "public");
    yard.link("link", "../out");
    let roots = [
        yard.root(Symlinks::Within),
        yard.root(Symlinks::Refuse),
        Root::open_for_a_walk(&yard.at("")).expect("the folder"),
    ];
    let (folder, link, stop) = (yard.at("folder"), yard.at("link"), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).expect("a swap");
            }
        });
        let mut public = 0;
        for nth in 0..10_000 {
            let patience = if nth % 2 == 0 { Patience::Wait } else { Patience::None };
            for root in &roots {
                if let Ok(opened) = root.open_beneath("folder/secret", patience) {
                    public += 1;
                    assert_eq!(text(opened), "public");
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(public > 0, "the folder was never there");
    });
}

/// What a path comes to, in one line.
fn find(site: &Site, path: &str, accept: &str) -> String {
    let relative = Relative::parse(path, site.rules.dots).expect("a path");
    let mut accepted = Accepted::default();
    accepted.read(accept.as_bytes());
    match site.find(&relative, &accepted, Patience::Wait).expect("patience") {
        Found::Folder => "folder".to_owned(),
        Found::Refused(Refusal { status, counts }) => {
            format!(
                "{}{}",
                status.code(),
                counts.map(|name| format!(" {name}")).unwrap_or_default()
            )
        }
        Found::Content(Content { file, about }) => {
            let mut text = String::new();
            file.as_ref().read_to_string(&mut text).expect("text");
            assert_eq!(about.facts.length, text.len() as u64);
            let coding = about.coding.map(|coding| format!(" in {coding}")).unwrap_or_default();
            format!("{} {text}{coding}", about.kind.essence())
        }
    }
}

#[test]
fn what_is_there_is_a_file_a_folder_or_nothing() {
    let yard = Yard::new();
    for (name, text) in [("a.html", "a"), ("sub/index.txt", "txt"), ("b.odd", "b"), ("C.ODD", "c")]
    {
        yard.put(name, text);
    }
    for name in ["both", "empty", "nested", "nested/index.html"] {
        fs::create_dir(yard.at(name)).expect("a folder");
    }
    for (name, text) in [("both/index.html", "html"), ("both/index.txt", "txt")] {
        yard.put(name, text);
    }
    yard.put("nested/index.txt", "nested");
    yard.link("out", "../out");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, yard.at("pipe"), FileType::Fifo, mode, 0).expect("a pipe");
    let _socket = UnixListener::bind(yard.at("socket")).expect("a socket");
    let site = yard.site(&[]);
    let no_file = format!("404 {}", reason::NO_FILE);
    let outside = format!("404 {}", reason::OUTSIDE);
    for (path, wanted) in [
        ("/a.html", "text/html a"),
        ("/a.html/", "404"),
        ("/b.odd", "text/odd b"),
        ("/C.ODD", "text/odd c"),
        ("/none", "404"),
        ("/none/", "404"),
        ("/a.html/none", "404"),
        ("/", "404"),
        ("/sub", "folder"),
        ("/sub/", "text/plain txt"),
        ("/both/", "text/html html"),
        ("/empty", "folder"),
        ("/empty/", "404"),
        ("/nested/", "text/plain nested"),
        ("/nested/index.html", "folder"),
        ("/pipe", &no_file),
        ("/pipe/", &no_file),
        ("/socket", &no_file),
        ("/out", &outside),
        ("/out/secret", &outside),
    ] {
        assert_eq!(find(&site, path, ""), wanted, "{path}");
    }
    let long = format!("/{}", "a".repeat(255));
    assert_eq!(find(&site, &long, "br"), "404");
}

#[test]
fn devices_are_no_files() {
    let site = Site {
        root: Root::open("/dev".as_ref(), Symlinks::Within).expect("devices"),
        ..Yard::new().site(&[])
    };
    for path in ["/null", "/zero", "/full", "/tty", "/ptmx"] {
        let found = find(&site, path, "");
        assert!(found.starts_with("404"), "{path}: {found}");
    }
}

#[test]
fn the_best_variant_that_is_there_is_sent() {
    let yard = Yard::new();
    for name in ["a.js", "a.js.br", "a.js.gz", "b.js", "b.js.gz", "c.js", "c.js.br", "d.js.br"] {
        yard.put(name, name);
        yard.date(name, 1_000_000, 500);
    }
    // Not as exact, but of the same second; and one of an older content.
    yard.date("a.js.br", 1_000_000, 0);
    yard.date("c.js.br", 999_999, 999_999_999);
    fs::create_dir(yard.at("b.js.br")).expect("a folder");
    yard.put("sub/index.html", "html");
    yard.put("sub/index.html.gz", "gz");
    let site = yard.site(&[Coding::Brotli, Coding::Zstd, Coding::Gzip]);
    let js = |text: &str| format!("text/javascript {text}");
    for (path, accept, wanted) in [
        ("/a.js", "", js("a.js")),
        ("/a.js", "br, gzip, zstd", js("a.js.br in br")),
        ("/a.js", "gzip", js("a.js.gz in gzip")),
        ("/a.js", "br;q=0.5, gzip", js("a.js.gz in gzip")),
        ("/a.js", "zstd", js("a.js")),
        ("/a.js", "*", js("a.js.br in br")),
        ("/a.js", "identity;q=0, zstd", "406".to_owned()),
        ("/a.js", "identity;q=0, br", js("a.js.br in br")),
        ("/b.js", "br, gzip", js("b.js.gz in gzip")),
        ("/b.js", "br", js("b.js")),
        ("/c.js", "br", js("c.js")),
        ("/d.js", "br", "404".to_owned()),
        ("/sub/", "gzip", "text/html gz in gzip".to_owned()),
        ("/a.js.gz", "gzip", "application/gzip a.js.gz".to_owned()),
    ] {
        assert_eq!(find(&site, path, accept), wanted, "{path} for {accept:?}");
    }
    assert_eq!(find(&yard.site(&[]), "/a.js", "br"), js("a.js"), "nothing is offered");
}

#[test]
fn errors_are_answered_and_counted() {
    for (errno, status, counts) in [
        (Errno::NOENT, 404, None),
        (Errno::NOTDIR, 404, None),
        (Errno::NAMETOOLONG, 404, None),
        (Errno::XDEV, 404, Some(reason::OUTSIDE)),
        (Errno::LOOP, 404, Some(reason::OUTSIDE)),
        (Errno::NXIO, 404, Some(reason::NO_FILE)),
        (Errno::ACCESS, 403, Some(reason::DENIED)),
        (Errno::PERM, 403, Some(reason::DENIED)),
        (Errno::MFILE, 503, Some(reason::EXHAUSTED)),
        (Errno::NFILE, 503, Some(reason::EXHAUSTED)),
        (Errno::NOMEM, 503, Some(reason::EXHAUSTED)),
        (Errno::IO, 500, Some(reason::BROKEN)),
        (Errno::AGAIN, 500, Some(reason::BROKEN)),
        (Errno::STALE, 500, Some(reason::BROKEN)),
    ] {
        let refusal = Refusal::of(errno);
        assert_eq!(
            (refusal.status, refusal.counts),
            (Status::new(status).expect("a status"), counts)
        );
    }
}

#[test]
fn windows_are_aligned_and_within_their_range() {
    const W: u64 = WINDOW;
    for (range, wanted) in [
        (0..1, 0..1),
        (0..W, 0..W),
        (0..W + 1, 0..W),
        (1..W + 1, 1..W),
        (W - 1..W + 1, W - 1..W),
        (W..W + 1, W..W + 1),
        (5..5, 5..5),
        (u64::MAX - 1..u64::MAX, u64::MAX - 1..u64::MAX),
    ] {
        assert_eq!(first_window(&range), wanted, "{range:?}");
    }
}

/// Takes all pages of a file out of memory, where the file system has it elsewhere as well.
fn cool(file: &fs::File) {
    file.sync_all().expect("a disk");
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).expect("an advice");
}

#[test]
fn what_was_read_ahead_is_found_in_memory() {
    let yard = Yard::new();
    let length = AHEAD + WINDOW + 10;
    fs::write(yard.at("large"), vec![b'x'; length as usize]).expect("a file");
    let file = fs::File::open(yard.at("large")).expect("a file");
    let ranges = [0..length, 0..1, WINDOW - 1..WINDOW + 1, 5..AHEAD, length - 1..length, 7..7];
    let least = |range: &Range<u64>| (range.end - range.start).min(AHEAD);
    if resident(&file, 0..1) == 0 {
        // The file system cannot tell: then nothing is ever said to be there.
        for range in ranges {
            assert_eq!(resident(&file, range.clone()), 0, "{range:?}");
        }
        return;
    }
    for range in ranges {
        cool(&file);
        assert!(resident(&file, range.clone()) <= least(&range));
        warm(&file, range.clone()).expect("it is read");
        assert_eq!(resident(&file, range.clone()), least(&range), "{range:?}");
    }
    // A file that was cut off has nothing to wait for.
    file.sync_all().expect("a disk");
    fs::File::options()
        .write(true)
        .open(yard.at("large"))
        .expect("a file")
        .set_len(10)
        .expect("cut");
    warm(&file, 0..length).expect("it is read");
    assert_eq!(resident(&file, WINDOW..2 * WINDOW), WINDOW);
}

#[test]
fn a_small_part_is_read_whole_or_not_at_all() {
    let yard = Yard::new();
    yard.put("digits", "0123456789");
    let file = fs::File::open(yard.at("digits")).expect("a file");
    for (at, length, wanted) in [
        (0, 10, Some("0123456789")),
        (3, 4, Some("3456")),
        (0, 0, Some("")),
        (0, 11, None),
        (9, 2, None),
        (u64::MAX >> 1, 1, None),
    ] {
        let mut to = vec![0; length];
        let is_whole = read_whole(&file, at, &mut to, Patience::Wait);
        assert_eq!(is_whole.then_some(&to[..]), wanted.map(str::as_bytes), "{length} from {at}");
        // Without patience it is the same, or nothing.
        let is_now = read_whole(&file, at, &mut to, Patience::None);
        assert!(!is_now || Some(&to[..]) == wanted.map(str::as_bytes), "{length} from {at}");
    }
    cool(&file);
    warm(&file, 0..10).expect("it is read");
    let (can_tell, mut to) = (resident(&file, 0..10) == 10, [0; 10]);
    assert_eq!(read_whole(&file, 0, &mut to, Patience::None), can_tell);
}
