//! Examples of the documentation of std 1.95 for `std::sync`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred.

#[test]
fn sync_mutex_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Mutex;

        struct MutexBox<T> {
            data: Mutex<*mut T>,
        }

        impl<T> MutexBox<T> {
            pub fn new(value: T) -> Self {
                Self {
                    data: Mutex::new(Box::into_raw(Box::new(value))),
                }
            }

            pub fn replace_with(&self, f: impl FnOnce(T) -> T) {
                let ptr = self.data.lock().expect("poisoned");
                // While `f` is running, the data is moved out of `*ptr`. If `f`
                // panics, `*ptr` keeps pointing at a dropped value. The intention
                // is that this will poison the mutex, so the following calls to
                // `replace_with` will panic without reading `*ptr`. But since
                // poisoning is not guaranteed to occur if this is run from a panic
                // hook, this can lead to use-after-free.
                unsafe {
                    (*ptr).write(f((*ptr).read()));
                }
            }
        }
    });
}

#[test]
fn sync_mutex_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::mpsc::channel;
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        const N: usize = 10;

        // Spawn a few threads to increment a shared variable (non-atomically), and
        // let the main thread know once all increments are done.
        //
        // Here we're using an Arc to share memory among threads, and the data inside
        // the Arc is protected with a mutex.
        let data = Arc::new(Mutex::new(0));

        let (tx, rx) = channel();
        for _ in 0..N {
            let (data, tx) = (Arc::clone(&data), tx.clone());
            thread::spawn(move || {
                // The shared state can only be accessed once the lock is held.
                // Our non-atomic increment is safe because we're the only thread
                // which can access the shared state when the lock is held.
                //
                // We unwrap() the return value to assert that we are not expecting
                // threads to ever fail while holding the lock.
                let mut data = data.lock().unwrap();
                *data += 1;
                if *data == N {
                    tx.send(()).unwrap();
                }
                // the lock is unlocked here when `data` goes out of scope.
            });
        }

        rx.recv().unwrap();
    });
}

#[test]
fn sync_mutex_3() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let lock = Arc::new(Mutex::new(0_u32));
        let lock2 = Arc::clone(&lock);

        let _ = thread::spawn(move || -> () {
            // This thread will acquire the mutex first, unwrapping the result of
            // `lock` because the lock has not been poisoned.
            let _guard = lock2.lock().unwrap();

            // This panic while holding the lock (`_guard` is in scope) will poison
            // the mutex.
            panic!();
        })
        .join();

        // The lock is poisoned by this point, but the returned result can be
        // pattern matched on to return the underlying guard on both branches.
        let mut guard = match lock.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };

        *guard += 1;
    });
}

#[test]
fn sync_mutex_4() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        const N: usize = 3;

        let data_mutex = Arc::new(Mutex::new(vec![1, 2, 3, 4]));
        let res_mutex = Arc::new(Mutex::new(0));

        let mut threads = Vec::with_capacity(N);
        (0..N).for_each(|_| {
            let data_mutex_clone = Arc::clone(&data_mutex);
            let res_mutex_clone = Arc::clone(&res_mutex);

            threads.push(thread::spawn(move || {
                // Here we use a block to limit the lifetime of the lock guard.
                let result = {
                    let mut data = data_mutex_clone.lock().unwrap();
                    // This is the result of some important and long-ish work.
                    let result = data.iter().fold(0, |acc, x| acc + x * 2);
                    data.push(result);
                    result
                    // The mutex guard gets dropped here, together with any other values
                    // created in the critical section.
                };
                // The guard created here is a temporary dropped at the end of the statement, i.e.
                // the lock would not remain being held even if the thread did some additional work.
                *res_mutex_clone.lock().unwrap() += result;
            }));
        });

        let mut data = data_mutex.lock().unwrap();
        // This is the result of some important and long-ish work.
        let result = data.iter().fold(0, |acc, x| acc + x * 2);
        data.push(result);
        // We drop the `data` explicitly because it's not necessary anymore and the
        // thread still has work to do. This allows other threads to start working on
        // the data immediately, without waiting for the rest of the unrelated work
        // to be done here.
        //
        // It's even more important here than in the threads because we `.join` the
        // threads after that. If we had not dropped the mutex guard, a thread could
        // be waiting forever for it, causing a deadlock.
        // As in the threads, a block could have been used instead of calling the
        // `drop` function.
        drop(data);
        // Here the mutex guard is not assigned to a variable and so, even if the
        // scope does not end after this line, the mutex is still released: there is
        // no deadlock.
        *res_mutex.lock().unwrap() += result;

        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("The thread creating or execution failed !"));

        assert_eq!(*res_mutex.lock().unwrap(), 800);
    });
}

