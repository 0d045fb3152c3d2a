// Go's net: a goroutine for each connection. As `server.http` it is net/http.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

var answer = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!")

func echo(stream net.Conn) {
	defer stream.Close()
	buffer := make([]byte, 1024)
	for {
		count, err := stream.Read(buffer)
		if err != nil {
			return
		}
		if _, err := stream.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func plain(stream net.Conn) {
	defer stream.Close()
	buffer := make([]byte, 4096)
	filled := 0
	var answers []byte
	for {
		count, err := stream.Read(buffer[filled:])
		if err != nil {
			return
		}
		filled += count
		start := 0
		answers = answers[:0]
		for {
			end := bytes.Index(buffer[start:filled], []byte("\r\n\r\n"))
			if end < 0 {
				break
			}
			start += end + 4
			answers = append(answers, answer...)
		}
		copy(buffer, buffer[start:filled])
		filled -= start
		if _, err := stream.Write(answers); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if strings.HasSuffix(os.Args[0], ".http") {
		panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Write([]byte("Hello, World!"))
		})))
	}
	for {
		stream, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		if os.Args[1] == "http" {
			go plain(stream)
		} else {
			go echo(stream)
		}
	}
}
