//! Examples of the documentation of std 1.95 for `std::thread`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred.

#[test]
fn thread_index_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        thread::spawn(move || {
            // some work here
        });
    });
}

#[test]
fn thread_index_2() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let thread_join_handle = thread::spawn(move || {
            // some work here
        });
        // some work here
        let res = thread_join_handle.join();
    });
}

#[test]
fn thread_index_3() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        thread::Builder::new().name("thread1".to_string()).spawn(move || {
            println!("Hello, world!");
        });
    });
}

#[test]
fn thread_builder_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let handler = builder
            .spawn(|| {
                // thread code
            })
            .unwrap();

        handler.join().unwrap();
    });
}

#[test]
fn thread_builder_2() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new().name("foo".into()).stack_size(32 * 1024);

        let handler = builder
            .spawn(|| {
                // thread code
            })
            .unwrap();

        handler.join().unwrap();
    });
}

#[test]
fn thread_builder_3() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new().name("foo".into());

        let handler = builder
            .spawn(|| assert_eq!(thread::current().name(), Some("foo")))
            .unwrap();

        handler.join().unwrap();
    });
}

#[test]
fn thread_builder_4() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new().stack_size(32 * 1024);
    });
}

#[test]
fn thread_builder_5() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let x = 1;
        let thread_x = &x;

        let handler = unsafe {
            builder
                .spawn_unchecked(move || {
                    println!("x = {}", *thread_x);
                })
                .unwrap()
        };

        // caller has to ensure `join()` is called, otherwise
        // it is possible to access freed memory if `x` gets
        // dropped before the thread closure is executed!
        handler.join().unwrap();
    });
}

#[test]
fn thread_builder_6() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let mut a = vec![1, 2, 3];
        let mut x = 0;

        thread::scope(|s| {
            thread::Builder::new()
                .name("first".to_string())
                .spawn_scoped(s, || {
                    println!("hello from the {:?} scoped thread", thread::current().name());
                    // We can borrow `a` here.
                    dbg!(&a);
                })
                .unwrap();
            thread::Builder::new()
                .name("second".to_string())
                .spawn_scoped(s, || {
                    println!("hello from the {:?} scoped thread", thread::current().name());
                    // We can even mutably borrow `x` here,
                    // because no other threads are using it.
                    x += a[0] + a[2];
                })
                .unwrap();
            println!("hello from the main thread");
        });

        // After the scope, we can modify and access our variables again:
        a.push(4);
        assert_eq!(x, a.len());
    });
}

#[test]
fn thread_joinhandle_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let join_handle: thread::JoinHandle<_> = thread::spawn(|| {
            // some work here
        });
    });
}

#[test]
fn thread_joinhandle_2() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let join_handle: thread::JoinHandle<_> = builder
            .spawn(|| {
                // some work here
            })
            .unwrap();
    });
}

#[test]
fn thread_joinhandle_3() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::thread;

        let original_thread = thread::spawn(|| {
            let _detached_thread = thread::spawn(|| {
                // Here we sleep to make sure that the first thread returns before.
                thread::sleep(Duration::from_millis(10));
                // This will be called, even though the JoinHandle is dropped.
                println!("♫ Still alive ♫");
            });
        });

        original_thread
            .join()
            .expect("The thread being joined has panicked");
        println!("Original thread is joined.");

        // We make sure that the new thread has time to run, before the main
        // thread returns.

        thread::sleep(Duration::from_millis(1000));
    });
}

#[test]
fn thread_joinhandle_4() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let join_handle: thread::JoinHandle<_> = builder
            .spawn(|| {
                // some work here
            })
            .unwrap();

        let thread = join_handle.thread();
        println!("thread id: {:?}", thread.id());
    });
}

#[test]
fn thread_joinhandle_5() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let join_handle: thread::JoinHandle<_> = builder
            .spawn(|| {
                // some work here
            })
            .unwrap();
        join_handle
            .join()
            .expect("Couldn't join on the associated thread");
    });
}

#[test]
fn thread_scopedjoinhandle_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        thread::scope(|s| {
            let t = s.spawn(|| {
                println!("hello");
            });
            println!("thread id: {:?}", t.thread().id());
        });
    });
}