#[test]
fn sync_mutex_5() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Mutex;

        let mutex = Mutex::new(0);
    });
}

#[test]
fn sync_mutex_9() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(0));
        let c_mutex = Arc::clone(&mutex);

        thread::spawn(move || {
            *c_mutex.lock().unwrap() = 10;
        })
        .join()
        .expect("thread::spawn failed");
        assert_eq!(*mutex.lock().unwrap(), 10);
    });
}

#[test]
fn sync_mutex_10() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(0));
        let c_mutex = Arc::clone(&mutex);

        thread::spawn(move || {
            let mut lock = c_mutex.try_lock();
            if let Ok(ref mut mutex) = lock {
                **mutex = 10;
            } else {
                println!("try_lock failed");
            }
        })
        .join()
        .expect("thread::spawn failed");
        assert_eq!(*mutex.lock().unwrap(), 10);
    });
}

#[test]
fn sync_mutex_11() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(0));
        let c_mutex = Arc::clone(&mutex);

        let _ = thread::spawn(move || {
            let _lock = c_mutex.lock().unwrap();
            panic!(); // the mutex gets poisoned
        })
        .join();
        assert_eq!(mutex.is_poisoned(), true);
    });
}

#[test]
fn sync_mutex_12() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(0));
        let c_mutex = Arc::clone(&mutex);

        let _ = thread::spawn(move || {
            let _lock = c_mutex.lock().unwrap();
            panic!(); // the mutex gets poisoned
        })
        .join();

        assert_eq!(mutex.is_poisoned(), true);
        let x = mutex.lock().unwrap_or_else(|mut e| {
            **e.get_mut() = 1;
            mutex.clear_poison();
            e.into_inner()
        });
        assert_eq!(mutex.is_poisoned(), false);
        assert_eq!(*x, 1);
    });
}

#[test]
fn sync_mutex_13() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Mutex;

        let mutex = Mutex::new(0);
        assert_eq!(mutex.into_inner().unwrap(), 0);
    });
}

#[test]
fn sync_mutex_14() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Mutex;

        let mut mutex = Mutex::new(0);
        *mutex.get_mut().unwrap() = 10;
        assert_eq!(*mutex.lock().unwrap(), 10);
    });
}

#[test]
fn sync_rwlock_1() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::{Arc, RwLock};
        use threadbare::thread;

        let data = Arc::new(RwLock::new(5));

        // Multiple readers can access in parallel.
        for i in 0..3 {
            let lock_clone = Arc::clone(&data);

            thread::spawn(move || {
                let value = lock_clone.read().unwrap();

                println!("Reader {}: Read value {}, now holding lock...", i, *value);

                // Simulating a long read operation
                thread::sleep(Duration::from_secs(1));

                println!("Reader {}: Dropping lock.", i);
                // Read lock unlocked when going out of scope.
            });
        }

        thread::sleep(Duration::from_millis(100)); // Wait for readers to start

        // While all readers can proceed, a call to .write() has to wait for
        let mut writable_data = data.write().unwrap();
        println!("Writer proceeds...");
        *writable_data += 1;
    });
}

