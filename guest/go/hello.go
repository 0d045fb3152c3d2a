// Goroutines, channels, timers, locks and the collector, with output that does not depend on who runs when.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func squares(numbers []int, workers int) []int {
	jobs, results := make(chan int), make(chan int, len(numbers))
	var group sync.WaitGroup
	for i := 0; i < workers; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range jobs {
				results <- n * n
			}
		}()
	}
	for _, n := range numbers {
		jobs <- n
	}
	close(jobs)
	group.Wait()
	close(results)
	var all []int
	for n := range results {
		all = append(all, n)
	}
	sort.Ints(all)
	return all
}

func sieve(count int) (primes []int) {
	source := make(chan int)
	go func() {
		for i := 2; ; i++ {
			source <- i
		}
	}()
	numbers := source
	for i := 0; i < count; i++ {
		prime := <-numbers
		primes = append(primes, prime)
		in, out := numbers, make(chan int)
		go func() {
			for {
				if n := <-in; n%prime != 0 {
					out <- n
				}
			}
		}()
		numbers = out
	}
	return primes
}

func preempted() int {
	runtime.GOMAXPROCS(1) // the busy goroutine leaves the thread only when a signal makes it
	var stop int32
	go func() {
		for atomic.LoadInt32(&stop) == 0 {
		}
	}()
	time.Sleep(5 * time.Millisecond)
	atomic.StoreInt32(&stop, 1)
	return 1
}

func main() {
	fmt.Println("hello", os.Args[1:])
	fmt.Println(squares([]int{5, 3, 1, 4, 2}, 3))
	fmt.Println(sieve(40))

	var mutex sync.Mutex
	var group sync.WaitGroup
	sum := 0
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			mutex.Lock()
			sum += i
			mutex.Unlock()
		}(i)
	}
	group.Wait()
	fmt.Println("sum", sum)

	select {
	case <-make(chan int):
		fmt.Println("impossible")
	case <-time.After(10 * time.Millisecond):
		fmt.Println("time is up")
	}

	var kept [][]byte
	for i := 0; i < 200; i++ {
		kept = append(kept[len(kept)/2:], make([]byte, 1<<18))
	}
	runtime.GC()
	fmt.Println("collected", len(kept) > 0)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-signals)

	fmt.Println("preempted", preempted())

	if len(os.Args) < 2 {
		output, err := exec.Command("/proc/self/exe", "child").Output()
		fmt.Printf("%d bytes from the child, %v\n", len(output), err)
	}
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var nothing *int
		fmt.Println(*nothing)
	}()
	os.Exit(3)
}
