// Go's goroutines, measured as the others: prints nanoseconds for one operation, or bytes for one parked goroutine.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	rounds = 15
	round  = 8 * time.Millisecond
)

func take(run func(n int) time.Duration) {
	n := 16
	for {
		t := run(n)
		if t*4 >= round || n > 1<<30 {
			n = int(float64(n) * float64(round) / float64(t+1))
			if n < 16 {
				n = 16
			}
			break
		}
		n *= 4
	}
	for i := 0; i < rounds; i++ {
		fmt.Printf("%.3f ", float64(run(n))/float64(n))
	}
}

func yields(n int) time.Duration {
	var done sync.WaitGroup
	done.Add(1)
	start := time.Now()
	go func() {
		for i := 0; i < n/2; i++ {
			runtime.Gosched()
		}
		done.Done()
	}()
	for i := 0; i < n/2; i++ {
		runtime.Gosched()
	}
	done.Wait()
	return time.Since(start)
}

func hop(n int) time.Duration {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
	}()
	start := time.Now()
	for i := 0; i < n/2; i++ {
		ping <- i
		<-pong
	}
	t := time.Since(start)
	close(ping)
	return t
}

func mutex(n int) time.Duration {
	var lock sync.Mutex
	count := 0
	turns := func() {
		for i := 0; i < n/2; i++ {
			lock.Lock()
			count++
			runtime.Gosched()
			lock.Unlock()
			runtime.Gosched()
		}
	}
	var done sync.WaitGroup
	done.Add(1)
	start := time.Now()
	go func() { turns(); done.Done() }()
	turns()
	done.Wait()
	return time.Since(start)
}

func spawn(n int) time.Duration {
	done := make(chan struct{})
	start := time.Now()
	for i := 0; i < n; i++ {
		go func() { done <- struct{}{} }()
		<-done
	}
	return time.Since(start)
}

func spawn1000(n int) time.Duration {
	k := (n + 999) / 1000
	start := time.Now()
	for i := 0; i < k; i++ {
		var all sync.WaitGroup
		all.Add(1000)
		for j := 0; j < 1000; j++ {
			go all.Done()
		}
		all.Wait()
	}
	return time.Duration(float64(time.Since(start)) * float64(n) / float64(k*1000))
}

func memory() int {
	file, _ := os.Open("/proc/self/status")
	defer file.Close()
	sum := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 1 && (fields[0] == "VmRSS:" || fields[0] == "VmPTE:") {
			n, _ := strconv.Atoi(fields[1])
			sum += n
		}
	}
	return sum * 1024
}

func parked(n int) {
	before := memory()
	wait := make(chan struct{})
	var ready sync.WaitGroup
	ready.Add(n)
	for i := 0; i < n; i++ {
		go func() { ready.Done(); <-wait }()
	}
	ready.Wait()
	fmt.Printf("%.0f", float64(memory()-before)/float64(n))
}

var sink uint64

func work(seed uint64) uint64 {
	for i := 0; i < 20000; i++ {
		seed = seed*6364136223846793005 + 1
	}
	return seed
}

func working() time.Duration {
	start := time.Now()
	results := make(chan uint64, 2000)
	for seed := uint64(0); seed < 2000; seed++ {
		go func() { results <- work(seed) }()
	}
	for i := 0; i < 2000; i++ {
		sink += <-results
	}
	return time.Since(start)
}

func node(first, size int, result chan int) {
	if size == 1 {
		result <- first
		return
	}
	children := make(chan int)
	for i := 0; i < 10; i++ {
		go node(first+i*size/10, size/10, children)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	result <- sum
}

func main() {
	switch os.Args[1] {
	case "yield":
		take(yields)
	case "hop":
		take(hop)
	case "mutex":
		take(mutex)
	case "spawn":
		take(spawn)
	case "spawn1000":
		take(spawn1000)
	case "work":
		for i := 0; i < 5; i++ {
			fmt.Printf("%.3f ", float64(working())/1e6)
		}
	case "parked100k":
		parked(100000)
	case "parked1m":
		parked(1000000)
	case "skynet":
		for i := 0; i < 3; i++ {
			start := time.Now()
			result := make(chan int)
			go node(0, 1000000, result)
			<-result
			fmt.Printf("%.3f ", float64(time.Since(start))/1e6)
		}
	}
}