#[test]
fn sync_rwlock_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let lock = RwLock::new(5);
    });
}

#[test]
fn sync_rwlock_6() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, RwLock};
        use threadbare::thread;

        let lock = Arc::new(RwLock::new(1));
        let c_lock = Arc::clone(&lock);

        let n = lock.read().unwrap();
        assert_eq!(*n, 1);

        thread::spawn(move || {
            let r = c_lock.read();
            assert!(r.is_ok());
        })
        .join()
        .unwrap();
    });
}

#[test]
fn sync_rwlock_7() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let lock = RwLock::new(1);

        match lock.try_read() {
            Ok(n) => assert_eq!(*n, 1),
            Err(_) => unreachable!(),
        };
    });
}

#[test]
fn sync_rwlock_8() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let lock = RwLock::new(1);

        let mut n = lock.write().unwrap();
        *n = 2;

        assert!(lock.try_read().is_err());
    });
}

#[test]
fn sync_rwlock_9() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let lock = RwLock::new(1);

        let n = lock.read().unwrap();
        assert_eq!(*n, 1);

        assert!(lock.try_write().is_err());
    });
}

#[test]
fn sync_rwlock_10() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, RwLock};
        use threadbare::thread;

        let lock = Arc::new(RwLock::new(0));
        let c_lock = Arc::clone(&lock);

        let _ = thread::spawn(move || {
            let _lock = c_lock.write().unwrap();
            panic!(); // the lock gets poisoned
        })
        .join();
        assert_eq!(lock.is_poisoned(), true);
    });
}

#[test]
fn sync_rwlock_11() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, RwLock};
        use threadbare::thread;

        let lock = Arc::new(RwLock::new(0));
        let c_lock = Arc::clone(&lock);

        let _ = thread::spawn(move || {
            let _lock = c_lock.write().unwrap();
            panic!(); // the lock gets poisoned
        })
        .join();

        assert_eq!(lock.is_poisoned(), true);
        let guard = lock.write().unwrap_or_else(|mut e| {
            **e.get_mut() = 1;
            lock.clear_poison();
            e.into_inner()
        });
        assert_eq!(lock.is_poisoned(), false);
        assert_eq!(*guard, 1);
    });
}

#[test]
fn sync_rwlock_12() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let lock = RwLock::new(String::new());
        {
            let mut s = lock.write().unwrap();
            *s = "modified".to_owned();
        }
        assert_eq!(lock.into_inner().unwrap(), "modified");
    });
}

#[test]
fn sync_rwlock_13() {
    super::in_a_green_thread(|| {
        use threadbare::sync::RwLock;

        let mut lock = RwLock::new(0);
        *lock.get_mut().unwrap() = 10;
        assert_eq!(*lock.read().unwrap(), 10);
    });
}

#[test]
fn sync_rwlockwriteguard_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{RwLock, RwLockWriteGuard};

        let rw = RwLock::new(0);

        let mut write_guard = rw.write().unwrap();
        *write_guard = 42;

        let read_guard = RwLockWriteGuard::downgrade(write_guard);
        assert_eq!(42, *read_guard);
    });
}

#[test]
fn sync_rwlockwriteguard_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, RwLock, RwLockWriteGuard};

        let rw = Arc::new(RwLock::new(1));

        // Put the lock in write mode.
        let mut main_write_guard = rw.write().unwrap();

        let rw_clone = rw.clone();
        let evil_handle = threadbare::thread::spawn(move || {
            // This will not return until the main thread drops the `main_read_guard`.
            let mut evil_guard = rw_clone.write().unwrap();

            assert_eq!(*evil_guard, 2);
            *evil_guard = 3;
        });

        *main_write_guard = 2;

        // Atomically downgrade the write guard into a read guard.
        let main_read_guard = RwLockWriteGuard::downgrade(main_write_guard);

        // Since `downgrade` is atomic, the writer thread cannot have changed the protected data.
        assert_eq!(*main_read_guard, 2, "`downgrade` was not atomic");
    });
}

