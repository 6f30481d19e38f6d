// A harness for rs/cors: it serves the specimen with net/http, behind the policies that the suite asks for.
package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"

	"github.com/rs/cors"
)

// The version of rs/cors. build.sh sets it.
var middlewareVersion = "unknown"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hello() object {
	return object{
		"protocol":   1,
		"name":       "rs-cors",
		"title":      "Go rs/cors",
		"language":   "Go",
		"framework":  "net/http " + strings.TrimPrefix(runtime.Version(), "go"),
		"middleware": "rs/cors " + middlewareVersion,
		"homepage":   "https://github.com/rs/cors",
		"level":      2,
		"http2":      true,
		"unsafe": []string{
			"any-origin-with-credentials", "reflected-origin", "null-origin", "prefix", "unescaped-dot",
		},
		"deviations": []object{{
			"method": "GET", "path": "/slash", "status": http.StatusMovedPermanently,
			"reason": "ServeMux redirects to the path with a slash with 301",
		}},
	}
}

// The options, and what a user writes for them.
type configuration struct {
	options cors.Options
	fields  []string
}

func (c *configuration) String() string {
	return "cors.New(cors.Options{" + strings.Join(c.fields, ", ") + "})"
}

func (c *configuration) write(field string, value any) {
	c.fields = append(c.fields, fmt.Sprintf("%s: %#v", field, value))
}

func (c *configuration) listOrigins(patterns ...string) {
	c.options.AllowedOrigins = patterns
	c.write("AllowedOrigins", patterns)
}

func (c *configuration) askForOrigins(allows func(origin string) bool, code string) {
	c.options.AllowOriginFunc = allows
	c.fields = append(c.fields, "AllowOriginFunc: "+code)
}

func (c *configuration) matchOrigins(regex string) error {
	compiled, err := regexp.Compile(regex)
	if err != nil {
		return err
	}
	c.askForOrigins(compiled.MatchString, "regexp.MustCompile(`"+regex+"`).MatchString")
	return nil
}

func (c *configuration) allowCredentials() {
	c.options.AllowCredentials = true
	c.write("AllowCredentials", true)
}

func configure(r request) (*configuration, error) {
	switch {
	case r.Unsafe != "":
		return unsafeConfiguration(r.Unsafe)
	case r.Policy != nil:
		return configurationOf(r.Policy)
	default:
		return nil, errors.New("neither a policy nor an unsafe configuration")
	}
}

func configurationOf(p *policy) (*configuration, error) {
	if err := supported(p); err != nil {
		return nil, err
	}
	c := &configuration{}
	if err := c.allowOrigins(p.AllowOrigins); err != nil {
		return nil, err
	}
	// rs/cors allows no method but those in its list.
	methods := []string{"GET", "HEAD", "POST"}
	for _, method := range p.AllowMethods {
		if !contains(methods, method) {
			methods = append(methods, method)
		}
	}
	c.options.AllowedMethods = methods
	c.write("AllowedMethods", methods)
	if headers := p.AllowHeaders; len(headers) > 0 {
		if contains(headers, "*") {
			headers = []string{"*"}
		}
		c.options.AllowedHeaders = headers
		c.write("AllowedHeaders", headers)
	}
	if len(p.ExposeHeaders) > 0 {
		c.options.ExposedHeaders = p.ExposeHeaders
		c.write("ExposedHeaders", p.ExposeHeaders)
	}
	if p.AllowCredentials {
		c.allowCredentials()
	}
	if p.MaxAge != nil {
		c.options.MaxAge = *p.MaxAge
		c.write("MaxAge", *p.MaxAge)
	}
	return c, nil
}

func supported(p *policy) error {
	switch {
	case len(p.Rules) > 0:
		return cannot{"rules", "the options are the same for all origins"}
	case p.Guard != nil:
		return cannot{"guard", "the middleware does not reject requests"}
	case p.Diagnostics:
		return cannot{"diagnostics", "`Debug` logs, and the answer does not explain the decision"}
	case p.PreflightStatus != http.StatusOK && p.PreflightStatus != http.StatusNoContent:
		return cannot{"preflight_status", "preflights are always answered with 200"}
	case contains(p.AllowMethods, "*"):
		return cannot{"allow_methods", "`*` is the name of a method, and no other value stands for all of them"}
	case contains(p.AllowHeaders, "*") && !contains(p.AllowHeaders, "authorization"):
		return cannot{"allow_headers", "`*` allows Authorization, too"}
	case contains(p.ExposeHeaders, "*") && p.AllowCredentials:
		return cannot{"expose_headers", "with credentials, `*` is the name of a header, and there is no other way to expose all"}
	case p.MaxAge != nil && *p.MaxAge == 0:
		return cannot{"max_age", "0 is documented to send no Access-Control-Max-Age"}
	}
	return nil
}

func (c *configuration) allowOrigins(origins []origin) error {
	if len(origins) == 0 {
		// An empty AllowedOrigins allows every origin.
		c.askForOrigins(func(string) bool { return false }, "func(string) bool { return false }")
		return nil
	}
	var patterns, regexes []string
	fits := true
	for _, o := range origins {
		patterns = append(patterns, o.Pattern)
		regexes = append(regexes, o.Regex)
		// AllowedOrigins takes one wildcard for each origin, which stands for dots, too, and for nothing.
		fits = fits && o.Kind != "partial-label" && strings.Count(o.Pattern, "*") <= 1
	}
	if fits {
		c.listOrigins(patterns...)
		return nil
	}
	// AllowedOrigins is ignored beside AllowOriginFunc, which has to know all origins then.
	return c.matchOrigins(strings.Join(regexes, "|"))
}

func unsafeConfiguration(name string) (*configuration, error) {
	c := &configuration{}
	switch name {
	case "any-origin-with-credentials":
		c.listOrigins("*")
	case "reflected-origin":
		// As the README says how to send each origin back.
		c.askForOrigins(func(string) bool { return true }, "func(string) bool { return true }")
	case "null-origin":
		c.listOrigins("null")
	case "prefix":
		c.listOrigins("https://app.example*")
	case "unescaped-dot":
		if err := c.matchOrigins(`^https://.*.example.org$`); err != nil {
			return nil, err
		}
	default:
		return nil, cannot{name, "there is no such option"}
	}
	c.allowCredentials()
	return c, nil
}

func contains(list []string, value string) bool {
	for _, entry := range list {
		if entry == value {
			return true
		}
	}
	return false
}
