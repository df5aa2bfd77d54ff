//! Random days, held against the model: each seed subscribes, publishes, takes and leaves.

use readily_protocols::contract::Id;
use readily_protocols::websocket::{Encoded, Next, Refused, Slow};

use crate::model::Model;
use crate::seeds::Random;
use crate::world::{Stage, id, policy};

const SEEDS: u64 = 300;
const STEPS: usize = 400;
const SUBSCRIBERS: usize = 6;
const TOPICS: [&str; 3] = ["a", "b", "c"];

#[test]
fn every_day_is_as_the_model_says() {
    let mut all = [0; 4];
    for seed in 0..SEEDS {
        for (_, slow) in Slow::ALL {
            let counts = day(seed, slow);
            let missed = [
                counts.dropped_newest,
                counts.dropped_oldest,
                counts.coalesced,
                counts.closed_slow,
            ];
            all.iter_mut().zip(missed).for_each(|(all, more)| *all += more);
        }
    }
    // The seeds are fixed, so is what they show: this keeps them worth their time.
    assert!(all.iter().all(|missed| *missed > 1000), "{all:?}");
}

fn day(seed: u64, slow: Slow) -> readily_protocols::websocket::Counts {
    let mut random = Random(seed);
    let policy = policy(slow, 6 + random.below(10));
    let (mut stage, mut model) = (Stage::of(slow, policy.backlog / 67), Model::new(policy));
    for step in 0..STEPS {
        let who = random.below(SUBSCRIBERS) as u32;
        let topic = TOPICS[random.below(TOPICS.len())];
        let at = format!("seed {seed}, {slow}, step {step}: {who}, {topic}");
        match random.below(20) {
            0..3 => {
                let subscribed = stage.topics.subscribe(id(who), topic);
                let may = model.subscribe(who, topic);
                assert_eq!(subscribed, if may { Ok(()) } else { Err(Refused::Behind) }, "{at}");
            }
            3 => {
                stage.topics.unsubscribe(id(who), topic);
                model.unsubscribe(who, topic);
            }
            4 if random.below(3) == 0 => {
                stage.topics.leave(id(who));
                model.leave(who);
            }
            5..14 => {
                let text = format!("{topic}{step}{}", "x".repeat(random.below(90)));
                let cost = Encoded::text(&text).len() + 64;
                let (reached, woken) = model.publish(topic, &(text.clone(), cost));
                assert_eq!(stage.publish(topic, &text), Ok(reached), "{at}");
                let woken: Vec<Id> = woken.into_iter().map(id).collect();
                assert_eq!(stage.woken(), woken, "{at}");
            }
            _ => {
                let most = random.below(12);
                take(&mut stage, &mut model, who, most, &at);
            }
        }
        assert_eq!(stage.topics.counts(), model.counts, "{at}");
        // Those who fell behind at once share what they had.
        let (held, logs) = (stage.topics.held(), model.held(&TOPICS));
        let all = logs + model.kept();
        assert!((logs..=all).contains(&held) && (held > logs) == (all > logs), "{at}");
    }
    stage.topics.counts()
}

/// Takes up to so many messages.
fn take(stage: &mut Stage, model: &mut Model, who: u32, most: usize, at: &str) {
    for _ in 0..most {
        match stage.take(who) {
            Next::Message(message) => {
                let is = |text: &str| Encoded::text(text) == message;
                assert!(!model.is_behind(who) && model.take(who, is), "{at}: {message:?}");
            }
            Next::Nothing => {
                assert!(!model.is_behind(who) && model.has_all(who), "{at}");
                return;
            }
            Next::Behind => {
                assert!(model.is_behind(who), "{at}");
                return;
            }
        }
    }
}