#[test]
fn sync_condvar_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        // Inside of our lock, spawn a new thread, and then wait for it to start.
        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut started = lock.lock().unwrap();
            *started = true;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        let mut started = lock.lock().unwrap();
        while !*started {
            started = cvar.wait(started).unwrap();
        }
    });
}

#[test]
fn sync_condvar_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Condvar;

        let condvar = Condvar::new();
    });
}

#[test]
fn sync_condvar_3() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut started = lock.lock().unwrap();
            *started = true;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        let mut started = lock.lock().unwrap();
        // As long as the value inside the `Mutex<bool>` is `false`, we wait.
        while !*started {
            started = cvar.wait(started).unwrap();
        }
    });
}

#[test]
fn sync_condvar_4() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(true), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut pending = lock.lock().unwrap();
            *pending = false;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        // As long as the value inside the `Mutex<bool>` is `true`, we wait.
        let _guard = cvar.wait_while(lock.lock().unwrap(), |pending| *pending).unwrap();
    });
}

#[test]
fn sync_condvar_5() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut started = lock.lock().unwrap();
            *started = true;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        let mut started = lock.lock().unwrap();
        // As long as the value inside the `Mutex<bool>` is `false`, we wait.
        loop {
            let result = cvar.wait_timeout_ms(started, 10).unwrap();
            // 10 milliseconds have passed, or maybe the value changed!
            started = result.0;
            if *started == true {
                // We received the notification and the value has been updated, we can leave.
                break;
            }
        }
    });
}

#[test]
fn sync_condvar_6() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut started = lock.lock().unwrap();
            *started = true;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // wait for the thread to start up
        let (lock, cvar) = &*pair;
        let mut started = lock.lock().unwrap();
        // as long as the value inside the `Mutex<bool>` is `false`, we wait
        loop {
            let result = cvar.wait_timeout(started, Duration::from_millis(10)).unwrap();
            // 10 milliseconds have passed, or maybe the value changed!
            started = result.0;
            if *started == true {
                // We received the notification and the value has been updated, we can leave.
                break;
            }
        }
    });
}

#[test]
fn sync_condvar_7() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(true), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut pending = lock.lock().unwrap();
            *pending = false;
            // We notify the condvar that the value has changed.
            cvar.notify_one();
        });

        // wait for the thread to start up
        let (lock, cvar) = &*pair;
        let result = cvar
            .wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(100), |&mut pending| {
                pending
            })
            .unwrap();
        if result.1.timed_out() {
            // timed-out without the condition ever evaluating to false.
        }
        // access the locked mutex via result.0
    });
}

#[test]
fn sync_condvar_8() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;
            let mut started = lock.lock().unwrap();
            *started = true;
            // We notify the condvar that the value has changed.
            cvar.notify_all();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        let mut started = lock.lock().unwrap();
        // As long as the value inside the `Mutex<bool>` is `false`, we wait.
        while !*started {
            started = cvar.wait(started).unwrap();
        }
    });
}

#[test]
fn sync_waittimeoutresult_1() {
    super::in_a_green_thread(|| {
        use std::time::Duration;
        use threadbare::sync::{Arc, Condvar, Mutex};
        use threadbare::thread;

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let pair2 = Arc::clone(&pair);

        thread::spawn(move || {
            let (lock, cvar) = &*pair2;

            // Let's wait 20 milliseconds before notifying the condvar.
            thread::sleep(Duration::from_millis(20));

            let mut started = lock.lock().unwrap();
            // We update the boolean value.
            *started = true;
            cvar.notify_one();
        });

        // Wait for the thread to start up.
        let (lock, cvar) = &*pair;
        loop {
            // Let's put a timeout on the condvar's wait.
            let result = cvar
                .wait_timeout(lock.lock().unwrap(), Duration::from_millis(10))
                .unwrap();
            // 10 milliseconds have passed.
            if result.1.timed_out() {
                // timed out now and we can leave.
                break;
            }
        }
    });
}

