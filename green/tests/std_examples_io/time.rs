//! Examples of the documentation of std 1.95 for `std::time`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred. Those that std only compiles are only compiled.

#[test]
fn time_index_1() {
    super::in_a_green_thread(|| {
        use threadbare::time::Duration;
        let five_seconds = Duration::from_secs(5);
        assert_eq!(five_seconds, Duration::from_millis(5_000));
        assert_eq!(five_seconds, Duration::from_micros(5_000_000));
        assert_eq!(five_seconds, Duration::from_nanos(5_000_000_000));

        let ten_seconds = Duration::from_secs(10);
        let seven_nanos = Duration::from_nanos(7);
        let total = ten_seconds + seven_nanos;
        assert_eq!(total, Duration::new(10, 7));
    });
}

fn time_instant_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, Instant};

    fn main() {
        let now = Instant::now();

        // we sleep for 2 seconds
        sleep(Duration::new(2, 0));
        // it prints '2'
        println!("{}", now.elapsed().as_secs());
    }
}

fn time_instant_2() {
    use threadbare::time::{Duration, Instant};

    let now = Instant::now();
    let days_per_10_millennia = 365_2425;
    let solar_seconds_per_day = 60 * 60 * 24;
    let millennium_in_solar_seconds = 31_556_952_000;
    assert_eq!(
        millennium_in_solar_seconds,
        days_per_10_millennia * solar_seconds_per_day / 10
    );

    let duration = Duration::new(millennium_in_solar_seconds, 0);
    println!("{:?}", now + duration);
}

fn time_systemtime_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, SystemTime};

    fn main() {
        let now = SystemTime::now();

        // we sleep for 2 seconds
        sleep(Duration::new(2, 0));
        match now.elapsed() {
            Ok(elapsed) => {
                // it prints '2'
                println!("{}", elapsed.as_secs());
            }
            Err(e) => {
                // the system clock went backwards!
                println!("Great Scott! {e:?}");
            }
        }
    }
}

fn time_systemtimeerror_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, SystemTime};

    let sys_time = SystemTime::now();
    sleep(Duration::from_secs(1));
    let new_sys_time = SystemTime::now();
    match sys_time.duration_since(new_sys_time) {
        Ok(_) => {}
        Err(e) => println!("SystemTimeError difference: {:?}", e.duration()),
    }
}

#[test]
fn time_instant_now_1() {
    super::in_a_green_thread(|| {
        use threadbare::time::Instant;

        let now = Instant::now();
    });
}

fn time_instant_duration_since_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, Instant};

    let now = Instant::now();
    sleep(Duration::new(1, 0));
    let new_now = Instant::now();
    println!("{:?}", new_now.duration_since(now));
    println!("{:?}", now.duration_since(new_now)); // 0ns
}

fn time_instant_checked_duration_since_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, Instant};

    let now = Instant::now();
    sleep(Duration::new(1, 0));
    let new_now = Instant::now();
    println!("{:?}", new_now.checked_duration_since(now));
    println!("{:?}", now.checked_duration_since(new_now)); // None
}

fn time_instant_saturating_duration_since_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, Instant};

    let now = Instant::now();
    sleep(Duration::new(1, 0));
    let new_now = Instant::now();
    println!("{:?}", new_now.saturating_duration_since(now));
    println!("{:?}", now.saturating_duration_since(new_now)); // 0ns
}

fn time_instant_elapsed_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, Instant};

    let instant = Instant::now();
    let three_secs = Duration::from_secs(3);
    sleep(three_secs);
    assert!(instant.elapsed() >= three_secs);
}

fn time_systemtime_unix_epoch_1() {
    use threadbare::time::SystemTime;

    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(n) => println!("1970-01-01 00:00:00 UTC was {} seconds ago!", n.as_secs()),
        Err(_) => panic!("SystemTime before UNIX EPOCH!"),
    }
}

#[test]
fn time_systemtime_now_1() {
    super::in_a_green_thread(|| {
        use threadbare::time::SystemTime;

        let sys_time = SystemTime::now();
    });
}

fn time_systemtime_duration_since_1() {
    use threadbare::time::SystemTime;

    let sys_time = SystemTime::now();
    let new_sys_time = SystemTime::now();
    let difference = new_sys_time
        .duration_since(sys_time)
        .expect("Clock may have gone backwards");
    println!("{difference:?}");
}

fn time_systemtime_elapsed_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, SystemTime};

    let sys_time = SystemTime::now();
    let one_sec = Duration::from_secs(1);
    sleep(one_sec);
    assert!(sys_time.elapsed().unwrap() >= one_sec);
}

fn time_unix_epoch_1() {
    use threadbare::time::{SystemTime, UNIX_EPOCH};

    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(n) => println!("1970-01-01 00:00:00 UTC was {} seconds ago!", n.as_secs()),
        Err(_) => panic!("SystemTime before UNIX EPOCH!"),
    }
}

fn time_systemtimeerror_duration_1() {
    use threadbare::thread::sleep;
    use threadbare::time::{Duration, SystemTime};

    let sys_time = SystemTime::now();
    sleep(Duration::from_secs(1));
    let new_sys_time = SystemTime::now();
    match sys_time.duration_since(new_sys_time) {
        Ok(_) => {}
        Err(e) => println!("SystemTimeError difference: {:?}", e.duration()),
    }
}
