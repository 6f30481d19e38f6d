package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The specimen, without CORS.
type application struct {
	mux  *http.ServeMux
	lock sync.Mutex
	hits map[string]int
}

// Registers a handler that is counted. Methods are separated by spaces; none means all.
func (a *application) handle(route, methods string, handler http.HandlerFunc) {
	a.route(route, methods, a.counted(route, handler))
}

// Registers a handler. ServeMux of Go 1.19 chooses by the beginning of the path alone, so that the rest is left to its user.
func (a *application) route(route, methods string, handler http.HandlerFunc) {
	beginning, _, hasParameter := strings.Cut(route, "{")
	a.mux.HandleFunc(beginning, func(w http.ResponseWriter, r *http.Request) {
		rest := strings.TrimPrefix(r.URL.Path, beginning)
		if strings.Contains(rest, "/") || rest != "" && !hasParameter {
			http.NotFound(w, r)
			return
		}
		if methods != "" && !contains(strings.Fields(methods), r.Method) {
			w.Header().Set("Allow", strings.ReplaceAll(methods, " ", ", "))
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		handler(w, r)
	})
}

func (a *application) counted(route string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.count(route)
		handler(w, r)
	}
}

func (a *application) count(route string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.hits[route]++
}

// The last part of the path, such as `7` of `/item/7`.
func parameter(r *http.Request) string {
	return path.Base(r.URL.Path)
}

func specimen() http.Handler {
	a := &application{mux: http.NewServeMux(), hits: map[string]int{}}
	a.handle("/echo", "GET HEAD POST PUT PATCH DELETE PURGE", echo)
	a.handle("/status/{code}", "GET HEAD", status)
	a.route("/hits", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		a.lock.Lock()
		defer a.lock.Unlock()
		writeJSON(w, a.hits)
	})
	a.handle("/redirect", "", redirect)
	a.handle("/cookie/set", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		for _, cookie := range query(r)["c"] {
			w.Header().Add("Set-Cookie", cookie)
		}
	})
	a.handle("/cookie/read", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		cookies := []string{}
		for _, cookie := range r.Cookies() {
			cookies = append(cookies, cookie.Name+"="+cookie.Value)
		}
		writeJSON(w, cookies)
	})
	a.route("/private", "GET HEAD PUT", authenticated(a.counted("/private", text("private"))))
	a.handle("/options", "GET HEAD OPTIONS", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Handler", "options")
	})
	a.handle("/vary", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		for _, value := range query(r)["v"] {
			w.Header().Add("Vary", value)
		}
	})
	a.handle("/own-cors", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://handler.example")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	})
	a.handle("/error", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "the handler failed", http.StatusInternalServerError)
	})
	a.route("/json", "POST", func(w http.ResponseWriter, r *http.Request) {
		value, status, err := readNumber(w, r)
		if err != nil {
			http.Error(w, err.Error(), status)
			return
		}
		a.count("/json")
		writeJSON(w, value)
	})
	a.handle("/panic", "GET HEAD", func(w http.ResponseWriter, r *http.Request) {
		panic("the handler panics")
	})
	a.handle("/stream", "GET HEAD", stream)
	a.handle("/slash/", "GET HEAD", text("slash"))
	a.handle("/item/{id}", "PUT DELETE", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Method, parameter(r))
	})
	return a.mux
}

// Parses the query. The parser of net/url drops a value that contains a semicolon, which browsers send as it is.
func query(r *http.Request) url.Values {
	values := url.Values{}
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr == nil && valueErr == nil {
			values.Add(name, value)
		}
	}
	return values
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, body)
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func echo(w http.ResponseWriter, r *http.Request) {
	length, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	headers := map[string][]string{"host": {r.Host}}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	w.Header().Set("X-Request-Id", "specimen")
	w.Header().Set("X-Secret", "specimen")
	writeJSON(w, object{
		"method":      r.Method,
		"path":        r.URL.Path,
		"query":       r.URL.RawQuery,
		"headers":     headers,
		"body_length": length,
	})
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(parameter(r))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "not a status", http.StatusBadRequest)
		return
	}
	w.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusResetContent && code != http.StatusNotModified {
		fmt.Fprintf(w, "status %d", code)
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	parameters := query(r)
	code := http.StatusTemporaryRedirect
	if parameters.Has("code") {
		// A code that is not a number is 0.
		code, _ = strconv.Atoi(parameters.Get("code"))
	}
	if !parameters.Has("to") || code < 300 || code > 399 {
		http.Error(w, "not a redirect", http.StatusBadRequest)
		return
	}
	w.Header().Set("Location", parameters.Get("to"))
	w.WriteHeader(code)
}

// Asks for an Authorization, as an application's own middleware does.
func authenticated(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="specimen"`)
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

type number struct {
	N *int `json:"n"`
}

// Reads the body of `/json`. With an error comes the status that says so.
func readNumber(w http.ResponseWriter, r *http.Request) (value number, status int, err error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return value, http.StatusUnsupportedMediaType, errors.New("not application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1024))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return value, http.StatusRequestEntityTooLarge, err
	}
	if err == nil {
		err = json.Unmarshal(body, &value)
	}
	if err == nil && value.N == nil {
		err = errors.New("n is missing")
	}
	return value, http.StatusBadRequest, err
}

func stream(w http.ResponseWriter, r *http.Request) {
	for _, chunk := range []string{"one ", "two ", "three"} {
		io.WriteString(w, chunk)
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Answers 500 if a handler panics, as the frameworks on net/http do. net/http alone closes the connection.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
