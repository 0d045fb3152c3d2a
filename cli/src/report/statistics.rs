//! The table of what happened how often.

use std::fmt::Write;
use threadbare_link::Statistics;

/// The table. Ticks of the time stamp counter are instructions where time is the number of them.
pub(crate) fn render(statistics: &Statistics, icount: bool) -> String {
    let unit = if icount {
        "instructions"
    } else {
        "ticks of the time stamp counter"
    };
    let [fresh, copies, files, unshared] = statistics.faults;
    let mut text = format!(
        "switches      {} of threads that waited, {} of threads that did not, {} to another address space\n\
         page faults   {fresh} fresh, {copies} copied on write, {files} of files, {unshared} no longer shared\n\
         signals       {}\n\
         memory        {} KiB at most, that of the kernel included\n\
         time          {} {unit}\n\n",
        statistics.voluntary_switches,
        statistics.preemptions,
        statistics.space_switches,
        statistics.signals,
        statistics.memory_peak >> 10,
        statistics.ticks,
    );
    let mut calls = statistics.calls.clone();
    calls.sort_by_key(|&(number, _, _, ticks)| (std::cmp::Reverse(ticks), number));
    let _ = writeln!(
        text,
        "{:>16} {:>12} {:>10} {:>8}  system call ({unit}, waits included)",
        "in all", "each", "calls", "errors"
    );
    for (number, times, failed, ticks) in calls {
        let name = threadbare_strace::signature(number).map_or("unknown", |row| row.name);
        let each = ticks.checked_div(times).unwrap_or(0);
        let _ = writeln!(text, "{ticks:>16} {each:>12} {times:>10} {failed:>8}  {name}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_call_comes_first_and_the_unit_is_named() {
        let statistics = Statistics {
            calls: vec![(0, 4, 1, 100), (1, 2, 0, 900)],
            ..Statistics::default()
        };
        let text = render(&statistics, true);
        let calls: Vec<&str> = text.lines().rev().take(2).collect();
        assert!(
            calls[1].ends_with(" write") && calls[1].contains(" 450 "),
            "{text}"
        );
        assert!(calls[0].ends_with(" read") && calls[0].contains(" 25 "), "{text}");
        assert!(text.contains("instructions"));
        assert!(render(&statistics, false).contains("time stamp counter"));
    }
}
