//! Random routes and paths, judged by a matcher of thirty lines that tries all of them, and by the
//! crate `matchit`, which has the same rules where it takes the routes.

use readily_protocols::http1::router::{Miss, Routes};

const SETS: u64 = 10_000;
const PATHS: u64 = 30;

/// Few, so that patterns meet: some are prefixes of others.
const TEXTS: [&str; 6] = ["a", "ab", "b", "abc", "a%2Fb", ""];

/// A generator that is the same everywhere (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % n) as usize
    }

    /// A pattern, whose parameters are named by their place and by `tag`.
    fn pattern(&mut self, tag: &str) -> String {
        let segments = 1 + self.below(4);
        let mut pattern = String::new();
        for at in 0..segments {
            let is_last = at + 1 == segments;
            pattern += &match self.below(10) {
                0..5 => format!("/{}", TEXTS[self.below(5)]),
                5..8 => format!("/{{p{at}{tag}}}"),
                8 if is_last => format!("/{{*p{at}{tag}}}"),
                9 if is_last => "/".to_owned(),
                _ => "/a".to_owned(),
            };
        }
        pattern
    }

    fn path(&mut self) -> String {
        (0..1 + self.below(5)).map(|_| ["/", TEXTS[self.below(6)]].concat()).collect()
    }
}

/// How well a pattern matches a path, the least being the best, and what it catches.
fn naive<'a>(pattern: &str, path: &'a str) -> Option<(Vec<u8>, Vec<&'a str>)> {
    let (mut ranks, mut caught) = (Vec::new(), Vec::new());
    let mut rest = Some(path);
    for segment in pattern[1..].split('/') {
        let here = rest?.strip_prefix('/')?;
        let (text, on) = match here.find('/') {
            Some(end) => (&here[..end], Some(&here[end..])),
            None => (here, None),
        };
        rest = on;
        if segment.starts_with("{*") {
            caught.push(here);
            ranks.push(2);
            return (!here.is_empty()).then_some((ranks, caught));
        } else if segment.starts_with('{') {
            caught.push(text);
            ranks.push(1);
            if text.is_empty() {
                return None;
            }
        } else if segment == text {
            ranks.push(0);
        } else {
            return None;
        }
    }
    rest.is_none().then_some((ranks, caught))
}

/// The best of the patterns for a path, and what it catches.
fn best<'a>(patterns: &[String], path: &'a str) -> Option<(usize, Vec<&'a str>)> {
    let matches = patterns.iter().enumerate().filter_map(|(at, pattern)| {
        let (ranks, caught) = naive(pattern, path)?;
        Some((ranks, at, caught))
    });
    matches.min().map(|(_, at, caught)| (at, caught))
}

/// Some patterns of which no two have the same shape.
fn patterns(dice: &mut Dice) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for _ in 0..1 + dice.below(12) {
        let pattern = dice.pattern("");
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

#[test]
fn the_router_and_the_oracles_agree() {
    let (mut found, mut missed, mut seconded) = (0, 0, 0);
    for seed in 1..=SETS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let patterns = patterns(&mut dice);
        let mut routes = Routes::new();
        let mut second = Some(matchit::Router::new());
        for (at, pattern) in patterns.iter().enumerate() {
            routes = routes.get(pattern, at);
            second = second
                .and_then(|mut router| router.insert(&**pattern, at).is_ok().then_some(router));
        }
        let router = routes.build().unwrap();
        for _ in 0..PATHS {
            let path = dice.path();
            let answer = router.at("GET", &path).ok().map(|found| {
                (*found.route, found.params.iter().map(|(_, text)| text).collect::<Vec<_>>())
            });
            assert_eq!(answer, best(&patterns, &path), "seed {seed}: {patterns:?} of {path}");
            *if answer.is_some() { &mut found } else { &mut missed } += 1;
            if let Some(second) = &second {
                let theirs = second.at(&path).ok().map(|found| *found.value);
                assert_eq!(answer.map(|(at, _)| at), theirs, "seed {seed}: {patterns:?} {path}");
                seconded += 1;
            }
        }
    }
    assert!(found > 50_000 && missed > 50_000 && seconded > 50_000, "{found} {missed} {seconded}");
}

#[test]
fn two_patterns_of_one_shape_are_refused_and_no_others() {
    let names = |pattern: &str| pattern.replace(['x', 'y'], "");
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..=SETS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (one, other) = (dice.pattern("x"), dice.pattern("y"));
        let built = Routes::new().get(&one, ()).get(&other, ()).build();
        let is_same = names(&one) == names(&other);
        assert_eq!(built.is_err(), is_same, "seed {seed}: {one} {other}");
        *if is_same { &mut refused } else { &mut taken } += 1;
    }
    assert!(taken > 1000 && refused > 100, "{taken} {refused}");
}

#[test]
fn a_method_is_as_it_was_named() {
    const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "OPTIONS", "BREW"];
    for named in 0..1 << METHODS.len() {
        let is_named = |method: &str| {
            METHODS.iter().position(|own| *own == method).is_some_and(|at| named >> at & 1 == 1)
        };
        for any in [false, true] {
            let own = METHODS.into_iter().filter(|method| is_named(method));
            let routes = own.fold(Routes::new(), |routes, method| routes.on(method, "/", method));
            let routes = if any { routes.any("/", "any") } else { routes };
            if named == 0 && !any {
                continue;
            }
            let router = routes.build().unwrap();
            for method in METHODS {
                let expected = match method {
                    _ if is_named(method) => Ok(method),
                    "HEAD" if is_named("GET") => Ok("GET"),
                    _ if any => Ok("any"),
                    "OPTIONS" => Err(204),
                    _ => Err(405),
                };
                let answer = router.at(method, "/").map(|found| *found.route);
                assert_eq!(answer.map_err(|miss| miss.status().code()), expected, "{method}");
                if let Err(Miss::NotAllowed { allow } | Miss::Options { allow }) = answer {
                    let listed = String::from_utf8_lossy(allow.as_bytes()).into_owned();
                    let listed = |method| listed.split(", ").any(|own| own == method);
                    assert!(METHODS.into_iter().all(|method| {
                        let is_served = is_named(method)
                            || (method == "HEAD" && is_named("GET"))
                            || method == "OPTIONS";
                        listed(method) == is_served
                    }));
                }
            }
        }
    }
}
