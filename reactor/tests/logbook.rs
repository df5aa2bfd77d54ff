//! A log under load, with sinks that fail, block and move away: the writer never waits.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use readily::logbook::{CHUNK, Dropped, Figures, Logbook, Options};

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(3600);

/// Nothing is written before a chunk is full, or the end.
const QUIET: Options = Options {
    ring: 8 * CHUNK,
    batch: CHUNK,
    interval: NEVER,
    retry: Duration::ZERO,
    closing: NEVER,
};

/// What a sink was given.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("it is UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("readily-logbook-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a log")
}

fn say(log: &mut Logbook, text: &str) -> Result<(), Dropped> {
    log.write(|line| line.extend_from_slice(text.as_bytes()))
}

/// Numbered lines from `from` on, until one is dropped; says which that was.
fn fill(log: &mut Logbook, from: usize) -> usize {
    let mut number = from;
    while say(log, &numbered(number)).is_ok() {
        number += 1;
    }
    number
}

fn numbered(number: usize) -> String {
    format!("line {number:>250}\n")
}

fn all_numbered(until: usize) -> String {
    (0..until).map(numbered).collect()
}

#[test]
fn lines_come_out_whole_and_end() {
    let paper = Paper::default();
    let mut log = Logbook::to(paper.clone(), QUIET).expect("a log");
    for text in ["a", "b\n", "", "two\nlines"] {
        assert_eq!(say(&mut log, text), Ok(()));
    }
    assert_eq!(log.figures(), Figures { lines: 4, waiting: CHUNK as u64, ..Figures::default() });
    let watch = log.watch();
    drop(log);
    assert_eq!(paper.text(), "a\nb\n\ntwo\nlines\n");
    assert_eq!(watch.figures(), Figures { lines: 4, ..Figures::default() });
}

