//! Prints what each entry of each case allocates, one number a line: the allocations of a call,
//! after a first one. A buffer that grows counts as one more.

use allocation_counter::measure;
use countersign_benches::{Ours, cases};

fn main() {
    let ours = Ours::new();
    for mut case in cases(&ours) {
        for entry in case.entries_mut() {
            entry.call();
            println!("{}", measure(|| entry.call()).count_total);
        }
    }
}