#[test]
fn thread_scopedjoinhandle_2() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        thread::scope(|s| {
            let t = s.spawn(|| {
                panic!("oh no");
            });
            assert!(t.join().is_err());
        });
    });
}

#[test]
fn thread_thread_1() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::atomic::{AtomicBool, Ordering};
        use threadbare::thread;

        static QUEUED: AtomicBool = AtomicBool::new(false);

        let parked_thread = thread::Builder::new()
            .spawn(|| {
                println!("Parking thread");
                QUEUED.store(true, Ordering::Release);
                thread::park();
                println!("Thread unparked");
            })
            .unwrap();

        // Let some time pass for the thread to be spawned.
        thread::sleep(Duration::from_millis(10));

        // Wait until the other thread is queued.
        // This is crucial! It guarantees that the `unpark` below is not consumed
        // by some other code in the parked thread (e.g. inside `println!`).
        while !QUEUED.load(Ordering::Acquire) {
            // Spinning is of course inefficient; in practice, this would more likely be
            // a dequeue where we have no work to do if there's nobody queued.
            std::hint::spin_loop();
        }

        println!("Unpark the thread");
        parked_thread.thread().unpark();

        parked_thread.join().unwrap();
    });
}

#[test]
fn thread_thread_2() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let other_thread = thread::spawn(|| thread::current().id());

        let other_thread_id = other_thread.join().unwrap();
        assert!(thread::current().id() != other_thread_id);
    });
}

#[test]
fn thread_thread_3() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let builder = thread::Builder::new();

        let handler = builder
            .spawn(|| {
                assert!(thread::current().name().is_none());
            })
            .unwrap();

        handler.join().unwrap();
    });
}

#[test]
fn thread_localkey_1() {
    super::in_a_green_thread(|| {
        use std::cell::Cell;
        use threadbare::thread;

        // explicit `const {}` block enables more efficient initialization
        thread_local!(static FOO: Cell<u32> = const { Cell::new(1) });

        assert_eq!(FOO.get(), 1);
        FOO.set(2);

        // each thread starts out with the initial value of 1
        let t = thread::spawn(move || {
            assert_eq!(FOO.get(), 1);
            FOO.set(3);
        });

        // wait for the thread to complete and bail out on panic
        t.join().unwrap();

        // we retain our original value of 2 despite the child thread
        assert_eq!(FOO.get(), 2);
    });
}

#[test]
fn thread_localkey_2() {
    super::in_a_green_thread(|| {
        thread_local! {
            pub static STATIC: String = String::from("I am");
        }

        assert_eq!(
            STATIC.with(|original_value| format!("{original_value} initialized")),
            "I am initialized",
        );
    });
}

#[test]
fn thread_localkey_3() {
    super::in_a_green_thread(|| {
        thread_local! {
            pub static STATIC: String = String::from("I am");
        }

        assert_eq!(
            STATIC.try_with(|original_value| format!("{original_value} initialized")),
            Ok(String::from("I am initialized")),
        );
    });
}

#[test]
fn thread_localkey_4() {
    super::in_a_green_thread(|| {
        use std::cell::Cell;

        thread_local! {
            static X: Cell<i32> = panic!("!");
        }

        // Calling X.get() here would result in a panic.

        X.set(123); // But X.set() is fine, as it skips the initializer above.

        assert_eq!(X.get(), 123);
    });
}

#[test]
fn thread_localkey_5() {
    super::in_a_green_thread(|| {
        use std::cell::Cell;

        thread_local! {
            static X: Cell<i32> = const { Cell::new(1) };
        }

        assert_eq!(X.get(), 1);
    });
}

#[test]
fn thread_localkey_6() {
    super::in_a_green_thread(|| {
        use std::cell::Cell;

        thread_local! {
            static X: Cell<Option<i32>> = const { Cell::new(Some(1)) };
        }

        assert_eq!(X.take(), Some(1));
        assert_eq!(X.take(), None);
    });
}