#[test]
fn a_ring_below_a_chunk_is_refused() {
    let options = Options { ring: CHUNK - 1, ..QUIET };
    let error = Logbook::to(Paper::default(), options).expect_err("too small");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn each_handle_keeps_its_order_and_no_line_is_torn() {
    const LOOPS: usize = 4;
    const LINES: usize = 3000;
    let paper = Paper::default();
    let options = Options { ring: Options::RING, ..QUIET };
    let log = Logbook::to(paper.clone(), options).expect("a log");
    thread::scope(|scope| {
        for index in 0..LOOPS {
            let mut log = log.clone();
            scope.spawn(move || {
                for number in 0..LINES {
                    let padding = "x".repeat(number % 97);
                    say(&mut log, &format!("{index} {number} {padding}.")).expect("it fits");
                }
            });
        }
    });
    drop(log);
    let (text, mut next) = (paper.text(), [0; LOOPS]);
    for line in text.lines() {
        let mut words = line.splitn(3, ' ');
        let (index, number) = (words.next().expect(line), words.next().expect(line));
        let (index, number) = (index.parse::<usize>().expect(line), number.parse().expect(line));
        assert_eq!(next[index], number, "{line}");
        let padding = format!("{}.", "x".repeat(number % 97));
        assert_eq!(words.next(), Some(&padding[..]), "{line}");
        next[index] += 1;
    }
    assert_eq!(next, [LINES; LOOPS]);
}

#[test]
fn what_waits_is_written_after_a_while() {
    let (paper, written) = mpsc::channel();
    let options = Options { interval: Duration::from_millis(1), ..QUIET };
    let mut log = Logbook::to(Posted(paper), options).expect("a log");
    for text in ["a\n", "b\n"] {
        say(&mut log, text).expect("it fits");
        assert_eq!(written.recv().as_deref(), Ok(text.as_bytes()));
    }
}

/// Says what it is given.
struct Posted(Sender<Vec<u8>>);

impl Write for Posted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Blocks in its first write until it is let go.
struct Blocked {
    paper: Paper,
    entered: Sender<()>,
    release: Receiver<()>,
}

impl Blocked {
    fn new(paper: &Paper) -> (Blocked, Receiver<()>, Sender<()>) {
        let (entered, enters) = mpsc::channel();
        let (releases, release) = mpsc::channel();
        (Blocked { paper: paper.clone(), entered, release }, enters, releases)
    }
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.entered.send(());
        // It returns at once when the test has dropped the other end.
        let _ = self.release.recv();
        self.paper.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_blocks_costs_lines_and_no_time() {
    let paper = Paper::default();
    let (sink, entered, release) = Blocked::new(&paper);
    let mut log = Logbook::to(sink, QUIET).expect("a log");
    let until = fill(&mut log, 0);
    entered.recv().expect("it is blocked");
    // What the thread has taken still counts, so that the ring is a bound of all of it.
    let until = fill(&mut log, until);
    let text = until * numbered(0).len();
    assert!((4 * CHUNK..=8 * CHUNK).contains(&text), "{text} bytes wait");
    let figures = log.figures();
    assert_eq!((figures.lines, figures.failures), (until as u64, 0));
    assert!(figures.dropped > 0 && figures.waiting == 8 * CHUNK as u64, "{figures:?}");
    drop(release);
    drop(log);
    assert_eq!(paper.text(), all_numbered(until));
}

#[test]
fn the_end_does_not_wait_for_a_sink_that_blocks() {
    let (sink, entered, release) = Blocked::new(&Paper::default());
    let options = Options { closing: Duration::from_millis(1), ..QUIET };
    let mut log = Logbook::to(sink, options).expect("a log");
    fill(&mut log, 0);
    entered.recv().expect("it is blocked");
    drop(log);
    drop(release);
}

/// Takes a few bytes, fails, takes a few bytes.
struct Moody {
    paper: Paper,
    turn: usize,
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.turn += 1;
        match self.turn % 5 {
            0 => Err(io::ErrorKind::StorageFull.into()),
            1 => Err(io::ErrorKind::Interrupted.into()),
            n => self.paper.write(&bytes[..bytes.len().min(n * 700)]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_is_tried_again_and_loses_nothing() {
    let (paper, (all, is_complete)) = (Paper::default(), mpsc::channel());
    let options = Options { ring: Options::RING, interval: Duration::ZERO, ..QUIET };
    let watched = Watched { sink: Moody { paper: paper.clone(), turn: 0 }, left: 0, all };
    let watched = Watched { left: all_numbered(500).len(), ..watched };
    let mut log = Logbook::to(watched, options).expect("a log");
    for number in 0..500 {
        say(&mut log, &numbered(number)).expect("it fits");
    }
    is_complete.recv().expect("everything is written");
    assert_eq!(paper.text(), all_numbered(500));
    let figures = log.figures();
    assert!(figures.failures > 10 && figures.dropped == 0, "{figures:?}");
}

/// Says when it was given everything.
struct Watched<W> {
    sink: W,
    left: usize,
    all: Sender<()>,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sink.write(bytes)?;
        self.left -= n;
        if self.left == 0 {
            let _ = self.all.send(());
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[test]
fn a_sink_that_panics_ends_the_writing_and_nothing_else() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("a sink of the test");
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut log = Logbook::to(Broken, QUIET).expect("a log");
    let until = fill(&mut log, 0);
    assert!(fill(&mut log, until) >= until);
    drop(log);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_is_counted() {
    let mut log = Logbook::file("/dev/full", QUIET).expect("a device");
    let until = fill(&mut log, 0);
    let watch = log.watch();
    drop(log);
    let figures = watch.figures();
    assert_eq!(figures.lines, until as u64);
    assert!(figures.failures > 0 && figures.dropped > 0, "{figures:?}");
}

#[test]
fn a_pipe_without_a_reader_holds_nobody_up() {
    let folder = Folder::new("pipe");
    let path = folder.path("log");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let mut log = Logbook::file(&path, QUIET).expect("a log");
    let until = fill(&mut log, 0);
    let mut reader = File::open(&path).expect("a reader");
    let closing = thread::spawn(move || drop(log));
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("the end of the log");
    closing.join().expect("it closes");
    assert_eq!(text, all_numbered(until));
}

#[test]
fn the_end_does_not_wait_for_the_reader_of_a_pipe() {
    let folder = Folder::new("deaf");
    let path = folder.path("log");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let options = Options { closing: Duration::from_millis(1), ..QUIET };
    let mut log = Logbook::file(&path, options).expect("a log");
    fill(&mut log, 0);
    drop(log);
}

#[test]
fn a_file_is_appended_to() {
    let folder = Folder::new("append");
    let path = folder.path("log");
    for text in ["a", "b"] {
        let mut log = Logbook::file(&path, QUIET).expect("a log");
        say(&mut log, text).expect("it fits");
    }
    assert_eq!(read(&path), "a\nb\n");
    let error = Logbook::file(folder.path("none/log"), QUIET).expect_err("no such folder");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_file_that_was_moved_away_is_opened_anew() {
    let folder = Folder::new("rotate");
    let (path, old) = (folder.path("log"), folder.path("log.1"));
    let mut log = Logbook::file(&path, QUIET).expect("a log");
    say(&mut log, "before").expect("it fits");
    fs::rename(&path, &old).expect("it moves");
    log.reopen();
    until(|| path.exists());
    say(&mut log, "after").expect("it fits");
    drop(log);
    assert_eq!((read(&old), read(&path)), ("before\n".to_owned(), "after\n".to_owned()));
}

#[test]
fn a_file_that_cannot_be_opened_anew_is_kept() {
    let folder = Folder::new("lost");
    let (inner, moved) = (folder.path("inner"), folder.path("moved"));
    fs::create_dir(&inner).expect("a folder");
    let mut log = Logbook::file(inner.join("log"), QUIET).expect("a log");
    fs::rename(&inner, &moved).expect("it moves");
    log.reopen();
    until(|| log.figures().failures == 1);
    say(&mut log, "after").expect("it fits");
    drop(log);
    assert_eq!(read(&moved.join("log")), "after\n");
}

/// Lets others run until it is so.
fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        thread::yield_now();
    }
}
