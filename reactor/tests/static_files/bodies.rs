//! Long bodies: cold and warm, slow readers, files that change under way, threads that are busy.

use std::fs;

use readily::Config;
use readily::files::{Disk, Options, WINDOW, reason};

use crate::shop::{DISKS, Shop, noise, request};

/// More than is queued at once, and no multiple of anything.
const LENGTH: usize = 11 * 1024 * 1024 + 12_345;

#[test]
fn a_long_file_arrives_whole_cold_and_warm() {
    let bytes = noise(LENGTH);
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("large", &bytes);
        for is_cold in [true, false] {
            if is_cold {
                shop.cool("large");
            }
            let heard = shop.get("/large");
            assert!(heard.body == bytes, "{} bytes, {disk:?}", heard.body.len());
        }
        let sent = shop.reactor.counters();
        assert!(sent.bytes_sendfile >= 2 * LENGTH as u64, "{disk:?}: {sent:?}");
    }
}

#[test]
fn parts_of_a_long_file_are_those_parts() {
    let (bytes, window) = (noise(LENGTH), WINDOW as usize);
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("large", &bytes);
        for (start, end) in [
            (0, 1),
            (window - 1, window + 1),
            (window, 2 * window),
            (5, 6 * window + 7),
            (LENGTH - 10, LENGTH),
            (0, LENGTH),
        ] {
            shop.cool("large");
            let heard = shop.ask("GET /large", &format!("range: bytes={start}-{}", end - 1));
            assert_eq!(heard.status(), 206);
            assert!(heard.body == bytes[start..end], "{start}..{end}, {disk:?}");
        }
        shop.cool("large");
        let far = format!("range: bytes=0-{},{}-", 3 * window - 1, LENGTH - 5 * window);
        let text = shop.ask("GET /large", &far).body;
        let holds = |part: &[u8]| text.windows(part.len()).any(|here| here == part);
        assert!(holds(&bytes[..3 * window][..1000]) && holds(&bytes[LENGTH - 1000..]));
        assert!(text.len() > 8 * window && text.len() < 8 * window + 1000, "{}", text.len());
    }
}

#[test]
fn a_slow_reader_costs_no_memory() {
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        let bytes = noise(LENGTH);
        shop.put("large", &bytes);
        let mut clients: Vec<_> = (0..20).map(|_| shop.connect()).collect();
        for client in &mut clients {
            client.say(&request("GET /large", ""));
        }
        let mut most = 0;
        for _ in 0..150 {
            shop.turn();
            for client in &mut clients {
                client.read(2_000);
            }
            most = most.max(shop.reactor.counters().buffered);
        }
        assert!(most < 20 * 64 * 1024, "{most} bytes of memory, {disk:?}");
        for client in clients {
            drop(client);
        }
        shop.until(|shop| shop.reactor.counters().open == 0);
    }
}

#[test]
fn a_file_that_is_cut_under_way_cuts_the_answer() {
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("large", &noise(LENGTH));
        let mut client = shop.connect();
        client.say(&request("GET /large", ""));
        shop.until(|shop| shop.reactor.counters().bytes_out > 0);
        let file = fs::File::options().write(true).open(shop.path("large")).expect("a file");
        file.set_len(100).expect("it is cut");
        assert!(shop.hear(&mut client, false).is_none(), "{disk:?}");
        assert!(matches!(client.ended, Some(Err(_))), "{disk:?}: {:?}", client.ended);
        assert_eq!(shop.reactor.counters().files_cut, 1, "{disk:?}");
        shop.until(|shop| shop.reactor.counters().open == 0);
    }
}

#[test]
fn a_file_that_is_removed_under_way_arrives_whole() {
    for disk in DISKS {
        let (mut shop, bytes) = (Shop::new(disk), noise(LENGTH));
        shop.put("large", &bytes);
        let mut client = shop.connect();
        client.say(&request("GET /large", ""));
        shop.until(|shop| shop.reactor.counters().bytes_out > 0);
        fs::remove_file(shop.path("large")).expect("a file");
        assert!(shop.hear(&mut client, false).expect("an answer").body == bytes, "{disk:?}");
        client.say(&request("GET /large", ""));
        assert_eq!(shop.hear(&mut client, false).expect("an answer").status(), 404);
    }
}

#[test]
fn a_pool_that_is_busy_is_said_to_be() {
    let mut config = Config::default();
    config.jobs_max = 1;
    let mut shop = Shop::with(config, Options::new().disk(Disk::Offload));
    shop.put("a", b"a");
    let mut clients: Vec<_> = (0..8).map(|_| shop.connect()).collect();
    shop.until(|shop| shop.reactor.counters().open == 8);
    for client in &mut clients {
        client.say(&request("GET /a", ""));
    }
    let heard: Vec<_> =
        clients.iter_mut().map(|client| shop.hear(client, false).expect("an answer")).collect();
    let busy = heard.iter().filter(|heard| heard.status() == 503).count();
    assert!(busy > 0 && busy < 8, "{busy} of 8");
    for heard in heard {
        match heard.status() {
            200 => assert_eq!(heard.text(), "a"),
            503 => assert_eq!(heard.field("retry-after"), Some("1")),
            status => panic!("{status}"),
        }
    }
    assert_eq!(shop.tally(reason::BUSY), busy as u64);
    // Who was turned away is served now.
    for client in &mut clients {
        client.say(&request("GET /a", ""));
        assert_eq!(shop.hear(client, false).expect("an answer").text(), "a");
    }
}

#[test]
fn who_leaves_meanwhile_leaves_nothing_open() {
    let open = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("large", &noise(LENGTH));
        let mut client = shop.connect();
        client.say(&request("GET /large", "range: bytes=0-9"));
        shop.hear(&mut client, false).expect("an answer");
        drop(client);
        shop.until(|shop| shop.reactor.counters().open == 0);
        let before = open();
        for turns in (0..40).step_by(4) {
            shop.cool("large");
            let mut client = shop.connect();
            client.say(&request("GET /large", ""));
            for _ in 0..turns {
                shop.turn();
            }
            drop(client);
        }
        shop.until(|shop| shop.reactor.counters().open == 0 && open() <= before + 8);
        assert_eq!(shop.get("/large").body.len(), LENGTH, "{disk:?}");
    }
}