#[test]
fn sync_barrier_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Barrier;
        use threadbare::thread;

        let n = 10;
        let barrier = Barrier::new(n);
        thread::scope(|s| {
            for _ in 0..n {
                // The same messages will be printed together.
                // You will NOT see any interleaving.
                s.spawn(|| {
                    println!("before wait");
                    barrier.wait();
                    println!("after wait");
                });
            }
        });
    });
}

#[test]
fn sync_barrier_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Barrier;

        let barrier = Barrier::new(10);
    });
}

#[test]
fn sync_barrierwaitresult_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Barrier;

        let barrier = Barrier::new(1);
        let barrier_wait_result = barrier.wait();
    });
}

#[test]
fn sync_barrierwaitresult_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Barrier;

        let barrier = Barrier::new(1);
        let barrier_wait_result = barrier.wait();
        println!("{:?}", barrier_wait_result.is_leader());
    });
}

#[test]
fn sync_once_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;

        static START: Once = Once::new();

        START.call_once(|| {
            // run initialization here
        });
    });
}

#[test]
fn sync_once_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;

        static mut VAL: usize = 0;
        static INIT: Once = Once::new();

        // Accessing a `static mut` is unsafe much of the time, but if we do so
        // in a synchronized fashion (e.g., write once or read all) then we're
        // good to go!
        //
        // This function will only call `expensive_computation` once, and will
        // otherwise always return the value returned from the first invocation.
        fn get_cached_val() -> usize {
            unsafe {
                INIT.call_once(|| {
                    VAL = expensive_computation();
                });
                VAL
            }
        }

        fn expensive_computation() -> usize {
            // ...
            0
        }
    });
}

#[test]
fn sync_once_3() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;
        use threadbare::thread;

        static INIT: Once = Once::new();

        // poison the once
        let handle = thread::spawn(|| {
            INIT.call_once(|| panic!());
        });
        assert!(handle.join().is_err());

        // poisoning propagates
        let handle = thread::spawn(|| {
            INIT.call_once(|| {});
        });
        assert!(handle.join().is_err());

        // call_once_force will still run and reset the poisoned state
        INIT.call_once_force(|state| {
            assert!(state.is_poisoned());
        });

        // once any success happens, we stop propagating the poison
        INIT.call_once(|| {});
    });
}

#[test]
fn sync_once_4() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;

        static INIT: Once = Once::new();

        assert_eq!(INIT.is_completed(), false);
        INIT.call_once(|| {
            assert_eq!(INIT.is_completed(), false);
        });
        assert_eq!(INIT.is_completed(), true);
    });
}

#[test]
fn sync_once_5() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;
        use threadbare::thread;

        static INIT: Once = Once::new();

        assert_eq!(INIT.is_completed(), false);
        let handle = thread::spawn(|| {
            INIT.call_once(|| panic!());
        });
        assert!(handle.join().is_err());
        assert_eq!(INIT.is_completed(), false);
    });
}

#[test]
fn sync_once_6() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;
        use threadbare::thread;

        static READY: Once = Once::new();

        let thread = thread::spawn(|| {
            READY.wait();
            println!("everything is ready");
        });

        READY.call_once(|| println!("performing setup"));
    });
}

#[test]
fn sync_oncestate_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;
        use threadbare::thread;

        static INIT: Once = Once::new();

        // poison the once
        let handle = thread::spawn(|| {
            INIT.call_once(|| panic!());
        });
        assert!(handle.join().is_err());

        INIT.call_once_force(|state| {
            assert!(state.is_poisoned());
        });
    });
}

#[test]
fn sync_oncestate_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::Once;

        static INIT: Once = Once::new();

        INIT.call_once_force(|state| {
            assert!(!state.is_poisoned());
        });
    });
}

