package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/rs/cors"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

type object map[string]any

// A request of the suite.
type request struct {
	Cmd    string  `json:"cmd"`
	ID     int     `json:"id"`
	Policy *policy `json:"policy"`
	Unsafe string  `json:"unsafe"`
}

type policy struct {
	AllowOrigins     []origin          `json:"allow_origins"`
	AllowMethods     []string          `json:"allow_methods"`
	AllowHeaders     []string          `json:"allow_headers"`
	ExposeHeaders    []string          `json:"expose_headers"`
	AllowCredentials bool              `json:"allow_credentials"`
	MaxAge           *int              `json:"max_age"`
	PreflightStatus  int               `json:"preflight_status"`
	Diagnostics      bool              `json:"diagnostics"`
	Rules            []json.RawMessage `json:"rules"`
	Guard            *json.RawMessage  `json:"guard"`
}

type origin struct {
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
	Regex   string `json:"regex"`
}

// An error for what the middleware has no option for.
type cannot struct {
	field, reason string
}

func (c cannot) Error() string {
	return c.field + ": " + c.reason
}

// Answers requests on standard input until it ends. Servers end with the process.
func run() error {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		os.Exit(0)
	}()

	servers := map[int]*server{}
	input := json.NewDecoder(os.Stdin)
	for {
		var r request
		if err := input.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("not a request: %w", err)
		}
		switch r.Cmd {
		case "hello":
			answer("hello", hello())
		case "serve":
			serve(r, servers)
		case "stop":
			if running := servers[r.ID]; running != nil {
				running.stop()
				delete(servers, r.ID)
			}
			answer("stopped", object{"id": r.ID})
		default:
			return fmt.Errorf("unknown request %q", r.Cmd)
		}
	}
}

func answer(kind string, value object) {
	// Go cannot fail to write texts, numbers and lists of them as JSON.
	line, _ := json.Marshal(object{kind: value})
	os.Stdout.Write(append(line, '\n'))
}

func serve(r request, servers map[int]*server) {
	started, configuration, err := start(r)
	var unsupported cannot
	switch {
	case errors.As(err, &unsupported):
		answer("cannot", object{"id": r.ID, "field": unsupported.field, "reason": unsupported.reason})
	case err != nil:
		answer("failed", object{"id": r.ID, "reason": err.Error()})
	default:
		servers[r.ID] = started
		answer("ready", object{"id": r.ID, "port": started.port, "configuration": configuration.String()})
	}
}

// A server and its connections. http.Server forgets those that h2c takes over.
type server struct {
	http        http.Server
	port        int
	lock        sync.Mutex
	connections map[*net.TCPConn]bool
}

func start(r request) (*server, *configuration, error) {
	configuration, err := configure(r)
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	s := &server{port: listener.Addr().(*net.TCPAddr).Port, connections: map[*net.TCPConn]bool{}}
	handler := recovered(cors.New(configuration.options).Handler(specimen()))
	s.http.Handler = h2c.NewHandler(handler, &http2.Server{})
	go s.http.Serve(recordingListener{listener, s})
	return s, configuration, nil
}

func (s *server) stop() {
	s.http.Close()
	s.lock.Lock()
	defer s.lock.Unlock()
	for connection := range s.connections {
		connection.Close()
	}
}

type recordingListener struct {
	*net.TCPListener
	server *server
}

func (l recordingListener) Accept() (net.Conn, error) {
	connection, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	l.server.lock.Lock()
	defer l.server.lock.Unlock()
	l.server.connections[connection] = true
	return recordedConnection{connection, l.server}, nil
}

type recordedConnection struct {
	*net.TCPConn
	server *server
}

func (c recordedConnection) Close() error {
	c.server.lock.Lock()
	defer c.server.lock.Unlock()
	delete(c.server.connections, c.TCPConn)
	return c.TCPConn.Close()
}
