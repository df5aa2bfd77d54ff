//! Files that are sent: by `sendfile`, and by reading them where that does not go.

#[path = "common/drawer.rs"]
mod drawer;
#[expect(dead_code, reason = "each test takes what it needs of it")]
#[path = "common/house.rs"]
mod house;
#[path = "files/jobs.rs"]
mod jobs;
#[path = "files/kernel.rs"]
mod kernel;
#[path = "common/net.rs"]
mod net;
#[path = "files/orders.rs"]
mod orders;
#[path = "common/planned.rs"]
mod planned;
#[path = "files/roads.rs"]
mod roads;
#[path = "files/shortages.rs"]
mod shortages;
#[path = "files/times.rs"]
mod times;
#[path = "common/toy.rs"]
mod toy;
#[expect(dead_code, reason = "each test takes what it needs of it")]
#[path = "reviewed_carriers/toys.rs"]
mod toys;
#[expect(dead_code, reason = "each test takes what it needs of it")]
#[path = "common/troupe.rs"]
mod troupe;