#[test]
fn sync_oncelock_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;

        static CELL: OnceLock<usize> = OnceLock::new();

        // `OnceLock` has not been written to yet.
        assert!(CELL.get().is_none());

        // Spawn a thread and write to `OnceLock`.
        threadbare::thread::spawn(|| {
            let value = CELL.get_or_init(|| 12345);
            assert_eq!(value, &12345);
        })
        .join()
        .unwrap();

        // `OnceLock` now contains the value.
        assert_eq!(CELL.get(), Some(&12345),);
    });
}

#[test]
fn sync_oncelock_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{
            OnceLock,
            atomic::{AtomicU32, Ordering},
        };
        use threadbare::thread;

        struct OnceList<T> {
            data: OnceLock<T>,
            next: OnceLock<Box<OnceList<T>>>,
        }
        impl<T> OnceList<T> {
            const fn new() -> OnceList<T> {
                OnceList {
                    data: OnceLock::new(),
                    next: OnceLock::new(),
                }
            }
            fn push(&self, value: T) {
                // FIXME: this impl is concise, but is also slow for long lists or many threads.
                // as an exercise, consider how you might improve on it while preserving the behavior
                if let Err(value) = self.data.set(value) {
                    let next = self.next.get_or_init(|| Box::new(OnceList::new()));
                    next.push(value)
                };
            }
            fn contains(&self, example: &T) -> bool
            where
                T: PartialEq,
            {
                self.data
                    .get()
                    .map(|item| item == example)
                    .filter(|v| *v)
                    .unwrap_or_else(|| {
                        self.next
                            .get()
                            .map(|next| next.contains(example))
                            .unwrap_or(false)
                    })
            }
        }

        // Let's exercise this new Sync append-only list by doing a little counting
        static LIST: OnceList<u32> = OnceList::new();
        static COUNTER: AtomicU32 = AtomicU32::new(0);

        const LEN: u32 = 1000;
        thread::scope(|s| {
            for _ in 0..thread::available_parallelism().unwrap().get() {
                s.spawn(|| {
                    while let i @ 0..LEN = COUNTER.fetch_add(1, Ordering::Relaxed) {
                        LIST.push(i);
                    }
                });
            }
        });

        for i in 0..LEN {
            assert!(LIST.contains(&i));
        }
    });
}

#[test]
fn sync_oncelock_3() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;
        use threadbare::thread;

        let value = OnceLock::new();

        thread::scope(|s| {
            s.spawn(|| value.set(1 + 1));

            let result = value.wait();
            assert_eq!(result, &2);
        })
    });
}

#[test]
fn sync_oncelock_4() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;

        static CELL: OnceLock<i32> = OnceLock::new();

        fn main() {
            assert!(CELL.get().is_none());

            threadbare::thread::spawn(|| {
                assert_eq!(CELL.set(92), Ok(()));
            })
            .join()
            .unwrap();

            assert_eq!(CELL.set(62), Err(62));
            assert_eq!(CELL.get(), Some(&92));
        }
        let _ = main();
    });
}

#[test]
fn sync_oncelock_6() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;

        let cell = OnceLock::new();
        let value = cell.get_or_init(|| 92);
        assert_eq!(value, &92);
        let value = cell.get_or_init(|| unreachable!());
        assert_eq!(value, &92);
    });
}

#[test]
fn sync_oncelock_10() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;

        let cell: OnceLock<String> = OnceLock::new();
        assert_eq!(cell.into_inner(), None);

        let cell = OnceLock::new();
        cell.set("hello".to_string()).unwrap();
        assert_eq!(cell.into_inner(), Some("hello".to_string()));
    });
}

#[test]
fn sync_oncelock_11() {
    super::in_a_green_thread(|| {
        use threadbare::sync::OnceLock;

        let mut cell: OnceLock<String> = OnceLock::new();
        assert_eq!(cell.take(), None);

        let mut cell = OnceLock::new();
        cell.set("hello".to_string()).unwrap();
        assert_eq!(cell.take(), Some("hello".to_string()));
        assert_eq!(cell.get(), None);
    });
}