#[test]
fn thread_localkey_7() {
    super::in_a_green_thread(|| {
        use std::cell::Cell;

        thread_local! {
            static X: Cell<i32> = const { Cell::new(1) };
        }

        assert_eq!(X.replace(2), 1);
        assert_eq!(X.replace(3), 2);
    });
}

#[test]
fn thread_localkey_9() {
    super::in_a_green_thread(|| {
        use std::cell::RefCell;

        thread_local! {
            static X: RefCell<Vec<i32>> = RefCell::new(Vec::new());
        }

        X.with_borrow(|v| assert!(v.is_empty()));
    });
}

#[test]
fn thread_localkey_10() {
    super::in_a_green_thread(|| {
        use std::cell::RefCell;

        thread_local! {
            static X: RefCell<Vec<i32>> = RefCell::new(Vec::new());
        }

        X.with_borrow_mut(|v| v.push(1));

        X.with_borrow(|v| assert_eq!(*v, vec![1]));
    });
}

#[test]
fn thread_localkey_11() {
    super::in_a_green_thread(|| {
        use std::cell::RefCell;

        thread_local! {
            static X: RefCell<Vec<i32>> = panic!("!");
        }

        // Calling X.with() here would result in a panic.

        X.set(vec![1, 2, 3]); // But X.set() is fine, as it skips the initializer above.

        X.with_borrow(|v| assert_eq!(*v, vec![1, 2, 3]));
    });
}

#[test]
fn thread_localkey_12() {
    super::in_a_green_thread(|| {
        use std::cell::RefCell;

        thread_local! {
            static X: RefCell<Vec<i32>> = RefCell::new(Vec::new());
        }

        X.with_borrow_mut(|v| v.push(1));

        let a = X.take();

        assert_eq!(a, vec![1]);

        X.with_borrow(|v| assert!(v.is_empty()));
    });
}

#[test]
fn thread_localkey_13() {
    super::in_a_green_thread(|| {
        use std::cell::RefCell;

        thread_local! {
            static X: RefCell<Vec<i32>> = RefCell::new(Vec::new());
        }

        let prev = X.replace(vec![1, 2, 3]);
        assert!(prev.is_empty());

        X.with_borrow(|v| assert_eq!(*v, vec![1, 2, 3]));
    });
}

#[test]
fn thread_available_parallelism_1() {
    super::in_a_green_thread(|| {
        use std::io;
        use threadbare::thread;

        fn main() -> io::Result<()> {
            let count = thread::available_parallelism()?.get();
            assert!(count >= 1_usize);
            Ok(())
        }
        let _ = main();
    });
}

#[test]
fn thread_current_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let handler = thread::Builder::new()
            .name("named thread".into())
            .spawn(|| {
                let handle = thread::current();
                assert_eq!(handle.name(), Some("named thread"));
            })
            .unwrap();

        handler.join().unwrap();
    });
}

#[test]
#[should_panic]
fn thread_panicking_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        struct SomeStruct;

        impl Drop for SomeStruct {
            fn drop(&mut self) {
                if thread::panicking() {
                    println!("dropped while unwinding");
                } else {
                    println!("dropped while not unwinding");
                }
            }
        }

        {
            print!("a: ");
            let a = SomeStruct;
        }

        {
            print!("b: ");
            let b = SomeStruct;
            panic!()
        }
    });
}