#[test]
fn sync_lazylock_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        // Note: static items do not call [`Drop`] on program termination, so this won't be deallocated.
        // this is fine, as the OS can deallocate the terminated program faster than we can free memory
        // but tools like valgrind might report "memory leaks" as it isn't obvious this is intentional.
        static DEEP_THOUGHT: LazyLock<String> = LazyLock::new(|| {
            // M3 Ultra takes about 16 million years in --release config
            another_crate::great_question()
        });
        mod another_crate {
            pub(crate) fn great_question() -> String {
                "42".to_owned()
            }
        }

        // The `String` is built, stored in the `LazyLock`, and returned as `&String`.
        let _ = &*DEEP_THOUGHT;
    });
}

#[test]
fn sync_lazylock_2() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        #[derive(Debug)]
        struct UseCellLock {
            number: LazyLock<u32>,
        }
        fn main() {
            let lock: LazyLock<u32> = LazyLock::new(|| 0u32);

            let data = UseCellLock { number: lock };
            println!("{}", *data.number);
        }
        let _ = main();
    });
}

#[test]
fn sync_lazylock_3() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        let hello = "Hello, World!".to_string();

        let lazy = LazyLock::new(|| hello.to_uppercase());

        assert_eq!(&*lazy, "HELLO, WORLD!");
    });
}

#[test]
fn sync_lazylock_5() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        let mut lazy = LazyLock::new(|| 92);

        let p = LazyLock::force_mut(&mut lazy);
        assert_eq!(*p, 92);
        *p = 44;
        assert_eq!(*lazy, 44);
    });
}

#[test]
fn sync_lazylock_6() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        let lazy = LazyLock::new(|| 92);

        assert_eq!(LazyLock::force(&lazy), &92);
        assert_eq!(&*lazy, &92);
    });
}

#[test]
fn sync_lazylock_7() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        let mut lazy = LazyLock::new(|| 92);

        assert_eq!(LazyLock::get_mut(&mut lazy), None);
        let _ = LazyLock::force(&lazy);
        *LazyLock::get_mut(&mut lazy).unwrap() = 44;
        assert_eq!(*lazy, 44);
    });
}

#[test]
fn sync_lazylock_8() {
    super::in_a_green_thread(|| {
        use threadbare::sync::LazyLock;

        let lazy = LazyLock::new(|| 92);

        assert_eq!(LazyLock::get(&lazy), None);
        let _ = LazyLock::force(&lazy);
        assert_eq!(LazyLock::get(&lazy), Some(&92));
    });
}

#[test]
fn sync_poisonerror_1() {
    super::in_a_green_thread(|| {
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(1));

        // poison the mutex
        let c_mutex = Arc::clone(&mutex);
        let _ = thread::spawn(move || {
            let mut data = c_mutex.lock().unwrap();
            *data = 2;
            panic!();
        })
        .join();

        match mutex.lock() {
            Ok(_) => unreachable!(),
            Err(p_err) => {
                let data = p_err.get_ref();
                println!("recovered: {data}");
            }
        };
    });
}

#[test]
fn sync_poisonerror_2() {
    super::in_a_green_thread(|| {
        use std::collections::HashSet;
        use threadbare::sync::{Arc, Mutex};
        use threadbare::thread;

        let mutex = Arc::new(Mutex::new(HashSet::new()));

        // poison the mutex
        let c_mutex = Arc::clone(&mutex);
        let _ = thread::spawn(move || {
            let mut data = c_mutex.lock().unwrap();
            data.insert(10);
            panic!();
        })
        .join();

        let p_err = mutex.lock().unwrap_err();
        let data = p_err.into_inner();
        println!("recovered {} items", data.len());
    });
}