#[test]
fn thread_park_1() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::atomic::{AtomicBool, Ordering};
        use threadbare::thread;

        static QUEUED: AtomicBool = AtomicBool::new(false);
        static FLAG: AtomicBool = AtomicBool::new(false);

        let parked_thread = thread::spawn(move || {
            println!("Thread spawned");
            // Signal that we are going to `park`. Between this store and our `park`, there may
            // be no other `park`, or else that `park` could consume our `unpark` token!
            QUEUED.store(true, Ordering::Release);
            // We want to wait until the flag is set. We *could* just spin, but using
            // park/unpark is more efficient.
            while !FLAG.load(Ordering::Acquire) {
                // We can *not* use `println!` here since that could use thread parking internally.
                thread::park();
                // We *could* get here spuriously, i.e., way before the 10ms below are over!
                // But that is no problem, we are in a loop until the flag is set anyway.
            }
            println!("Flag received");
        });

        // Let some time pass for the thread to be spawned.
        thread::sleep(Duration::from_millis(10));

        // Ensure the thread is about to park.
        // This is crucial! It guarantees that the `unpark` below is not consumed
        // by some other code in the parked thread (e.g. inside `println!`).
        while !QUEUED.load(Ordering::Acquire) {
            // Spinning is of course inefficient; in practice, this would more likely be
            // a dequeue where we have no work to do if there's nobody queued.
            std::hint::spin_loop();
        }

        // Set the flag, and let the thread wake up.
        // There is no race condition here: if `unpark`
        // happens first, `park` will return immediately.
        // There is also no other `park` that could consume this token,
        // since we waited until the other thread got queued.
        // Hence there is no risk of a deadlock.
        FLAG.store(true, Ordering::Release);
        println!("Unpark the thread");
        parked_thread.thread().unpark();

        parked_thread.join().unwrap();
    });
}

#[test]
fn thread_park_timeout_1() {
    super::in_a_green_thread(|| {
        use std::time::{Duration, Instant};
        use threadbare::thread::park_timeout;

        let timeout = Duration::from_secs(2);
        let beginning_park = Instant::now();

        let mut timeout_remaining = timeout;
        loop {
            park_timeout(timeout_remaining);
            let elapsed = beginning_park.elapsed();
            if elapsed >= timeout {
                break;
            }
            println!("restarting park_timeout after {elapsed:?}");
            timeout_remaining = timeout - elapsed;
        }
    });
}

#[test]
fn thread_scope_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let mut a = vec![1, 2, 3];
        let mut x = 0;

        thread::scope(|s| {
            s.spawn(|| {
                println!("hello from the first scoped thread");
                // We can borrow `a` here.
                dbg!(&a);
            });
            s.spawn(|| {
                println!("hello from the second scoped thread");
                // We can even mutably borrow `x` here,
                // because no other threads are using it.
                x += a[0] + a[2];
            });
            println!("hello from the main thread");
        });

        // After the scope, we can modify and access our variables again:
        a.push(4);
        assert_eq!(x, a.len());
    });
}

#[test]
fn thread_sleep_1() {
    super::in_a_green_thread(|| {
        use std::time;
        use threadbare::thread;

        let ten_millis = time::Duration::from_millis(10);
        let now = time::Instant::now();

        thread::sleep(ten_millis);

        assert!(now.elapsed() >= ten_millis);
    });
}

#[test]
fn thread_spawn_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let handler = thread::spawn(|| {
            // thread code
        });

        handler.join().unwrap();
    });
}

#[test]
fn thread_spawn_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::mpsc::channel;
        use threadbare::thread;

        let (tx, rx) = channel();

        let sender = thread::spawn(move || {
            tx.send("Hello, thread".to_owned())
                .expect("Unable to send on channel");
        });

        let receiver = thread::spawn(move || {
            let value = rx.recv().expect("Unable to receive from channel");
            println!("{value}");
        });

        sender.join().expect("The sender thread has panicked");
        receiver.join().expect("The receiver thread has panicked");
    });
}

#[test]
fn thread_spawn_3() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        let computation = thread::spawn(|| {
            // Some expensive computation.
            42
        });

        let result = computation.join().unwrap();
        println!("{result}");
    });
}

#[test]
fn thread_yield_now_1() {
    super::in_a_green_thread(|| {
        use threadbare::thread;

        thread::yield_now();
    });
}

#[test]
fn thread_result_1() {
    super::in_a_green_thread(|| {
        use std::{fs, panic};
        use threadbare::thread;

        fn copy_in_thread() -> thread::Result<()> {
            thread::spawn(|| {
                fs::copy("foo.txt", "bar.txt").unwrap();
            })
            .join()
        }

        fn main() {
            match copy_in_thread() {
                Ok(_) => println!("copy succeeded"),
                Err(e) => panic::resume_unwind(e),
            }
        }
        // Compiled only, as in std: there is no such file.
        let _ = main;
    });
}
